package apigateway_test

import (
	"errors"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
)

// What AWS's own client sends and reads of the nouns beside resources and
// methods: maps and lists, times, numbers, and what wire itself refuses.
func TestAWSsOwnClientOnWhatStandsBesideMethods(t *testing.T) {
	b, c := client(t)
	ctx := t.Context()
	restID := b.mockAPI()

	ok[sdk.PutGatewayResponseOutput](t)(c.PutGatewayResponse(ctx, &sdk.PutGatewayResponseInput{RestApiId: restID, ResponseType: types.GatewayResponseTypeThrottled,
		StatusCode: new("420"), ResponseParameters: map[string]string{"gatewayresponse.header.a": "'b'"}}))
	responses := ok[sdk.GetGatewayResponsesOutput](t)(c.GetGatewayResponses(ctx, &sdk.GetGatewayResponsesInput{RestApiId: restID}))
	if len(responses.Items) != 21 {
		t.Errorf("%d gateway responses are listed", len(responses.Items))
	}

	part := ok[sdk.CreateDocumentationPartOutput](t)(c.CreateDocumentationPart(ctx, &sdk.CreateDocumentationPartInput{RestApiId: restID,
		Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeResource}, Properties: new(`{"a":1}`)}))
	if *part.Location.Path != "/" {
		t.Errorf("the part is at %s", *part.Location.Path)
	}
	version := ok[sdk.CreateDocumentationVersionOutput](t)(c.CreateDocumentationVersion(ctx, &sdk.CreateDocumentationVersionInput{RestApiId: restID, DocumentationVersion: new("v1")}))
	if !version.CreatedDate.Equal(b.clock.Now()) {
		t.Errorf("the version is of %s", version.CreatedDate)
	}

	d := ok[sdk.CreateDeploymentOutput](t)(c.CreateDeployment(ctx, &sdk.CreateDeploymentInput{RestApiId: restID}))
	ok[sdk.CreateStageOutput](t)(c.CreateStage(ctx, &sdk.CreateStageInput{RestApiId: restID, StageName: new("dev"), DeploymentId: d.Id, DocumentationVersion: new("v1"),
		CacheClusterEnabled: true, CacheClusterSize: types.CacheClusterSizeSize1Point6Gb, CanarySettings: &types.CanarySettings{PercentTraffic: 12.5}}))
	stage := ok[sdk.GetStageOutput](t)(c.GetStage(ctx, &sdk.GetStageInput{RestApiId: restID, StageName: new("dev")}))
	if stage.CanarySettings.PercentTraffic != 12.5 || *stage.CanarySettings.DeploymentId != *d.Id || stage.CacheClusterStatus != types.CacheClusterStatusAvailable {
		t.Errorf("the stage is %+v", stage)
	}
	ok[sdk.FlushStageCacheOutput](t)(c.FlushStageCache(ctx, &sdk.FlushStageCacheInput{RestApiId: restID, StageName: new("dev")}))

	certificate := ok[sdk.GenerateClientCertificateOutput](t)(c.GenerateClientCertificate(ctx, &sdk.GenerateClientCertificateInput{}))
	ok[sdk.DeleteClientCertificateOutput](t)(c.DeleteClientCertificate(ctx, &sdk.DeleteClientCertificateInput{ClientCertificateId: certificate.ClientCertificateId}))
	link := ok[sdk.CreateVpcLinkOutput](t)(c.CreateVpcLink(ctx, &sdk.CreateVpcLinkInput{Name: new("a"), TargetArns: []string{balancer}}))
	if got := ok[sdk.GetVpcLinkOutput](t)(c.GetVpcLink(ctx, &sdk.GetVpcLinkInput{VpcLinkId: link.Id})); link.Status != types.VpcLinkStatusPending || got.Status != types.VpcLinkStatusAvailable {
		t.Errorf("the link is %s, then %s", link.Status, got.Status)
	}

	// AWS: the words and the order of values as recorded
	// (test_gateway_response_validation, test_invalid_create_documentation_part_operations).
	for message, call := range map[string]func() error{
		"1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: " +
			"[REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, " +
			"INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, " +
			"WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]": func() error {
			_, err := c.GetGatewayResponse(ctx, &sdk.GetGatewayResponseInput{RestApiId: restID, ResponseType: "FAKE_RESPONSE_TYPE"})
			return err
		},
		"1 validation error detected: Value 'INVALID' at 'createDocumentationPartInput.location.type' failed to satisfy constraint: Member must satisfy enum value set: " +
			"[RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER]": func() error {
			_, err := c.CreateDocumentationPart(ctx, &sdk.CreateDocumentationPartInput{RestApiId: restID, Location: &types.DocumentationPartLocation{Type: "INVALID"}, Properties: new("{}")})
			return err
		},
		"1 validation error detected: Value 'wrong-op' at 'updateGatewayResponseInput.patchOperations.1.member.op' failed to satisfy constraint: Member must satisfy enum value set: " +
			"[add, remove, move, test, replace, copy]": func() error {
			_, err := c.UpdateGatewayResponse(ctx, &sdk.UpdateGatewayResponseInput{RestApiId: restID, ResponseType: types.GatewayResponseTypeDefault4xx,
				PatchOperations: []types.PatchOperation{{Op: "wrong-op", Path: new("/statusCode")}}})
			return err
		},
	} {
		err := call()
		if e, is := errors.AsType[smithy.APIError](err); !is || e.ErrorCode() != "ValidationException" || e.ErrorMessage() != message {
			t.Errorf("refused with %v\nwant %s", err, message)
		}
	}
	_, err := c.GetSdk(ctx, &sdk.GetSdkInput{RestApiId: restID, StageName: new("dev"), SdkType: new("javascript")})
	if e, is := errors.AsType[smithy.APIError](err); !is || e.ErrorCode() != "NotImplemented" {
		t.Errorf("GetSdk answers %v", err)
	}
}
