package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestAnAliasTakesItsProvisionedConcurrencyAlong(t *testing.T) {
	f := newFunction(t, `
import os

def handler(event, context):
    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
`, func(in *lambda.CreateFunctionInput) { in.Publish = true })
	live := aws.String("live")
	_, err := lambdaClient().CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &f.name, Name: live, FunctionVersion: aws.String("1")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := lambdaClient().PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{
		FunctionName: &f.name, Qualifier: live, ProvisionedConcurrentExecutions: aws.Int32(1),
	})
	if s := must(t, out, err).Status; s != types.ProvisionedConcurrencyStatusEnumInProgress {
		t.Errorf("at first it is %s", s)
	}
	eventually(t, "version 1 is provisioned", func() bool { return f.says("live") == `"provisioned-concurrency" by 1` })
	two := f.publish("two")
	_, err = lambdaClient().UpdateAlias(t.Context(), &lambda.UpdateAliasInput{FunctionName: &f.name, Name: live, FunctionVersion: &two})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "version 2 is provisioned", func() bool { return f.says("live") == `"provisioned-concurrency" by 2` })
	_, err = lambdaClient().DeleteAlias(t.Context(), &lambda.DeleteAliasInput{FunctionName: &f.name, Name: live})
	if err != nil {
		t.Fatal(err)
	}
	left, err := lambdaClient().ListProvisionedConcurrencyConfigs(t.Context(), &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: &f.name})
	if n := len(must(t, left, err).ProvisionedConcurrencyConfigs); n != 0 {
		t.Errorf("%d configurations outlive the alias", n)
	}
}
