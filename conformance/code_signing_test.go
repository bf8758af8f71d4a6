package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestEnforcedSignaturesRefuseUnsignedCode(t *testing.T) {
	f := newFunction(t, greeter)
	made, err := lambdaClient().CreateCodeSigningConfig(t.Context(), &lambda.CreateCodeSigningConfigInput{
		AllowedPublishers:   &types.AllowedPublishers{SigningProfileVersionArns: []string{"arn:aws:signer:us-east-1:000000000000:/signing-profiles/conformance/0123456789"}},
		CodeSigningPolicies: &types.CodeSigningPolicies{UntrustedArtifactOnDeployment: types.CodeSigningPolicyEnforce},
	})
	config := must(t, made, err).CodeSigningConfig.CodeSigningConfigArn
	t.Cleanup(func() {
		lambdaClient().DeleteFunctionCodeSigningConfig(cleanup(), &lambda.DeleteFunctionCodeSigningConfigInput{FunctionName: &f.name})
		lambdaClient().DeleteCodeSigningConfig(cleanup(), &lambda.DeleteCodeSigningConfigInput{CodeSigningConfigArn: config})
	})
	_, err = lambdaClient().PutFunctionCodeSigningConfig(t.Context(), &lambda.PutFunctionCodeSigningConfigInput{FunctionName: &f.name, CodeSigningConfigArn: config})
	if err != nil {
		t.Fatal(err)
	}
	update := &lambda.UpdateFunctionCodeInput{FunctionName: &f.name, ZipFile: archive(t, map[string]string{"index.py": echo})}
	_, err = lambdaClient().UpdateFunctionCode(t.Context(), update)
	wantFault(t, err, "CodeVerificationFailedException", "Lambda cannot deploy the function.")
	_, err = lambdaClient().UpdateCodeSigningConfig(t.Context(), &lambda.UpdateCodeSigningConfigInput{
		CodeSigningConfigArn: config, CodeSigningPolicies: &types.CodeSigningPolicies{UntrustedArtifactOnDeployment: types.CodeSigningPolicyWarn},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lambdaClient().UpdateFunctionCode(t.Context(), update); err != nil {
		t.Error("a configuration that warns:", err)
	}
}
