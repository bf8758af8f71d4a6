package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/wire"
)

// A template's properties reach the services by plain calls, which nothing has
// validated. What wire does for calls from outside is done here, for every
// operation that a text of a template is given to.

// validated returns the clients with validated inputs. S3's checks its own.
func (c Clients) validated() Clients {
	c.APIGateway = validatedAPIGateway{c.APIGateway, wire.NewValidator(&apigateway.Service)}
	c.Lambda = validatedLambda{c.Lambda, wire.NewValidator(&lambda.Service)}
	c.IAM = validatedIAM{c.IAM, wire.NewValidator(&iam.Service)}
	c.Logs = validatedLogs{c.Logs, wire.NewValidator(&logs.Service)}
	return c
}

// validate calls an operation if its input is what its model wants.
func validate[In, Out any](ctx context.Context, v *wire.Validator, operation string, in *In, call func(context.Context, *In) (*Out, error)) (*Out, error) {
	if err := v.Validate(operation, in); err != nil {
		return nil, err
	}
	return call(ctx, in)
}

type validatedAPIGateway struct {
	APIGateway
	validator *wire.Validator
}

func (c validatedAPIGateway) CreateRestApi(ctx context.Context, in *apigateway.CreateRestApiRequest) (*apigateway.RestApi, error) {
	return validate(ctx, c.validator, "CreateRestApi", in, c.APIGateway.CreateRestApi)
}

func (c validatedAPIGateway) UpdateRestApi(ctx context.Context, in *apigateway.UpdateRestApiRequest) (*apigateway.RestApi, error) {
	return validate(ctx, c.validator, "UpdateRestApi", in, c.APIGateway.UpdateRestApi)
}

func (c validatedAPIGateway) PutRestApi(ctx context.Context, in *apigateway.PutRestApiRequest) (*apigateway.RestApi, error) {
	return validate(ctx, c.validator, "PutRestApi", in, c.APIGateway.PutRestApi)
}

func (c validatedAPIGateway) TagResource(ctx context.Context, in *apigateway.TagResourceRequest) (*apigateway.TagResourceOutput, error) {
	return validate(ctx, c.validator, "TagResource", in, c.APIGateway.TagResource)
}

func (c validatedAPIGateway) CreateResource(ctx context.Context, in *apigateway.CreateResourceRequest) (*apigateway.Resource, error) {
	return validate(ctx, c.validator, "CreateResource", in, c.APIGateway.CreateResource)
}

func (c validatedAPIGateway) PutMethod(ctx context.Context, in *apigateway.PutMethodRequest) (*apigateway.Method, error) {
	return validate(ctx, c.validator, "PutMethod", in, c.APIGateway.PutMethod)
}

func (c validatedAPIGateway) PutMethodResponse(ctx context.Context, in *apigateway.PutMethodResponseRequest) (*apigateway.MethodResponse, error) {
	return validate(ctx, c.validator, "PutMethodResponse", in, c.APIGateway.PutMethodResponse)
}

func (c validatedAPIGateway) PutIntegration(ctx context.Context, in *apigateway.PutIntegrationRequest) (*apigateway.Integration, error) {
	return validate(ctx, c.validator, "PutIntegration", in, c.APIGateway.PutIntegration)
}

func (c validatedAPIGateway) PutIntegrationResponse(ctx context.Context, in *apigateway.PutIntegrationResponseRequest) (*apigateway.IntegrationResponse, error) {
	return validate(ctx, c.validator, "PutIntegrationResponse", in, c.APIGateway.PutIntegrationResponse)
}

func (c validatedAPIGateway) CreateModel(ctx context.Context, in *apigateway.CreateModelRequest) (*apigateway.Model, error) {
	return validate(ctx, c.validator, "CreateModel", in, c.APIGateway.CreateModel)
}

func (c validatedAPIGateway) UpdateModel(ctx context.Context, in *apigateway.UpdateModelRequest) (*apigateway.Model, error) {
	return validate(ctx, c.validator, "UpdateModel", in, c.APIGateway.UpdateModel)
}

func (c validatedAPIGateway) CreateRequestValidator(ctx context.Context, in *apigateway.CreateRequestValidatorRequest) (*apigateway.RequestValidator, error) {
	return validate(ctx, c.validator, "CreateRequestValidator", in, c.APIGateway.CreateRequestValidator)
}

func (c validatedAPIGateway) UpdateRequestValidator(ctx context.Context, in *apigateway.UpdateRequestValidatorRequest) (*apigateway.RequestValidator, error) {
	return validate(ctx, c.validator, "UpdateRequestValidator", in, c.APIGateway.UpdateRequestValidator)
}

func (c validatedAPIGateway) CreateDeployment(ctx context.Context, in *apigateway.CreateDeploymentRequest) (*apigateway.Deployment, error) {
	return validate(ctx, c.validator, "CreateDeployment", in, c.APIGateway.CreateDeployment)
}

func (c validatedAPIGateway) UpdateDeployment(ctx context.Context, in *apigateway.UpdateDeploymentRequest) (*apigateway.Deployment, error) {
	return validate(ctx, c.validator, "UpdateDeployment", in, c.APIGateway.UpdateDeployment)
}

