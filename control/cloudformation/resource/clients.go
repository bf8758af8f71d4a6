package resource

import (
	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

// Clients are the services that resources are made with.
type Clients struct {
	// Clock is what resources that take their time are waited for by; without
	// one it is the machine's.
	Clock aws.Clock

	APIGateway APIGateway
	Lambda     Lambda
	IAM        IAM
	S3         S3
	Logs       Logs
}

// APIGateway is what the AWS::ApiGateway types call.
type APIGateway interface {
	apigateway.CreateRestApiAPI
	apigateway.GetRestApiAPI
	apigateway.GetRestApisAPI
	apigateway.UpdateRestApiAPI
	apigateway.PutRestApiAPI
	apigateway.DeleteRestApiAPI
	apigateway.TagResourceAPI
	apigateway.UntagResourceAPI
	apigateway.CreateResourceAPI
	apigateway.GetResourcesAPI
	apigateway.DeleteResourceAPI
	apigateway.PutMethodAPI
	apigateway.GetMethodAPI
	apigateway.DeleteMethodAPI
	apigateway.PutMethodResponseAPI
	apigateway.PutIntegrationAPI
	apigateway.PutIntegrationResponseAPI
	apigateway.CreateModelAPI
	apigateway.GetModelAPI
	apigateway.UpdateModelAPI
	apigateway.DeleteModelAPI
	apigateway.CreateRequestValidatorAPI
	apigateway.GetRequestValidatorsAPI
	apigateway.UpdateRequestValidatorAPI
	apigateway.DeleteRequestValidatorAPI
	apigateway.CreateDeploymentAPI
	apigateway.GetDeploymentsAPI
	apigateway.UpdateDeploymentAPI
	apigateway.DeleteDeploymentAPI
	apigateway.CreateStageAPI
	apigateway.GetStageAPI
	apigateway.UpdateStageAPI
	apigateway.DeleteStageAPI
	apigateway.UpdateAccountAPI
	apigateway.PutGatewayResponseAPI
	apigateway.GetGatewayResponseAPI
	apigateway.DeleteGatewayResponseAPI
	apigateway.CreateDocumentationPartAPI
	apigateway.GetDocumentationPartsAPI
	apigateway.UpdateDocumentationPartAPI
	apigateway.DeleteDocumentationPartAPI
	apigateway.CreateDocumentationVersionAPI
	apigateway.GetDocumentationVersionAPI
	apigateway.UpdateDocumentationVersionAPI
	apigateway.DeleteDocumentationVersionAPI
	apigateway.GenerateClientCertificateAPI
	apigateway.GetClientCertificatesAPI
	apigateway.UpdateClientCertificateAPI
	apigateway.DeleteClientCertificateAPI
	apigateway.CreateVpcLinkAPI
	apigateway.GetVpcLinksAPI
	apigateway.UpdateVpcLinkAPI
	apigateway.DeleteVpcLinkAPI
}

// Lambda is what the AWS::Lambda types call.
type Lambda interface {
	lambda.CreateFunctionAPI
	lambda.GetFunctionAPI
	lambda.UpdateFunctionCodeAPI
	lambda.UpdateFunctionConfigurationAPI
	lambda.DeleteFunctionAPI
	lambda.PutFunctionConcurrencyAPI
	lambda.DeleteFunctionConcurrencyAPI
	lambda.TagResourceAPI
	lambda.UntagResourceAPI
	lambda.AddPermissionAPI
	lambda.RemovePermissionAPI
	lambda.GetPolicyAPI
	lambda.PublishVersionAPI
	lambda.ListVersionsByFunctionAPI
	lambda.CreateAliasAPI
	lambda.GetAliasAPI
	lambda.UpdateAliasAPI
	lambda.DeleteAliasAPI
	lambda.PublishLayerVersionAPI
	lambda.GetLayerVersionByArnAPI
	lambda.DeleteLayerVersionAPI
	lambda.ListLayerVersionsAPI
	lambda.AddLayerVersionPermissionAPI
	lambda.RemoveLayerVersionPermissionAPI
	lambda.GetLayerVersionPolicyAPI
	lambda.CreateFunctionUrlConfigAPI
	lambda.GetFunctionUrlConfigAPI
	lambda.UpdateFunctionUrlConfigAPI
	lambda.DeleteFunctionUrlConfigAPI
	lambda.PutFunctionEventInvokeConfigAPI
	lambda.GetFunctionEventInvokeConfigAPI
	lambda.DeleteFunctionEventInvokeConfigAPI
	lambda.CreateCodeSigningConfigAPI
	lambda.ListCodeSigningConfigsAPI
	lambda.UpdateCodeSigningConfigAPI
	lambda.DeleteCodeSigningConfigAPI
	lambda.PutFunctionCodeSigningConfigAPI
	lambda.DeleteFunctionCodeSigningConfigAPI
	lambda.PutFunctionRecursionConfigAPI
	lambda.PutRuntimeManagementConfigAPI
	lambda.PutProvisionedConcurrencyConfigAPI
	lambda.GetProvisionedConcurrencyConfigAPI
	lambda.DeleteProvisionedConcurrencyConfigAPI
}

// IAM is what the AWS::IAM types call.
type IAM interface {
	iam.CreateRoleAPI
	iam.GetRoleAPI
	iam.UpdateRoleAPI
	iam.UpdateAssumeRolePolicyAPI
	iam.DeleteRoleAPI
	iam.PutRolePolicyAPI
	iam.DeleteRolePolicyAPI
	iam.AttachRolePolicyAPI
	iam.DetachRolePolicyAPI
	iam.TagRoleAPI
	iam.UntagRoleAPI
	iam.CreatePolicyAPI
	iam.GetPolicyAPI
	iam.DeletePolicyAPI
	iam.CreatePolicyVersionAPI
	iam.DeletePolicyVersionAPI
	iam.ListPolicyVersionsAPI
}

// S3 is what the AWS::S3 types call, and how templates and API definitions are
// read.
type S3 interface {
	s3.CreateBucketAPI
	s3.HeadBucketAPI
	s3.DeleteBucketAPI
	s3.PutBucketTaggingAPI
	s3.PutBucketPolicyAPI
	s3.GetBucketPolicyAPI
	s3.DeleteBucketPolicyAPI
	s3.GetObjectAPI
}

// Logs is what AWS::Logs::LogGroup calls.
type Logs interface {
	logs.CreateLogGroupAPI
	logs.DescribeLogGroupsAPI
	logs.DeleteLogGroupAPI
	logs.PutRetentionPolicyAPI
	logs.DeleteRetentionPolicyAPI
	logs.TagLogGroupAPI
	logs.UntagLogGroupAPI
}

// NewCatalogue returns every resource type that lamgate supports.
func NewCatalogue(c Clients) Catalogue {
	c = c.validated()
	if c.Clock == nil {
		c.Clock = aws.SystemClock{}
	}
	catalogue := Catalogue{}
	for _, t := range []*Type{
		restAPIType(c.APIGateway, c.S3), apiResourceType(c.APIGateway), methodType(c.APIGateway),
		modelType(c.APIGateway), requestValidatorType(c.APIGateway), deploymentType(c.APIGateway),
		stageType(c.APIGateway), accountType(c.APIGateway), gatewayResponseType(c.APIGateway),
		documentationPartType(c.APIGateway), documentationVersionType(c.APIGateway),
		clientCertificateType(c.APIGateway), vpcLinkType(c.APIGateway),
		functionType(c), permissionType(c.Lambda), versionType(c), aliasType(c), layerVersionType(c.Lambda),
		layerVersionPermissionType(c.Lambda), functionURLType(c.Lambda), eventInvokeConfigType(c.Lambda), codeSigningConfigType(c.Lambda),
		roleType(c.IAM), policyType(c.IAM), managedPolicyType(c.IAM),
		bucketType(c.S3), bucketPolicyType(c.S3), logGroupType(c.Logs),
		waitConditionHandleType(), cdkMetadataType(),
	} {
		catalogue[t.Name] = t
	}
	return catalogue
}
