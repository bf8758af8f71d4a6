package conformance

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// publish publishes the function's next version, which greets in its own way.
func (f *function) publish(greeting string) string {
	f.t.Helper()
	_, err := lambdaClient().UpdateFunctionConfiguration(f.t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.name,
		Environment: &types.Environment{Variables: map[string]string{"GREETING": greeting}}})
	if err == nil {
		err = lambda.NewFunctionUpdatedV2Waiter(lambdaClient()).Wait(f.t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name}, give)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	out, err := lambdaClient().PublishVersion(f.t.Context(), &lambda.PublishVersionInput{FunctionName: &f.name})
	return *must(f.t, out, err).Version
}

// says reports what a qualifier's invocation says.
func (f *function) says(qualifier string) string {
	f.t.Helper()
	out := f.invoke(`{}`, func(in *lambda.InvokeInput) { in.Qualifier = &qualifier })
	return string(out.Payload) + " by " + aws.ToString(out.ExecutedVersion)
}

func TestAPublishedVersionDoesNotChange(t *testing.T) {
	f := newFunction(t, greeter)
	if one, two := f.publish("one"), f.publish("two"); one != "1" || two != "2" {
		t.Fatalf("versions %s and %s", one, two)
	}
	for qualifier, want := range map[string]string{"1": `"one"`, "2": `"two"`, "$LATEST": `"two"`} {
		if got := f.says(qualifier); !strings.Contains(got, want) || !strings.HasSuffix(got, " by "+qualifier) {
			t.Errorf("%s: %s, want %s", qualifier, got, want)
		}
	}
	out, err := lambdaClient().ListVersionsByFunction(t.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: &f.name})
	if err != nil || len(out.Versions) != 3 || *out.Versions[0].Version != "$LATEST" || *out.Versions[1].Version != "1" {
		t.Errorf("versions %+v %v", out, err)
	}
}

func TestPublishingWhatHasNotChangedPublishesNothing(t *testing.T) {
	f := newFunction(t, greeter)
	f.publish("one")
	out, err := lambdaClient().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &f.name})
	if err != nil || *out.Version != "1" {
		t.Errorf("%v %v", out, err)
	}
}

func TestAVersionIsPublishedOnlyOfWhatThePublisherKnows(t *testing.T) {
	f := newFunction(t, greeter)
	_, err := lambdaClient().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &f.name, RevisionId: aws.String("another")})
	wantFault(t, err, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	_, err = lambdaClient().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &f.name, CodeSha256: aws.String("another")})
	wantFault(t, err, "InvalidParameterValueException", "CodeSHA256 (another) is different from current CodeSHA256 in $LATEST (")
}

func TestAVersionThatDoesNotExistIsNotFound(t *testing.T) {
	f := newFunction(t, greeter)
	_, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name, Qualifier: aws.String("1221")})
	wantFault(t, err, "ResourceNotFoundException", "Function not found: "+f.arn+":1221")
	_, err = lambdaClient().Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.name, Qualifier: aws.String("live")})
	wantFault(t, err, "ResourceNotFoundException", "Function not found: "+f.arn+":live")
}

func TestAnAliasMovesFromVersionToVersion(t *testing.T) {
	f := newFunction(t, greeter)
	one, two := f.publish("one"), f.publish("two")
	alias, err := lambdaClient().CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: &one})
	if err != nil || aws.ToString(alias.AliasArn) != f.arn+":live" {
		t.Fatalf("%+v %v", alias, err)
	}
	if got := f.says("live"); !strings.Contains(got, `"one"`) || !strings.HasSuffix(got, " by 1") {
		t.Error(got)
	}
	if _, err := lambdaClient().UpdateAlias(t.Context(), &lambda.UpdateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: &two}); err != nil {
		t.Fatal(err)
	}
	if got := f.says("live"); !strings.Contains(got, `"two"`) {
		t.Error(got)
	}
}

func TestAnAliasSharesItsInvocationsOut(t *testing.T) {
	f := newFunction(t, greeter)
	one, two := f.publish("one"), f.publish("two")
	_, err := lambdaClient().CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &f.name, Name: aws.String("canary"), FunctionVersion: &one,
		RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{two: 0.5}}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 60 { // all alike once in 2^59 runs
		seen[f.says("canary")] = true
	}
	if len(seen) != 2 {
		t.Errorf("it says %v", seen)
	}
}

func TestWhatIsWrongWithAnAliasIsSaidInAWSsWords(t *testing.T) {
	f := newFunction(t, greeter)
	one := f.publish("one")
	create := func(name, version string, weights map[string]float64) error {
		in := &lambda.CreateAliasInput{FunctionName: &f.name, Name: &name, FunctionVersion: &version}
		if weights != nil {
			in.RoutingConfig = &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}
		}
		_, err := lambdaClient().CreateAlias(t.Context(), in)
		return err
	}
	if err := create("custom", one, nil); err != nil {
		t.Fatal(err)
	}
	wantFault(t, create("custom", one, nil), "ResourceConflictException", "Alias already exists: "+f.arn+":custom")
	wantFault(t, create("a", "10", nil), "ResourceNotFoundException", "Function not found: "+f.arn+":10")
	wantFault(t, create("a", one, map[string]float64{one: 0.5}), "InvalidParameterValueException",
		"Invalid function version 1. Function version 1 is already included in routing configuration.")
	wantFault(t, create("a", one, map[string]float64{"2": 0.1, "3": 0.1}), "InvalidParameterValueException",
		"Number of items in AdditionalVersionWeights cannot be greater than 1")
	wantFault(t, create("a", "$LATEST", map[string]float64{one: 0.1}), "InvalidParameterValueException",
		"$LATEST is not supported for an alias pointing to more than 1 version")
	_, err := lambdaClient().GetAlias(t.Context(), &lambda.GetAliasInput{FunctionName: &f.name, Name: aws.String("non-existent")})
	wantFault(t, err, "ResourceNotFoundException", "Cannot find alias arn: "+f.arn+":non-existent")
}
