package lambda

import (
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
)

func TestAliases(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	name := new("hello")
	for range 2 {
		must(f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: name, ZipFile: packed(t, map[string]string{"a": t.Name()}), Publish: new(true)}))
		must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: name, Timeout: new(int32(9))}))
	}
	weights := func(w map[string]float64) *lambda.AliasRoutingConfiguration {
		return &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: w}
	}
	arn := "arn:aws:lambda:us-east-1:000000000000:function:hello"
	refused := []struct {
		in            lambda.CreateAliasRequest
		code, message string
	}{
		{lambda.CreateAliasRequest{FunctionVersion: new("1"), RoutingConfig: weights(map[string]float64{"1": .5, "2": .5})},
			"InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1"},
		{lambda.CreateAliasRequest{FunctionVersion: new("1"), RoutingConfig: weights(map[string]float64{"1": .5})},
			"InvalidParameterValueException", "Invalid function version 1. Function version 1 is already included in routing configuration."},
		{lambda.CreateAliasRequest{FunctionVersion: new("$LATEST"), RoutingConfig: weights(map[string]float64{"1": .5})},
			"InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version"},
		{lambda.CreateAliasRequest{FunctionVersion: new("10")},
			"ResourceNotFoundException", "Function not found: " + arn + ":10"},
		{lambda.CreateAliasRequest{FunctionName: new("unknown"), FunctionVersion: new("1")},
			"ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:unknown:1"},
	}
	for _, r := range refused {
		if r.in.FunctionName == nil {
			r.in.FunctionName = name
		}
		r.in.Name = new("live")
		_, err := f.CreateAlias(f.ctx, &r.in)
		expectFault(t, err, r.code, r.message)
	}

	a := must(f.CreateAlias(f.ctx, &lambda.CreateAliasRequest{FunctionName: name, Name: new("live"), FunctionVersion: new("1"), RoutingConfig: weights(map[string]float64{"2": .25})}))
	if *a.AliasArn != arn+":live" || *a.Description != "" || a.RoutingConfig.AdditionalVersionWeights["2"] != .25 {
		t.Errorf("%+v", a)
	}
	_, err := f.CreateAlias(f.ctx, &lambda.CreateAliasRequest{FunctionName: name, Name: new("live"), FunctionVersion: new("1")})
	expectFault(t, err, "ResourceConflictException", "Alias already exists: "+arn+":live")
	c := must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: name, Qualifier: new("live")}))
	if *c.FunctionArn != arn+":live" || *c.Version != "1" {
		t.Errorf("an alias shows %s, version %s", *c.FunctionArn, *c.Version)
	}
	_, err = f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: name, Qualifier: new("2")})
	if err == nil {
		t.Error("a version that an alias routes to was deleted")
	}
	a = must(f.UpdateAlias(f.ctx, &lambda.UpdateAliasRequest{FunctionName: name, Name: new("live"), RevisionId: a.RevisionId, RoutingConfig: weights(map[string]float64{})}))
	if a.RoutingConfig != nil {
		t.Error("the routing is still there")
	}
	_, err = f.UpdateAlias(f.ctx, &lambda.UpdateAliasRequest{FunctionName: name, Name: new("none")})
	expectFault(t, err, "ResourceNotFoundException", "Alias not found: "+arn+":none")
	_, err = f.GetAlias(f.ctx, &lambda.GetAliasRequest{FunctionName: name, Name: new("none")})
	expectFault(t, err, "ResourceNotFoundException", "Cannot find alias arn: "+arn+":none")
	if l := must(f.ListAliases(f.ctx, &lambda.ListAliasesRequest{FunctionName: name, FunctionVersion: new("2")})); len(l.Aliases) != 0 {
		t.Errorf("%+v", l)
	}
	for range 2 {
		must(f.DeleteAlias(f.ctx, &lambda.DeleteAliasRequest{FunctionName: name, Name: new("live")}))
	}
}
