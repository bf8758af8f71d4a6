package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// A lamgateServer is a server under measurement.
type lamgateServer struct {
	process *exec.Cmd
	address string
	client  *wire.Client
	role    string
	ready   time.Duration // from the start of the process to its ready line
}

// startLamgate runs the built binary on an empty directory.
func startLamgate(ctx context.Context, binary, data string, flags ...string) (*lamgateServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &lamgateServer{address: fmt.Sprintf("127.0.0.1:%d", port)}
	s.process = exec.CommandContext(ctx, binary, append([]string{"serve", "--listen", s.address, "--data", data}, flags...)...)
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	s.ready = time.Since(began)
	if err != nil || !strings.HasPrefix(line, "ready ") {
		s.stop()
		return nil, fmt.Errorf("lamgate did not start: %q %w", line, err)
	}
	s.client = wire.NewClient("http://"+s.address, "us-east-1", "bench", "bench")
	return s, nil
}

func (s *lamgateServer) stop() {
	_ = s.process.Process.Signal(os.Interrupt)
	_ = s.process.Wait()
}

// anonymousMemory is the RssAnon of the server's process, in MiB.
func (s *lamgateServer) anonymousMemory() (float64, error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.process.Process.Pid), "status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			return float64(kb) / 1024, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell RssAnon")
}

func call[Out any](ctx context.Context, s *lamgateServer, service *api.Service, operation string, in any) (*Out, error) {
	out := new(Out)
	return out, s.client.Call(ctx, service, operation, in, out)
}

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// deploy creates a function under a name, with an API before it, and returns the
// path at which the API answers.
func (s *lamgateServer) deploy(ctx context.Context, f function, name string) (path string, err error) {
	if s.role == "" {
		role, err := call[iam.CreateRoleResponse](ctx, s, &iam.Service, "CreateRole", &iam.CreateRoleRequest{RoleName: new("bench"), AssumeRolePolicyDocument: new(trust)})
		if err != nil {
			return "", err
		}
		s.role = *role.Role.Arn
	}
	create := &lambda.CreateFunctionRequest{FunctionName: &name, Role: &s.role, MemorySize: new(int32(256)), Timeout: new(int32(30))}
	if f.image != "" {
		create.PackageType, create.Code = new("Image"), &lambda.FunctionCode{ImageUri: &f.image}
	} else {
		code, err := f.zipped(name)
		if err != nil {
			return "", err
		}
		create.Runtime, create.Handler, create.Code = &f.runtime, &f.handler, &lambda.FunctionCode{ZipFile: code}
	}
	created, err := call[lambda.FunctionConfiguration](ctx, s, &lambda.Service, "CreateFunction", create)
	if err != nil {
		return "", err
	}
	if err := s.awaitActive(ctx, name); err != nil {
		return "", err
	}
	_, err = call[lambda.AddPermissionResponse](ctx, s, &lambda.Service, "AddPermission", &lambda.AddPermissionRequest{
		FunctionName: &name, StatementId: new("api"), Action: new("lambda:InvokeFunction"), Principal: new("apigateway.amazonaws.com"),
	})
	if err != nil {
		return "", err
	}
	a, err := call[apigateway.RestApi](ctx, s, &apigateway.Service, "CreateRestApi", &apigateway.CreateRestApiRequest{
		Name: &name, EndpointConfiguration: &apigateway.EndpointConfiguration{Types: []string{"REGIONAL"}},
	})
	if err != nil {
		return "", err
	}
	r, err := call[apigateway.Resource](ctx, s, &apigateway.Service, "CreateResource", &apigateway.CreateResourceRequest{RestApiId: a.Id, ParentId: a.RootResourceId, PathPart: new("hello")})
	if err != nil {
		return "", err
	}
	_, err = call[apigateway.Method](ctx, s, &apigateway.Service, "PutMethod", &apigateway.PutMethodRequest{RestApiId: a.Id, ResourceId: r.Id, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	if err != nil {
		return "", err
	}
	integration := &apigateway.PutIntegrationRequest{
		RestApiId: a.Id, ResourceId: r.Id, HttpMethod: new("GET"), Type: new("AWS_PROXY"), IntegrationHttpMethod: new("POST"),
		Uri: new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + *created.FunctionArn + "/invocations"),
	}
	if f.streams {
		integration.ResponseTransferMode = new("STREAM")
		integration.Uri = new("arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/" + *created.FunctionArn + "/response-streaming-invocations")
	}
	_, err = call[apigateway.Integration](ctx, s, &apigateway.Service, "PutIntegration", integration)
	if err != nil {
		return "", err
	}
	_, err = call[apigateway.Deployment](ctx, s, &apigateway.Service, "CreateDeployment", &apigateway.CreateDeploymentRequest{RestApiId: a.Id, StageName: new("Prod")})
	return "/_aws/execute-api/" + *a.Id + "/Prod/hello", err
}

// deployURL gives a function that has been deployed a URL of its own, and returns
// the path at which it answers.
func (s *lamgateServer) deployURL(ctx context.Context, name string) (path string, err error) {
	for statement, grant := range map[string]*lambda.AddPermissionRequest{
		"url":    {Action: new("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: new("NONE")},
		"invoke": {Action: new("lambda:InvokeFunction"), InvokedViaFunctionUrl: new(true)},
	} {
		grant.FunctionName, grant.StatementId, grant.Principal = &name, &statement, new("*")
		if _, err := call[lambda.AddPermissionResponse](ctx, s, &lambda.Service, "AddPermission", grant); err != nil {
			return "", err
		}
	}
	out, err := call[lambda.CreateFunctionUrlConfigResponse](ctx, s, &lambda.Service, "CreateFunctionUrlConfig", &lambda.CreateFunctionUrlConfigRequest{FunctionName: &name, AuthType: new("NONE")})
	if err != nil {
		return "", err
	}
	u, err := url.Parse(aws.Value(out.FunctionUrl))
	if err != nil {
		return "", err
	}
	return u.Path + "hello", nil
}

// awaitActive waits until a function can be invoked: an image is pulled first.
func (s *lamgateServer) awaitActive(ctx context.Context, name string) error {
	for range 600 {
		f, err := call[lambda.FunctionConfiguration](ctx, s, &lambda.Service, "GetFunctionConfiguration", &lambda.GetFunctionConfigurationRequest{FunctionName: &name})
		if err != nil {
			return err
		}
		switch state := aws.Value(f.State); state {
		case "Active":
			return nil
		case "Failed":
			return fmt.Errorf("%s is %s: %s", name, state, aws.Value(f.StateReason))
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%s does not become active", name)
}

// first sends the first request to an API and returns how long it took.
func (s *lamgateServer) first(path string) (time.Duration, error) {
	// A connection of its own, open before the clock starts, as a caller's is.
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	warm, err := client.Get("http://" + s.address + "/_lamgate/health")
	if err != nil {
		return 0, err
	}
	// The connection is free for the next request once the body has been read.
	_, err = io.Copy(io.Discard, warm.Body)
	warm.Body.Close()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	response, err := client.Get("http://" + s.address + path)
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answered %s (lamgate why %s)", path, response.Status, response.Header.Get("x-amzn-RequestId"))
	}
	return took, nil
}