func (c validatedAPIGateway) CreateStage(ctx context.Context, in *apigateway.CreateStageRequest) (*apigateway.Stage, error) {
	return validate(ctx, c.validator, "CreateStage", in, c.APIGateway.CreateStage)
}

func (c validatedAPIGateway) UpdateStage(ctx context.Context, in *apigateway.UpdateStageRequest) (*apigateway.Stage, error) {
	return validate(ctx, c.validator, "UpdateStage", in, c.APIGateway.UpdateStage)
}

func (c validatedAPIGateway) UpdateAccount(ctx context.Context, in *apigateway.UpdateAccountRequest) (*apigateway.Account, error) {
	return validate(ctx, c.validator, "UpdateAccount", in, c.APIGateway.UpdateAccount)
}

func (c validatedAPIGateway) PutGatewayResponse(ctx context.Context, in *apigateway.PutGatewayResponseRequest) (*apigateway.GatewayResponse, error) {
	return validate(ctx, c.validator, "PutGatewayResponse", in, c.APIGateway.PutGatewayResponse)
}

func (c validatedAPIGateway) CreateDocumentationPart(ctx context.Context, in *apigateway.CreateDocumentationPartRequest) (*apigateway.DocumentationPart, error) {
	return validate(ctx, c.validator, "CreateDocumentationPart", in, c.APIGateway.CreateDocumentationPart)
}

func (c validatedAPIGateway) UpdateDocumentationPart(ctx context.Context, in *apigateway.UpdateDocumentationPartRequest) (*apigateway.DocumentationPart, error) {
	return validate(ctx, c.validator, "UpdateDocumentationPart", in, c.APIGateway.UpdateDocumentationPart)
}

func (c validatedAPIGateway) CreateDocumentationVersion(ctx context.Context, in *apigateway.CreateDocumentationVersionRequest) (*apigateway.DocumentationVersion, error) {
	return validate(ctx, c.validator, "CreateDocumentationVersion", in, c.APIGateway.CreateDocumentationVersion)
}

func (c validatedAPIGateway) UpdateDocumentationVersion(ctx context.Context, in *apigateway.UpdateDocumentationVersionRequest) (*apigateway.DocumentationVersion, error) {
	return validate(ctx, c.validator, "UpdateDocumentationVersion", in, c.APIGateway.UpdateDocumentationVersion)
}

func (c validatedAPIGateway) GenerateClientCertificate(ctx context.Context, in *apigateway.GenerateClientCertificateRequest) (*apigateway.ClientCertificate, error) {
	return validate(ctx, c.validator, "GenerateClientCertificate", in, c.APIGateway.GenerateClientCertificate)
}

func (c validatedAPIGateway) UpdateClientCertificate(ctx context.Context, in *apigateway.UpdateClientCertificateRequest) (*apigateway.ClientCertificate, error) {
	return validate(ctx, c.validator, "UpdateClientCertificate", in, c.APIGateway.UpdateClientCertificate)
}

func (c validatedAPIGateway) CreateVpcLink(ctx context.Context, in *apigateway.CreateVpcLinkRequest) (*apigateway.VpcLink, error) {
	return validate(ctx, c.validator, "CreateVpcLink", in, c.APIGateway.CreateVpcLink)
}

func (c validatedAPIGateway) UpdateVpcLink(ctx context.Context, in *apigateway.UpdateVpcLinkRequest) (*apigateway.VpcLink, error) {
	return validate(ctx, c.validator, "UpdateVpcLink", in, c.APIGateway.UpdateVpcLink)
}

type validatedLambda struct {
	Lambda
	validator *wire.Validator
}

func (c validatedLambda) GetFunction(ctx context.Context, in *lambda.GetFunctionRequest) (*lambda.GetFunctionResponse, error) {
	return validate(ctx, c.validator, "GetFunction", in, c.Lambda.GetFunction)
}

func (c validatedLambda) CreateFunction(ctx context.Context, in *lambda.CreateFunctionRequest) (*lambda.FunctionConfiguration, error) {
	return validate(ctx, c.validator, "CreateFunction", in, c.Lambda.CreateFunction)
}

func (c validatedLambda) UpdateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeRequest) (*lambda.FunctionConfiguration, error) {
	return validate(ctx, c.validator, "UpdateFunctionCode", in, c.Lambda.UpdateFunctionCode)
}

func (c validatedLambda) UpdateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationRequest) (*lambda.FunctionConfiguration, error) {
	return validate(ctx, c.validator, "UpdateFunctionConfiguration", in, c.Lambda.UpdateFunctionConfiguration)
}

func (c validatedLambda) PutFunctionConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyRequest) (*lambda.Concurrency, error) {
	return validate(ctx, c.validator, "PutFunctionConcurrency", in, c.Lambda.PutFunctionConcurrency)
}

func (c validatedLambda) TagResource(ctx context.Context, in *lambda.TagResourceRequest) (*lambda.TagResourceOutput, error) {
	return validate(ctx, c.validator, "TagResource", in, c.Lambda.TagResource)
}

