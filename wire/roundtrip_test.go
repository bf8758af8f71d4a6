package wire_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	sdkapigateway "github.com/aws/aws-sdk-go-v2/service/apigateway"
	sdkcloudformation "github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	sdklogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	sdklambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// newServer serves implementations, one per service or none, to real clients.
func newServer(t *testing.T, implementations map[string]any) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(newHandler(t, implementations))
	t.Cleanup(server.Close)
	return server
}

func newHandler(t *testing.T, implementations map[string]any) *wire.Handler {
	t.Helper()
	var mounts []wire.Mount
	for _, s := range allServices {
		mounts = append(mounts, wire.Mount{Service: s, Implementation: implementations[s.Name]})
	}
	h, err := wire.New(mounts, slog.New(slog.NewTextHandler(t.Output(), nil)), aws.NewManualClock(testTime), wire.NewCredentials([]byte("key of the tests")))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func sdkConfig(server *httptest.Server) sdkaws.Config {
	return sdkaws.Config{
		Region:       "eu-west-1",
		BaseEndpoint: sdkaws.String(server.URL),
		Credentials: sdkaws.CredentialsProviderFunc(func(context.Context) (sdkaws.Credentials, error) {
			return sdkaws.Credentials{AccessKeyID: "123456789012", SecretAccessKey: "secret"}, nil
		}),
		HTTPClient: server.Client(),
	}
}

type fakeLambda struct{ created *lambda.CreateFunctionRequest }

func (f *fakeLambda) CreateFunction(ctx context.Context, in *lambda.CreateFunctionRequest) (*lambda.FunctionConfiguration, error) {
	f.created = in
	return &lambda.FunctionConfiguration{
		FunctionName: in.FunctionName,
		FunctionArn:  new(aws.CallerFrom(ctx).NewARN("lambda", "function:"+*in.FunctionName).String()),
		Layers:       []lambda.Layer{{Arn: new("layer"), CodeSize: new(int64(7))}},
		Environment:  &lambda.EnvironmentResponse{Variables: map[string]string{"A": "1\n<&>\u00e9"}},
	}, nil
}

func (f *fakeLambda) GetFunction(_ context.Context, in *lambda.GetFunctionRequest) (*lambda.GetFunctionResponse, error) {
	return nil, aws.Faultf(404, "ResourceNotFoundException", "Function not found: %s", *in.FunctionName)
}

func (f *fakeLambda) Invoke(_ context.Context, in *lambda.InvocationRequest) (*lambda.InvocationResponse, error) {
	if *in.FunctionName == "panics" {
		panic("a mistake")
	}
	return &lambda.InvocationResponse{
		StatusCode:      new(int32(200)),
		ExecutedVersion: new("$LATEST"),
		FunctionError:   new("Unhandled"),
		Payload:         append([]byte("got "), in.Payload...),
	}, nil
}

func (f *fakeLambda) UntagResource(_ context.Context, in *lambda.UntagResourceRequest) (*lambda.UntagResourceOutput, error) {
	return nil, errors.New(*in.Resource + " " + strings.Join(in.TagKeys, "|"))
}

func (f *fakeLambda) DeleteFunction(context.Context, *lambda.DeleteFunctionRequest) (*lambda.DeleteFunctionResponse, error) {
	return nil, nil
}

func TestLambdaClient(t *testing.T) {
	ctx := t.Context()
	fake := &fakeLambda{}
	client := sdklambda.NewFromConfig(sdkConfig(newServer(t, map[string]any{"lambda": fake})))

	t.Run("an input arrives and an output comes back", func(t *testing.T) {
		out, err := client.CreateFunction(ctx, &sdklambda.CreateFunctionInput{
			FunctionName:  sdkaws.String("hello"),
			Role:          sdkaws.String("arn:aws:iam::123456789012:role/r"),
			Code:          &lambdatypes.FunctionCode{ZipFile: []byte{0, 1, 2, 255}},
			MemorySize:    sdkaws.Int32(256),
			Publish:       true,
			Architectures: []lambdatypes.Architecture{lambdatypes.ArchitectureArm64},
			Tags:          map[string]string{"k": "v"},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := &lambda.CreateFunctionRequest{
			FunctionName: new("hello"), Role: new("arn:aws:iam::123456789012:role/r"), Code: &lambda.FunctionCode{ZipFile: []byte{0, 1, 2, 255}},
			MemorySize: new(int32(256)), Publish: new(true), Architectures: []string{"arm64"}, Tags: map[string]string{"k": "v"},
		}
		if diff := cmp.Diff(want, fake.created); diff != "" {
			t.Error(diff)
		}
		if got, want := *out.FunctionArn, "arn:aws:lambda:eu-west-1:123456789012:function:hello"; got != want {
			t.Errorf("FunctionArn = %s, want %s: account and region are those of the signature", got, want)
		}
		if out.Layers[0].CodeSize != 7 || out.Environment.Variables["A"] != "1\n<&>\u00e9" {
			t.Errorf("output = %+v", out)
		}
	})
	t.Run("a payload and headers", func(t *testing.T) {
		out, err := client.Invoke(ctx, &sdklambda.InvokeInput{FunctionName: sdkaws.String("arn:aws:lambda:eu-west-1:123456789012:function:f"), Payload: []byte(`{"a":1}`)})
		if err != nil {
			t.Fatal(err)
		}
		if string(out.Payload) != `got {"a":1}` || *out.FunctionError != "Unhandled" || *out.ExecutedVersion != "$LATEST" || out.StatusCode != 200 {
			t.Errorf("output = %+v", out)
		}
	})
	t.Run("a modelled error", func(t *testing.T) {
		_, err := client.GetFunction(ctx, &sdklambda.GetFunctionInput{FunctionName: sdkaws.String("f")})
		if notFound, ok := errors.AsType[*lambdatypes.ResourceNotFoundException](err); !ok || *notFound.Message != "Function not found: f" || *notFound.Type != "User" {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("validation in AWS's words", func(t *testing.T) {
		_, err := client.CreateFunction(ctx, &sdklambda.CreateFunctionInput{
			FunctionName: sdkaws.String("hello"), Role: sdkaws.String("r1"), Code: &lambdatypes.FunctionCode{},
			Architectures: []lambdatypes.Architecture{"X86_64"},
		})
		wantFault(t, err, "ValidationException", `2 validation errors detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+; `+
			`Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]`)
	})
	t.Run("an operation that is not implemented", func(t *testing.T) {
		_, err := client.ListLayers(ctx, &sdklambda.ListLayersInput{})
		wantFault(t, err, "NotImplemented", "lamgate does not implement lambda ListLayers yet (lamgate operations lists what it has)")
	})
	t.Run("an internal error tells the client nothing", func(t *testing.T) {
		_, err := client.UntagResource(ctx, &sdklambda.UntagResourceInput{Resource: sdkaws.String("arn:aws:lambda:eu-west-1:123456789012:function:f"), TagKeys: []string{"a", "b"}}, once)
		wantFault(t, err, "InternalFailure", aws.InternalFault().Message)
	})
	t.Run("nor does a panic", func(t *testing.T) {
		_, err := client.Invoke(ctx, &sdklambda.InvokeInput{FunctionName: sdkaws.String("panics")}, once)
		wantFault(t, err, "InternalFailure", aws.InternalFault().Message)
	})
	t.Run("a nil output", func(t *testing.T) {
		if _, err := client.DeleteFunction(ctx, &sdklambda.DeleteFunctionInput{FunctionName: sdkaws.String("f")}); err != nil {
			t.Error(err)
		}
	})
}

func once(o *sdklambda.Options) { o.RetryMaxAttempts = 1 }

func wantFault(t *testing.T, err error, code, message string) {
	t.Helper()
	fault, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("error = %v, want a fault", err)
	}
	if fault.ErrorCode() != code || fault.ErrorMessage() != message {
		t.Errorf("fault = %s: %s\nwant    %s: %s", fault.ErrorCode(), fault.ErrorMessage(), code, message)
	}
}

type fakeCloudFormation struct {
	in *cloudformation.CreateStackInput
}

func (f *fakeCloudFormation) CreateStack(_ context.Context, in *cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
	f.in = in
	return &cloudformation.CreateStackOutput{StackId: new("arn:id")}, nil
}

func (f *fakeCloudFormation) DescribeStacks(context.Context, *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	return &cloudformation.DescribeStacksOutput{Stacks: []cloudformation.Stack{{
		StackName:    new("s<&>"),
		CreationTime: new(testTime.Add(120 * time.Millisecond)),
		Outputs:      []cloudformation.Output{{OutputKey: new("K"), OutputValue: new("V\r\n\"x\"")}},
	}}}, nil
}

func (f *fakeCloudFormation) DeleteStack(context.Context, *cloudformation.DeleteStackInput) (*cloudformation.DeleteStackOutput, error) {
	return &cloudformation.DeleteStackOutput{}, nil
}

func (f *fakeCloudFormation) UpdateStack(context.Context, *cloudformation.UpdateStackInput) (*cloudformation.UpdateStackOutput, error) {
	return nil, aws.Faultf(400, "ValidationError", "No updates are to be performed.")
}

func TestCloudFormationClient(t *testing.T) {
	ctx := t.Context()
	fake := &fakeCloudFormation{}
	client := sdkcloudformation.NewFromConfig(sdkConfig(newServer(t, map[string]any{"cloudformation": fake})))
	out, err := client.CreateStack(ctx, &sdkcloudformation.CreateStackInput{
		StackName:        sdkaws.String("s"),
		TemplateBody:     sdkaws.String("a: é\nb: 1 + 2 %"),
		Parameters:       []cloudformationtypes.Parameter{{ParameterKey: sdkaws.String("P"), ParameterValue: sdkaws.String("1")}, {ParameterKey: sdkaws.String("Q"), UsePreviousValue: sdkaws.Bool(true)}},
		Capabilities:     []cloudformationtypes.Capability{cloudformationtypes.CapabilityCapabilityIam},
		NotificationARNs: []string{},
		TimeoutInMinutes: sdkaws.Int32(5),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &cloudformation.CreateStackInput{
		StackName: new("s"), TemplateBody: new("a: é\nb: 1 + 2 %"),
		Parameters:   []cloudformation.Parameter{{ParameterKey: new("P"), ParameterValue: new("1")}, {ParameterKey: new("Q"), UsePreviousValue: new(true)}},
		Capabilities: []string{"CAPABILITY_IAM"}, NotificationARNs: []string{}, TimeoutInMinutes: new(int32(5)),
	}
	if diff := cmp.Diff(want, fake.in); diff != "" {
		t.Error(diff)
	}
	if *out.StackId != "arn:id" {
		t.Errorf("StackId = %q", *out.StackId)
	}
	described, err := client.DescribeStacks(ctx, &sdkcloudformation.DescribeStacksInput{})
	if err != nil {
		t.Fatal(err)
	}
	s := described.Stacks[0]
	if *s.StackName != "s<&>" || !s.CreationTime.Equal(testTime.Add(120*time.Millisecond)) || *s.Outputs[0].OutputValue != "V\r\n\"x\"" {
		t.Errorf("stack = %+v", s)
	}
	if _, err := client.DeleteStack(ctx, &sdkcloudformation.DeleteStackInput{StackName: sdkaws.String("s")}); err != nil {
		t.Error(err)
	}
	_, err = client.UpdateStack(ctx, &sdkcloudformation.UpdateStackInput{StackName: sdkaws.String("s")})
	wantFault(t, err, "ValidationError", "No updates are to be performed.")
	_, err = client.CreateStack(ctx, &sdkcloudformation.CreateStackInput{StackName: sdkaws.String("*@da_$")})
	wantFault(t, err, "ValidationError", "1 validation error detected: Value '*@da_$' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*")
}

type fakeLogs struct{ in *logs.PutLogEventsRequest }

func (f *fakeLogs) PutLogEvents(_ context.Context, in *logs.PutLogEventsRequest) (*logs.PutLogEventsResponse, error) {
	f.in = in
	return &logs.PutLogEventsResponse{NextSequenceToken: new("next")}, nil
}

func (f *fakeLogs) CreateLogGroup(_ context.Context, in *logs.CreateLogGroupRequest) (*logs.CreateLogGroupOutput, error) {
	return nil, aws.Faultf(400, "ResourceAlreadyExistsException", "The specified log group already exists")
}

func TestLogsClient(t *testing.T) {
	ctx := t.Context()
	fake := &fakeLogs{}
	client := sdklogs.NewFromConfig(sdkConfig(newServer(t, map[string]any{"logs": fake})))
	out, err := client.PutLogEvents(ctx, &sdklogs.PutLogEventsInput{
		LogGroupName: sdkaws.String("/aws/lambda/f"), LogStreamName: sdkaws.String("2026/01/02/[$LATEST]x"),
		LogEvents: []logstypes.InputLogEvent{{Message: sdkaws.String("a \"quoted\" \u2028 😀"), Timestamp: sdkaws.Int64(1767323045000)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *out.NextSequenceToken != "next" || *fake.in.LogEvents[0].Message != "a \"quoted\" \u2028 😀" || *fake.in.LogEvents[0].Timestamp != 1767323045000 {
		t.Errorf("out = %+v, in = %+v", out, fake.in)
	}
	_, err = client.CreateLogGroup(ctx, &sdklogs.CreateLogGroupInput{LogGroupName: sdkaws.String("g")})
	if _, ok := errors.AsType[*logstypes.ResourceAlreadyExistsException](err); !ok {
		t.Errorf("error = %v", err)
	}
	_, err = client.CreateLogGroup(ctx, &sdklogs.CreateLogGroupInput{LogGroupName: sdkaws.String("no spaces")})
	wantFault(t, err, "InvalidParameterException", `1 validation error detected: Value 'no spaces' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`)
}

type fakeAPIGateway struct {
	tagged *apigateway.TagResourceRequest
}

func (f *fakeAPIGateway) CreateRestApi(_ context.Context, in *apigateway.CreateRestApiRequest) (*apigateway.RestApi, error) {
	return &apigateway.RestApi{Id: new("abc"), Name: in.Name, CreatedDate: &testTime, BinaryMediaTypes: []string{}}, nil
}

func (f *fakeAPIGateway) TagResource(_ context.Context, in *apigateway.TagResourceRequest) (*apigateway.TagResourceOutput, error) {
	f.tagged = in
	return nil, nil
}

func (f *fakeAPIGateway) GetRestApi(context.Context, *apigateway.GetRestApiRequest) (*apigateway.RestApi, error) {
	return nil, aws.Faultf(429, "TooManyRequestsException", "Too Many Requests").With("Retry-After", "7")
}

func TestAPIGatewayClient(t *testing.T) {
	ctx := t.Context()
	fake := &fakeAPIGateway{}
	client := sdkapigateway.NewFromConfig(sdkConfig(newServer(t, map[string]any{"apigateway": fake})), func(o *sdkapigateway.Options) { o.RetryMaxAttempts = 1 })
	out, err := client.CreateRestApi(ctx, &sdkapigateway.CreateRestApiInput{Name: sdkaws.String("n")})
	if err != nil {
		t.Fatal(err)
	}
	if *out.Id != "abc" || *out.Name != "n" || !out.CreatedDate.Equal(testTime) || out.BinaryMediaTypes == nil {
		t.Errorf("out = %+v", out)
	}
	arn := "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/v1"
	if _, err := client.TagResource(ctx, &sdkapigateway.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	if *fake.tagged.ResourceArn != arn {
		t.Errorf("ResourceArn = %q: an encoded slash belongs to its label", *fake.tagged.ResourceArn)
	}
	_, err = client.GetRestApi(ctx, &sdkapigateway.GetRestApiInput{RestApiId: sdkaws.String("x")})
	wantFault(t, err, "TooManyRequestsException", "Too Many Requests")
}

type wrongSignature struct{}

func (wrongSignature) CreateFunction(context.Context) error { return nil }

func TestWrongSignatureIsRefusedAtStart(t *testing.T) {
	_, err := wire.New([]wire.Mount{{Service: &lambda.Service, Implementation: wrongSignature{}}}, slog.Default(), aws.SystemClock{}, wire.NewCredentials(nil))
	if err == nil || !strings.Contains(err.Error(), "lambda.CreateFunctionAPI") {
		t.Errorf("err = %v, want one that names the interface", err)
	}
}

func TestOperations(t *testing.T) {
	done := map[string]bool{}
	for _, op := range wire.Operations(&lambda.Service, &fakeLambda{}) {
		done[op.Operation] = op.Done
	}
	if !done["Invoke"] || done["ListFunctions"] || len(done) != len(lambda.Service.Operations) {
		t.Errorf("operations = %v", done)
	}
}
