package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
)

// What validated.go does for functions, versions and aliases is done here for
// what else Lambda has.

func (c validatedLambda) PublishLayerVersion(ctx context.Context, in *lambda.PublishLayerVersionRequest) (*lambda.PublishLayerVersionResponse, error) {
	return validate(ctx, c.validator, "PublishLayerVersion", in, c.Lambda.PublishLayerVersion)
}

func (c validatedLambda) AddLayerVersionPermission(ctx context.Context, in *lambda.AddLayerVersionPermissionRequest) (*lambda.AddLayerVersionPermissionResponse, error) {
	return validate(ctx, c.validator, "AddLayerVersionPermission", in, c.Lambda.AddLayerVersionPermission)
}

func (c validatedLambda) ListLayerVersions(ctx context.Context, in *lambda.ListLayerVersionsRequest) (*lambda.ListLayerVersionsResponse, error) {
	return validate(ctx, c.validator, "ListLayerVersions", in, c.Lambda.ListLayerVersions)
}

func (c validatedLambda) CreateFunctionUrlConfig(ctx context.Context, in *lambda.CreateFunctionUrlConfigRequest) (*lambda.CreateFunctionUrlConfigResponse, error) {
	return validate(ctx, c.validator, "CreateFunctionUrlConfig", in, c.Lambda.CreateFunctionUrlConfig)
}

func (c validatedLambda) GetFunctionUrlConfig(ctx context.Context, in *lambda.GetFunctionUrlConfigRequest) (*lambda.GetFunctionUrlConfigResponse, error) {
	return validate(ctx, c.validator, "GetFunctionUrlConfig", in, c.Lambda.GetFunctionUrlConfig)
}

func (c validatedLambda) UpdateFunctionUrlConfig(ctx context.Context, in *lambda.UpdateFunctionUrlConfigRequest) (*lambda.UpdateFunctionUrlConfigResponse, error) {
	return validate(ctx, c.validator, "UpdateFunctionUrlConfig", in, c.Lambda.UpdateFunctionUrlConfig)
}

func (c validatedLambda) PutFunctionEventInvokeConfig(ctx context.Context, in *lambda.PutFunctionEventInvokeConfigRequest) (*lambda.FunctionEventInvokeConfig, error) {
	return validate(ctx, c.validator, "PutFunctionEventInvokeConfig", in, c.Lambda.PutFunctionEventInvokeConfig)
}

func (c validatedLambda) GetFunctionEventInvokeConfig(ctx context.Context, in *lambda.GetFunctionEventInvokeConfigRequest) (*lambda.FunctionEventInvokeConfig, error) {
	return validate(ctx, c.validator, "GetFunctionEventInvokeConfig", in, c.Lambda.GetFunctionEventInvokeConfig)
}

func (c validatedLambda) CreateCodeSigningConfig(ctx context.Context, in *lambda.CreateCodeSigningConfigRequest) (*lambda.CreateCodeSigningConfigResponse, error) {
	return validate(ctx, c.validator, "CreateCodeSigningConfig", in, c.Lambda.CreateCodeSigningConfig)
}

func (c validatedLambda) UpdateCodeSigningConfig(ctx context.Context, in *lambda.UpdateCodeSigningConfigRequest) (*lambda.UpdateCodeSigningConfigResponse, error) {
	return validate(ctx, c.validator, "UpdateCodeSigningConfig", in, c.Lambda.UpdateCodeSigningConfig)
}

func (c validatedLambda) PutFunctionCodeSigningConfig(ctx context.Context, in *lambda.PutFunctionCodeSigningConfigRequest) (*lambda.PutFunctionCodeSigningConfigResponse, error) {
	return validate(ctx, c.validator, "PutFunctionCodeSigningConfig", in, c.Lambda.PutFunctionCodeSigningConfig)
}

func (c validatedLambda) PutFunctionRecursionConfig(ctx context.Context, in *lambda.PutFunctionRecursionConfigRequest) (*lambda.PutFunctionRecursionConfigResponse, error) {
	return validate(ctx, c.validator, "PutFunctionRecursionConfig", in, c.Lambda.PutFunctionRecursionConfig)
}

func (c validatedLambda) PutRuntimeManagementConfig(ctx context.Context, in *lambda.PutRuntimeManagementConfigRequest) (*lambda.PutRuntimeManagementConfigResponse, error) {
	return validate(ctx, c.validator, "PutRuntimeManagementConfig", in, c.Lambda.PutRuntimeManagementConfig)
}

func (c validatedLambda) PutProvisionedConcurrencyConfig(ctx context.Context, in *lambda.PutProvisionedConcurrencyConfigRequest) (*lambda.PutProvisionedConcurrencyConfigResponse, error) {
	return validate(ctx, c.validator, "PutProvisionedConcurrencyConfig", in, c.Lambda.PutProvisionedConcurrencyConfig)
}
