package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// service has an AWS service answer GET of a path, as a role.
func (a *restAPI) service(path, uri, role string) {
	a.t.Helper()
	a.method("GET", path)
	a.integrate("GET", path, "", func(in *apigateway.PutIntegrationInput) {
		in.Type, in.IntegrationHttpMethod, in.Uri = types.IntegrationTypeAws, new("GET"), new("arn:aws:apigateway:"+region+":"+uri)
		if role != "" {
			in.Credentials = &role
		}
	})
	a.response("GET", path, "200")
	a.response("GET", path, "403", selecting("403", ""))
}

// An API without a function: it reads an object as the role that the
// integration names, if that role may.
func TestAServiceIntegrationActsAsItsRole(t *testing.T) {
	bucket := uniqueName("bucket")
	ctx := t.Context()
	if _, err := s3Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s3Client().DeleteObject(cleanup(), &s3.DeleteObjectInput{Bucket: &bucket, Key: new("key")})
		s3Client().DeleteBucket(cleanup(), &s3.DeleteBucketInput{Bucket: &bucket})
	})
	if _, err := s3Client().PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: new("key"), Body: strings.NewReader("an object")}); err != nil {
		t.Fatal(err)
	}
	const gateway = "apigateway.amazonaws.com"
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::` + bucket + `/*"}]}`
	object := "s3:path/" + bucket + "/key"
	a := newAPI(t)
	a.service("/may", object, newRole(t, trustIn(gateway), policy))
	a.service("/may-not", object, newRole(t, trustIn(gateway), ""))
	a.service("/not-trusted", object, newRole(t, trustIn("lambda.amazonaws.com"), policy))
	a.deploy("v0")
	a.get("/v0/may").want(t, http.StatusOK, "an object")
	if got := a.get("/v0/may-not"); got.status != http.StatusForbidden || !strings.Contains(got.body, "<Code>AccessDenied</Code>") {
		t.Errorf("a role without the permission: %d %s", got.status, got.body)
	}
	a.get("/v0/not-trusted").wantInternalError(t)
}

// An action of a service that has actions.
func TestAServiceIntegrationCallsAnAction(t *testing.T) {
	role := newRole(t, trustIn("apigateway.amazonaws.com"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}]}`)
	a := newAPI(t)
	a.service("/", "sts:action/GetCallerIdentity", role)
	a.deploy("v0")
	got := a.get("/v0/")
	name := role[strings.LastIndex(role, "/")+1:]
	if got.status != http.StatusOK || !strings.Contains(got.body, ":assumed-role/"+name+"/") {
		t.Errorf("the action answers %d %s", got.status, got.body)
	}
}

// Without credentials nobody is asked.
func TestAServiceIntegrationWithoutCredentialsReachesNothing(t *testing.T) {
	a := newAPI(t)
	a.method("GET", "/")
	_, err := apiGateway().PutIntegration(t.Context(), &apigateway.PutIntegrationInput{
		RestApiId: &a.id, ResourceId: a.resource("/"), HttpMethod: new("GET"), Type: types.IntegrationTypeAws, IntegrationHttpMethod: new("GET"),
		Uri: new("arn:aws:apigateway:" + region + ":sts:action/GetCallerIdentity"),
	})
	if err != nil {
		wantFault(t, err, "BadRequestException", "Role ARN must be specified for AWS integrations")
		return
	}
	a.response("GET", "/", "200")
	a.deploy("v0")
	a.get("/v0/").wantInternalError(t)
}
