package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Provisioned concurrency is in progress until it is ready, is used first, and
// is gone when it is deleted.
func TestProvisionedConcurrencyIsUsedFirst(t *testing.T) {
	f := newFunction(t, "import os\ndef handler(event, context):\n    return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']\n")
	version, err := lambdaClient().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &f.name})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lambdaClient().CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &f.name, Name: aws.String("live"), FunctionVersion: version.Version}); err != nil {
		t.Fatal(err)
	}
	live := func(in *lambda.InvokeInput) { in.Qualifier = aws.String("live") }
	if got := string(f.invoke(`{}`, live).Payload); got != `"on-demand"` {
		t.Errorf("before, it starts %s", got)
	}
	put, err := lambdaClient().PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{
		FunctionName: &f.name, Qualifier: aws.String("live"), ProvisionedConcurrentExecutions: aws.Int32(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	if put.Status != types.ProvisionedConcurrencyStatusEnumInProgress || aws.ToInt32(put.RequestedProvisionedConcurrentExecutions) != 1 {
		t.Errorf("%s, %d requested", put.Status, aws.ToInt32(put.RequestedProvisionedConcurrentExecutions))
	}
	of := &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: &f.name, Qualifier: aws.String("live")}
	eventually(t, "it is ready", func() bool {
		got, err := lambdaClient().GetProvisionedConcurrencyConfig(t.Context(), of)
		if err != nil {
			t.Fatal(err)
		}
		return got.Status == types.ProvisionedConcurrencyStatusEnumReady &&
			aws.ToInt32(got.AllocatedProvisionedConcurrentExecutions) == 1 && aws.ToInt32(got.AvailableProvisionedConcurrentExecutions) == 1
	})
	if got := string(f.invoke(`{}`, live).Payload); got != `"provisioned-concurrency"` {
		t.Errorf("with it, it starts %s", got)
	}
	if _, err := lambdaClient().DeleteProvisionedConcurrencyConfig(t.Context(), &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: &f.name, Qualifier: aws.String("live")}); err != nil {
		t.Fatal(err)
	}
	_, err = lambdaClient().GetProvisionedConcurrencyConfig(t.Context(), of)
	wantFault(t, err, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function")
}
