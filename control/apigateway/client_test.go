package apigateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/wire"
)

// client returns AWS's own client, in the account of the bench.
func client(t *testing.T) (*bench, *sdk.Client) {
	t.Helper()
	b := newBench(t)
	handler, err := wire.New([]wire.Mount{{Service: &api.Service, Implementation: b.Service}},
		slog.New(slog.NewTextHandler(t.Output(), nil)), b.clock, wire.NewCredentials([]byte("key of the tests")))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return b, sdk.NewFromConfig(sdkaws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &server.URL,
		HTTPClient:   server.Client(),
		Credentials: sdkaws.CredentialsProviderFunc(func(context.Context) (sdkaws.Credentials, error) {
			return sdkaws.Credentials{AccessKeyID: testAccount, SecretAccessKey: "secret"}, nil
		}),
	})
}

func ok[Out any](t *testing.T) func(*Out, error) *Out {
	return func(out *Out, err error) *Out {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func TestAWSsOwnClient(t *testing.T) {
	b, c := client(t)
	ctx := t.Context()
	rest := ok[sdk.CreateRestApiOutput](t)(c.CreateRestApi(ctx, &sdk.CreateRestApiInput{Name: new("hello"), Tags: map[string]string{"a": "1"}}))
	if !rest.CreatedDate.Equal(b.clock.Now()) {
		t.Errorf("created at %s", rest.CreatedDate)
	}
	r := ok[sdk.CreateResourceOutput](t)(c.CreateResource(ctx, &sdk.CreateResourceInput{RestApiId: rest.Id, ParentId: rest.RootResourceId, PathPart: new("{proxy+}")}))
	ok[sdk.PutMethodOutput](t)(c.PutMethod(ctx, &sdk.PutMethodInput{RestApiId: rest.Id, ResourceId: r.Id, HttpMethod: new("ANY"), AuthorizationType: new("NONE"),
		RequestParameters: map[string]bool{"method.request.path.proxy": true}}))
	i := ok[sdk.PutIntegrationOutput](t)(c.PutIntegration(ctx, &sdk.PutIntegrationInput{RestApiId: rest.Id, ResourceId: r.Id, HttpMethod: new("ANY"),
		Type: types.IntegrationTypeAwsProxy, IntegrationHttpMethod: new("POST"), Uri: new(lambdaURI)}))
	if i.CacheKeyParameters == nil || *i.CacheNamespace != *r.Id || i.TimeoutInMillis != 29000 {
		t.Errorf("the integration is %+v", i)
	}
	d := ok[sdk.CreateDeploymentOutput](t)(c.CreateDeployment(ctx, &sdk.CreateDeploymentInput{RestApiId: rest.Id, StageName: new("v0")}))
	stage := ok[sdk.UpdateStageOutput](t)(c.UpdateStage(ctx, &sdk.UpdateStageInput{RestApiId: rest.Id, StageName: new("v0"), PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: new("/*/*/throttling/rateLimit"), Value: new("2.5")}, {Op: types.OpReplace, Path: new("/variables/alias"), Value: new("live")}}}))
	if *stage.DeploymentId != *d.Id || stage.MethodSettings["*/*"].ThrottlingRateLimit != 2.5 || stage.Variables["alias"] != "live" {
		t.Errorf("the stage is %+v", stage)
	}
	list := ok[sdk.GetResourcesOutput](t)(c.GetResources(ctx, &sdk.GetResourcesInput{RestApiId: rest.Id, Embed: []string{"methods"}}))
	if len(list.Items) != 2 || *list.Items[1].ResourceMethods["ANY"].MethodIntegration.Uri != lambdaURI {
		t.Errorf("resources are %+v", list.Items)
	}
	body, err := json.Marshal(map[string]any{"openapi": "3.0.1", "info": map[string]any{"title": "put"}, "paths": map[string]any{"/a": map[string]any{}}})
	if err != nil {
		t.Fatal(err)
	}
	put := ok[sdk.PutRestApiOutput](t)(c.PutRestApi(ctx, &sdk.PutRestApiInput{RestApiId: rest.Id, Mode: types.PutModeOverwrite, Body: body, Parameters: map[string]string{"basepath": "prepend"}}))
	if *put.Name != "put" || put.Tags["a"] != "1" {
		t.Errorf("the overwritten API is %+v", put)
	}
	ok[sdk.DeleteRestApiOutput](t)(c.DeleteRestApi(ctx, &sdk.DeleteRestApiInput{RestApiId: rest.Id}))

	_, err = c.GetRestApi(ctx, &sdk.GetRestApiInput{RestApiId: rest.Id})
	if e, is := errors.AsType[smithy.APIError](err); !is || e.ErrorCode() != missing || e.ErrorMessage() != "Invalid API identifier specified 111111111111:"+*rest.Id {
		t.Errorf("the deleted API answers %v", err)
	}
}
