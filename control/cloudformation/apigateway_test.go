package cloudformation_test

import (
	"strings"
	"testing"

	gatewayapi "github.com/lamgate/lamgate/api/apigateway"
)

// What a template no longer says of an API, its definition may; what it says
// again and again wins over the definition.
func TestAnAPIIsWhatPropertiesSayThenWhatTheDefinitionSays(t *testing.T) {
	h := build(t)
	policy := func(effect string) string {
		return `{Version: '2012-10-17', Statement: [{Effect: ` + effect + `, Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*'}]}`
	}
	body := func(properties, definition string) string {
		return `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: an-api
` + properties + `      Body:
        openapi: 3.0.1
        info: {title: an-api}
        paths: {}
` + definition
	}
	property := "      Policy: " + policy("Deny") + "\n      MinimumCompressionSize: 5\n"
	definition := "        x-amazon-apigateway-policy: " + policy("Allow") + "\n        x-amazon-apigateway-minimum-compression-size: 7\n"
	is := func(effect string, size int32) {
		t.Helper()
		api, err := h.gateway.GetRestApi(h.ctx, &gatewayapi.GetRestApiRequest{RestApiId: new(h.physical("s")["Api"])})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(*api.Policy, effect) || *api.MinimumCompressionSize != size {
			t.Errorf("the API has the policy %s and compresses from %d", *api.Policy, *api.MinimumCompressionSize)
		}
	}
	h.must(h.create("s", body(property, "")), "CREATE_COMPLETE")
	is("Deny", 5)
	h.must(h.update("s", body(property, definition)), "UPDATE_COMPLETE")
	is("Deny", 5)
	h.must(h.update("s", body("", definition)), "UPDATE_COMPLETE")
	is("Allow", 7)
}

const publishedAPI = `
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: an-api}}
  Method:
    Type: AWS::ApiGateway::Method
    Properties: {RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: GET, Integration: {Type: MOCK}}
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Method
    Properties: {RestApiId: !Ref Api}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: live
      MethodSettings: [{ResourcePath: /, HttpMethod: GET, ThrottlingRateLimit: 5, CachingEnabled: true}]
`

// A method setting that a template drops returns to what it is by default.
func TestMethodSettingsAreWhatTheTemplateSays(t *testing.T) {
	h := build(t)
	h.must(h.create("s", publishedAPI), "CREATE_COMPLETE")
	h.must(h.update("s", strings.Replace(publishedAPI, "ThrottlingRateLimit: 5, ", "", 1)), "UPDATE_COMPLETE")
	st, err := h.gateway.GetStage(h.ctx, &gatewayapi.GetStageRequest{RestApiId: new(h.physical("s")["Api"]), StageName: new("live")})
	if err != nil {
		t.Fatal(err)
	}
	if m := st.MethodSettings["~1/GET"]; *m.ThrottlingRateLimit != 10000 || !*m.CachingEnabled {
		t.Errorf("the settings are %+v", st.MethodSettings)
	}
}

// Another canary is another deployment.
func TestOtherCanarySettingsReplaceADeployment(t *testing.T) {
	h := build(t)
	body := publishedAPI + `
  Canary:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Stage
    Properties: {RestApiId: !Ref Api, StageName: live, DeploymentCanarySettings: {PercentTraffic: 10}}
`
	h.must(h.create("s", body), "CREATE_COMPLETE")
	before := h.physical("s")["Canary"]
	h.must(h.update("s", strings.Replace(body, "PercentTraffic: 10", "PercentTraffic: 20", 1)), "UPDATE_COMPLETE")
	after := h.physical("s")["Canary"]
	st, err := h.gateway.GetStage(h.ctx, &gatewayapi.GetStageRequest{RestApiId: new(h.physical("s")["Api"]), StageName: new("live")})
	if err != nil {
		t.Fatal(err)
	}
	if before == after || *st.CanarySettings.DeploymentId != after || *st.CanarySettings.PercentTraffic != 20 {
		t.Errorf("the canary of %s is now %+v of %s", before, st.CanarySettings, after)
	}
}
