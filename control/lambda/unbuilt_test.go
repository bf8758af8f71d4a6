package lambda

import (
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
)

func TestListsOfWhatIsNotBuilt(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	if out := must(f.ListCapacityProviders(f.ctx, &lambda.ListCapacityProvidersRequest{})); out.CapacityProviders == nil || len(out.CapacityProviders) != 0 {
		t.Errorf("%+v", out)
	}
	const none = "Capacity provider not found: arn:aws:lambda:us-east-1:000000000000:capacity-provider:cp"
	_, err := f.GetCapacityProvider(f.ctx, &lambda.GetCapacityProviderRequest{CapacityProviderName: new("cp")})
	expectFault(t, err, "ResourceNotFoundException", none)
	_, err = f.ListFunctionVersionsByCapacityProvider(f.ctx, &lambda.ListFunctionVersionsByCapacityProviderRequest{
		CapacityProviderName: new("arn:aws:lambda:us-east-1:000000000000:capacity-provider:cp"),
	})
	expectFault(t, err, "ResourceNotFoundException", none)

	executions := func(name string, qualifier *string) (*lambda.ListDurableExecutionsByFunctionResponse, error) {
		return f.ListDurableExecutionsByFunction(f.ctx, &lambda.ListDurableExecutionsByFunctionRequest{FunctionName: &name, Qualifier: qualifier})
	}
	if out := must(executions("fn", nil)); out.DurableExecutions == nil || len(out.DurableExecutions) != 0 {
		t.Errorf("%+v", out)
	}
	_, err = executions("nobody", nil)
	expectFault(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody")
	_, err = executions("fn", new("7"))
	expectFault(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:fn:7")
}

func TestReservedTags(t *testing.T) {
	f := newFixture(t)
	c := f.create("fn")
	tag := func(key string) error {
		_, err := f.TagResource(f.ctx, &lambda.TagResourceRequest{Resource: c.FunctionArn, Tags: map[string]string{key: "v"}})
		return err
	}
	for _, key := range []string{"aws:x", "AWS:x", "aws:"} {
		expectFault(t, tag(key), "InvalidParameterValueException", "The tag key "+key+" is reserved: keys of users do not begin with aws:.")
	}
	r := f.request("other")
	r.Tags = map[string]string{"aws:x": "y"}
	_, err := f.CreateFunction(f.ctx, r)
	expectFault(t, err, "InvalidParameterValueException", "The tag key aws:x is reserved: keys of users do not begin with aws:.")
	for _, key := range []string{"awsome", "aws", "aws:cloudformation:stack-name"} {
		if err := tag(key); err != nil {
			t.Error(err)
		}
	}
}
