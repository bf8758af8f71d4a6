package wire_test

import (
	"io"
	"testing"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

func TestClient(t *testing.T) {
	ctx := t.Context()
	stacks, events, functions, objects := &fakeCloudFormation{}, &fakeLogs{}, &fakeLambda{}, &fakeS3{objects: map[string][]byte{}}
	apis := &fakeAPIGateway{}
	server := newServer(t, map[string]any{"cloudformation": stacks, "logs": events, "lambda": functions, "s3": objects, "apigateway": apis})
	client := wire.NewClient(server.URL, "eu-west-1", "123456789012", "secret")

	t.Run("Query", func(t *testing.T) {
		in := &cloudformation.CreateStackInput{
			StackName: new("s"), TemplateBody: new("a+b &c"), Tags: []cloudformation.Tag{{Key: new("k"), Value: new("v")}}, Capabilities: []string{"CAPABILITY_IAM"},
		}
		var created cloudformation.CreateStackOutput
		if err := client.Call(ctx, &cloudformation.Service, "CreateStack", in, &created); err != nil || *created.StackId != "arn:id" {
			t.Fatalf("%+v, %v", created, err)
		}
		if *stacks.in.TemplateBody != "a+b &c" || *stacks.in.Tags[0].Value != "v" || stacks.in.Capabilities[0] != "CAPABILITY_IAM" {
			t.Errorf("in = %+v", stacks.in)
		}
		var described cloudformation.DescribeStacksOutput
		if err := client.Call(ctx, &cloudformation.Service, "DescribeStacks", &cloudformation.DescribeStacksInput{}, &described); err != nil || *described.Stacks[0].Outputs[0].OutputValue != "V\r\n\"x\"" {
			t.Errorf("%+v, %v", described, err)
		}
		err := client.Call(ctx, &cloudformation.Service, "UpdateStack", &cloudformation.UpdateStackInput{StackName: new("s")}, &cloudformation.UpdateStackOutput{})
		if !aws.HasCode(err, "ValidationError") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("JSON", func(t *testing.T) {
		in := &logs.PutLogEventsRequest{LogGroupName: new("g"), LogStreamName: new("s"), LogEvents: []logs.InputLogEvent{{Message: new("m"), Timestamp: new(int64(1))}}}
		var out logs.PutLogEventsResponse
		if err := client.Call(ctx, &logs.Service, "PutLogEvents", in, &out); err != nil || *out.NextSequenceToken != "next" || *events.in.LogEvents[0].Message != "m" {
			t.Errorf("%+v, %v", out, err)
		}
		err := client.Call(ctx, &logs.Service, "CreateLogGroup", &logs.CreateLogGroupRequest{LogGroupName: new("g")}, &logs.CreateLogGroupOutput{})
		if !aws.HasCode(err, "ResourceAlreadyExistsException") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("REST and JSON", func(t *testing.T) {
		var invoked lambda.InvocationResponse
		if err := client.Call(ctx, &lambda.Service, "Invoke", &lambda.InvocationRequest{FunctionName: new("f"), Payload: []byte("{}")}, &invoked); err != nil || string(invoked.Payload) != "got {}" || *invoked.FunctionError != "Unhandled" {
			t.Errorf("%+v, %v", invoked, err)
		}
		err := client.Call(ctx, &lambda.Service, "GetFunction", &lambda.GetFunctionRequest{FunctionName: new("f")}, &lambda.GetFunctionResponse{})
		if fault := aws.AsFault(err); fault == nil || fault.Code != "ResourceNotFoundException" || fault.Message != "Function not found: f" || fault.Status != 404 {
			t.Errorf("err = %v", err)
		}
		arn := "arn:aws:apigateway:eu-west-1::/restapis/abc"
		if err := client.Call(ctx, &apigateway.Service, "TagResource", &apigateway.TagResourceRequest{ResourceArn: &arn, Tags: map[string]string{"a": "b"}}, &apigateway.TagResourceOutput{}); err != nil || *apis.tagged.ResourceArn != arn {
			t.Errorf("%+v, %v", apis.tagged, err)
		}
	})
	t.Run("REST and XML", func(t *testing.T) {
		key := "a b/ü+?#%"
		body := io.NopCloser(&oneByte{text: "content"})
		if err := client.Call(ctx, &s3.Service, "PutObject", &s3.PutObjectRequest{Bucket: new("bucket"), Key: &key, Body: body, Metadata: map[string]string{"m": "1"}}, &s3.PutObjectOutput{}); err != nil || string(objects.objects["bucket/"+key]) != "content" {
			t.Fatalf("%v, %v", objects.objects, err)
		}
		var got s3.GetObjectOutput
		if err := client.Call(ctx, &s3.Service, "GetObject", &s3.GetObjectRequest{Bucket: new("bucket"), Key: &key}, &got); err != nil || got.Metadata["m"] != "1" {
			t.Fatalf("%+v, %v", got, err)
		}
		var deleted s3.DeleteObjectsOutput
		in := &s3.DeleteObjectsRequest{Bucket: new("bucket"), Delete: &s3.Delete{Objects: []s3.ObjectIdentifier{{Key: new("x&y")}}}}
		if err := client.Call(ctx, &s3.Service, "DeleteObjects", in, &deleted); err != nil || *deleted.Deleted[0].Key != "x&y" {
			t.Errorf("%+v, %v", deleted, err)
		}
		err := client.Call(ctx, &s3.Service, "GetObject", &s3.GetObjectRequest{Bucket: new("bucket"), Key: new("none")}, &s3.GetObjectOutput{})
		if !aws.HasCode(err, "NoSuchKey") {
			t.Errorf("err = %v", err)
		}
	})
}

// oneByte gives its text byte by byte.
type oneByte struct{ text string }

func (r *oneByte) Read(p []byte) (int, error) {
	if r.text == "" {
		return 0, io.EOF
	}
	p[0], r.text = r.text[0], r.text[1:]
	return 1, nil
}