func (c validatedLambda) GetPolicy(ctx context.Context, in *lambda.GetPolicyRequest) (*lambda.GetPolicyResponse, error) {
	return validate(ctx, c.validator, "GetPolicy", in, c.Lambda.GetPolicy)
}

func (c validatedLambda) AddPermission(ctx context.Context, in *lambda.AddPermissionRequest) (*lambda.AddPermissionResponse, error) {
	return validate(ctx, c.validator, "AddPermission", in, c.Lambda.AddPermission)
}

func (c validatedLambda) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionRequest) (*lambda.ListVersionsByFunctionResponse, error) {
	return validate(ctx, c.validator, "ListVersionsByFunction", in, c.Lambda.ListVersionsByFunction)
}

func (c validatedLambda) PublishVersion(ctx context.Context, in *lambda.PublishVersionRequest) (*lambda.FunctionConfiguration, error) {
	return validate(ctx, c.validator, "PublishVersion", in, c.Lambda.PublishVersion)
}

func (c validatedLambda) GetAlias(ctx context.Context, in *lambda.GetAliasRequest) (*lambda.AliasConfiguration, error) {
	return validate(ctx, c.validator, "GetAlias", in, c.Lambda.GetAlias)
}

func (c validatedLambda) CreateAlias(ctx context.Context, in *lambda.CreateAliasRequest) (*lambda.AliasConfiguration, error) {
	return validate(ctx, c.validator, "CreateAlias", in, c.Lambda.CreateAlias)
}

func (c validatedLambda) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasRequest) (*lambda.AliasConfiguration, error) {
	return validate(ctx, c.validator, "UpdateAlias", in, c.Lambda.UpdateAlias)
}

type validatedIAM struct {
	IAM
	validator *wire.Validator
}

func (c validatedIAM) GetRole(ctx context.Context, in *iam.GetRoleRequest) (*iam.GetRoleResponse, error) {
	return validate(ctx, c.validator, "GetRole", in, c.IAM.GetRole)
}

func (c validatedIAM) CreateRole(ctx context.Context, in *iam.CreateRoleRequest) (*iam.CreateRoleResponse, error) {
	return validate(ctx, c.validator, "CreateRole", in, c.IAM.CreateRole)
}

func (c validatedIAM) UpdateRole(ctx context.Context, in *iam.UpdateRoleRequest) (*iam.UpdateRoleResponse, error) {
	return validate(ctx, c.validator, "UpdateRole", in, c.IAM.UpdateRole)
}

func (c validatedIAM) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyRequest) (*iam.UpdateAssumeRolePolicyOutput, error) {
	return validate(ctx, c.validator, "UpdateAssumeRolePolicy", in, c.IAM.UpdateAssumeRolePolicy)
}

func (c validatedIAM) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyRequest) (*iam.PutRolePolicyOutput, error) {
	return validate(ctx, c.validator, "PutRolePolicy", in, c.IAM.PutRolePolicy)
}

func (c validatedIAM) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyRequest) (*iam.AttachRolePolicyOutput, error) {
	return validate(ctx, c.validator, "AttachRolePolicy", in, c.IAM.AttachRolePolicy)
}

func (c validatedIAM) TagRole(ctx context.Context, in *iam.TagRoleRequest) (*iam.TagRoleOutput, error) {
	return validate(ctx, c.validator, "TagRole", in, c.IAM.TagRole)
}

func (c validatedIAM) GetPolicy(ctx context.Context, in *iam.GetPolicyRequest) (*iam.GetPolicyResponse, error) {
	return validate(ctx, c.validator, "GetPolicy", in, c.IAM.GetPolicy)
}

func (c validatedIAM) CreatePolicy(ctx context.Context, in *iam.CreatePolicyRequest) (*iam.CreatePolicyResponse, error) {
	return validate(ctx, c.validator, "CreatePolicy", in, c.IAM.CreatePolicy)
}

func (c validatedIAM) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionRequest) (*iam.CreatePolicyVersionResponse, error) {
	return validate(ctx, c.validator, "CreatePolicyVersion", in, c.IAM.CreatePolicyVersion)
}

type validatedLogs struct {
	Logs
	validator *wire.Validator
}

func (c validatedLogs) CreateLogGroup(ctx context.Context, in *logs.CreateLogGroupRequest) (*logs.CreateLogGroupOutput, error) {
	return validate(ctx, c.validator, "CreateLogGroup", in, c.Logs.CreateLogGroup)
}

func (c validatedLogs) PutRetentionPolicy(ctx context.Context, in *logs.PutRetentionPolicyRequest) (*logs.PutRetentionPolicyOutput, error) {
	return validate(ctx, c.validator, "PutRetentionPolicy", in, c.Logs.PutRetentionPolicy)
}

func (c validatedLogs) TagLogGroup(ctx context.Context, in *logs.TagLogGroupRequest) (*logs.TagLogGroupOutput, error) {
	return validate(ctx, c.validator, "TagLogGroup", in, c.Logs.TagLogGroup)
}
