package server_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/s3"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

const testRole = "arn:aws:iam::" + testAccount + ":role/test"

// An entry is a file of a deployment package.
type entry struct {
	name    string
	content string
	mode    os.FileMode // 0 for an ordinary file
}

func zipped(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		mode := e.mode
		if mode == 0 {
			mode = 0o644
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(f, e.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// createTestRole makes the role that functions of the tests have.
func (p *process) createTestRole(t testing.TB) {
	t.Helper()
	mustCall[iam.CreateRoleResponse](t, p, &iam.Service, "CreateRole", &iam.CreateRoleRequest{RoleName: new("test"), AssumeRolePolicyDocument: new(trust)})
}

// A functionSpec is what a test wants of a function; the zero values stand for
// the usual.
type functionSpec struct {
	name    string
	handler string // "app.handler"
	runtime string // "python3.11"
	code    []byte
	memory  int32 // 128
	timeout int32 // 10

	variables map[string]string
	layers    []string
	image     string // URI, in place of all that makes a package's function
}

// python returns a package whose app.py is source.
func python(t testing.TB, source string) []byte {
	return zipped(t, entry{name: "app.py", content: source})
}

func (f functionSpec) request() *lambda.CreateFunctionRequest {
	or := func(s, usual string) *string {
		if s == "" {
			s = usual
		}
		return &s
	}
	number := func(n, usual int32) *int32 {
		if n == 0 {
			n = usual
		}
		return &n
	}
	if f.image != "" {
		return &lambda.CreateFunctionRequest{
			FunctionName: &f.name, Role: new(testRole), PackageType: new("Image"), Code: &lambda.FunctionCode{ImageUri: &f.image}, Timeout: number(f.timeout, 10),
		}
	}
	return &lambda.CreateFunctionRequest{
		FunctionName: &f.name, Runtime: or(f.runtime, "python3.11"), Handler: or(f.handler, "app.handler"), Role: new(testRole),
		MemorySize: number(f.memory, 128), Timeout: number(f.timeout, 10), Code: &lambda.FunctionCode{ZipFile: f.code},
		Layers: f.layers, Environment: &lambda.Environment{Variables: f.variables},
	}
}

func createFunction(ctx context.Context, p *process, f functionSpec) (*lambda.FunctionConfiguration, error) {
	return call[lambda.FunctionConfiguration](ctx, p, &lambda.Service, "CreateFunction", f.request())
}

func deleteFunction(ctx context.Context, p *process, name string) error {
	_, err := call[struct{ StatusCode *int32 }](ctx, p, &lambda.Service, "DeleteFunction", &lambda.DeleteFunctionRequest{FunctionName: &name})
	return err
}

func invoke(ctx context.Context, p *process, name, kind, payload string) (*lambda.InvocationResponse, error) {
	return call[lambda.InvocationResponse](ctx, p, &lambda.Service, "Invoke", &lambda.InvocationRequest{FunctionName: &name, InvocationType: &kind, Payload: []byte(payload)})
}

func putObject(ctx context.Context, p *process, bucket, key, content string) error {
	_, err := call[s3.PutObjectOutput](ctx, p, &s3.Service, "PutObject", &s3.PutObjectRequest{Bucket: &bucket, Key: &key, Body: io.NopCloser(strings.NewReader(content))})
	return err
}

func getObject(ctx context.Context, p *process, bucket, key string) (string, error) {
	out, err := call[s3.GetObjectOutput](ctx, p, &s3.Service, "GetObject", &s3.GetObjectRequest{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	return string(b), err
}

// objects returns the keys of a bucket.
func objects(t testing.TB, p *process, bucket string) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for in := (&s3.ListObjectsV2Request{Bucket: &bucket}); ; {
		out := mustCall[s3.ListObjectsV2Output](t, p, &s3.Service, "ListObjectsV2", in)
		for _, o := range out.Contents {
			keys[*o.Key] = true
		}
		if out.NextContinuationToken == nil {
			return keys
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

func functions(t testing.TB, p *process) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for in := (&lambda.ListFunctionsRequest{}); ; {
		out := mustCall[lambda.ListFunctionsResponse](t, p, &lambda.Service, "ListFunctions", in)
		for _, f := range out.Functions {
			names[*f.FunctionName] = true
		}
		if out.NextMarker == nil {
			return names
		}
		in.Marker = out.NextMarker
	}
}

func roles(t testing.TB, p *process) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for in := (&iam.ListRolesRequest{}); ; {
		out := mustCall[iam.ListRolesResponse](t, p, &iam.Service, "ListRoles", in)
		for _, r := range out.Roles {
			names[*r.RoleName] = true
		}
		if out.Marker == nil {
			return names
		}
		in.Marker = out.Marker
	}
}

func apis(t testing.TB, p *process) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for in := (&apigateway.GetRestApisRequest{}); ; {
		out := mustCall[apigateway.RestApis](t, p, &apigateway.Service, "GetRestApis", in)
		for _, a := range out.Items {
			ids[*a.Id] = true
		}
		if out.Position == nil {
			return ids
		}
		in.Position = out.Position
	}
}

// deployAPI puts an API before a function and returns the path at which it
// answers.
func (p *process) deployAPI(t testing.TB, function string) string {
	t.Helper()
	mustCall[lambda.AddPermissionResponse](t, p, &lambda.Service, "AddPermission", &lambda.AddPermissionRequest{
		FunctionName: &function, StatementId: new("api"), Action: new("lambda:InvokeFunction"), Principal: new("apigateway.amazonaws.com"),
	})
	a := mustCall[apigateway.RestApi](t, p, &apigateway.Service, "CreateRestApi", &apigateway.CreateRestApiRequest{Name: new(function)})
	mustCall[apigateway.Method](t, p, &apigateway.Service, "PutMethod", &apigateway.PutMethodRequest{RestApiId: a.Id, ResourceId: a.RootResourceId, HttpMethod: new("ANY"), AuthorizationType: new("NONE")})
	uri := fmt.Sprintf("arn:aws:apigateway:%s:lambda:path/2015-03-31/functions/arn:aws:lambda:%[1]s:%s:function:%s/invocations", testRegion, testAccount, function)
	mustCall[apigateway.Integration](t, p, &apigateway.Service, "PutIntegration", &apigateway.PutIntegrationRequest{
		RestApiId: a.Id, ResourceId: a.RootResourceId, HttpMethod: new("ANY"), Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"), Uri: &uri,
	})
	mustCall[apigateway.Deployment](t, p, &apigateway.Service, "CreateDeployment", &apigateway.CreateDeploymentRequest{RestApiId: a.Id, StageName: new("Prod")})
	return "/_aws/execute-api/" + *a.Id + "/Prod/"
}
