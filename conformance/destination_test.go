package conformance

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// fickle fails when it is told to.
const fickle = `
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no good")
    return {"id": context.aws_request_id}
`

// as gives a function a role of its own.
func as(role string) func(*lambda.CreateFunctionInput) {
	return func(in *lambda.CreateFunctionInput) { in.Role = &role }
}

// event invokes a function asynchronously.
func event(in *lambda.InvokeInput) { in.InvocationType = types.InvocationTypeEvent }

// tell configures where a function's asynchronous invocations are told of.
func (f *function) tell(change func(*lambda.PutFunctionEventInvokeConfigInput)) {
	f.t.Helper()
	in := &lambda.PutFunctionEventInvokeConfigInput{FunctionName: &f.name, MaximumRetryAttempts: aws.Int32(0), DestinationConfig: &types.DestinationConfig{}}
	change(in)
	if _, err := lambdaClient().PutFunctionEventInvokeConfig(f.t.Context(), in); err != nil {
		f.t.Fatal("put function event invoke config:", err)
	}
}

func TestASuccessIsToldToAFunction(t *testing.T) {
	witness := newFunction(t, "import json\ndef handler(event, context):\n    print('record', json.dumps(event))\n")
	role := newRole(t, trustIn("lambda.amazonaws.com"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"`+witness.arn+`"}}`)
	f := newFunction(t, fickle, as(role))
	f.tell(func(in *lambda.PutFunctionEventInvokeConfigInput) {
		in.DestinationConfig.OnSuccess = &types.OnSuccess{Destination: &witness.arn}
	})
	f.invoke(`{"n": 1}`, event)
	var record string
	eventually(t, "the record is in the witness's log", func() bool {
		_, after, found := strings.Cut(witness.log(), "record ")
		record, _, _ = strings.Cut(after, "\n")
		return found
	})
	got := decode(t, record)
	request, response := got["requestContext"].(map[string]any), got["responseContext"].(map[string]any)
	if got["version"] != "1.0" || request["functionArn"] != f.arn+":$LATEST" || request["condition"] != "Success" || request["approximateInvokeCount"] != 1.0 ||
		got["requestPayload"].(map[string]any)["n"] != 1.0 || response["statusCode"] != 200.0 || response["executedVersion"] != "$LATEST" ||
		got["responsePayload"].(map[string]any)["id"] != request["requestId"] {
		t.Errorf("the record is %s", record)
	}
	if _, failed := response["functionError"]; failed {
		t.Errorf("the record of a success has an error: %s", record)
	}
}

func TestAFailureIsToldToABucket(t *testing.T) {
	bucket := newBucket(t)
	arn := "arn:aws:s3:::" + bucket
	role := newRole(t, trustIn("lambda.amazonaws.com"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:PutObject","s3:ListBucket"],"Resource":["`+arn+`","`+arn+`/*"]}}`)
	f := newFunction(t, fickle, as(role))
	f.tell(func(in *lambda.PutFunctionEventInvokeConfigInput) {
		in.DestinationConfig.OnFailure = &types.OnFailure{Destination: &arn}
	})
	f.invoke(`{"fail": false}`, event)
	f.invoke(`{"fail": true}`, event)
	var keys []string
	eventually(t, "the record is in the bucket", func() bool {
		out, err := s3Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
		for keys = nil; err == nil && len(keys) < len(out.Contents); {
			keys = append(keys, *out.Contents[len(keys)].Key)
		}
		return len(keys) > 0
	})
	if len(keys) != 1 || !strings.HasPrefix(keys[0], "aws/lambda/async/"+f.name+"/20") {
		t.Errorf("the bucket has %q", keys)
	}
	got := decode(t, getObject(t, &s3.GetObjectInput{Bucket: &bucket, Key: &keys[0]}))
	request, response := got["requestContext"].(map[string]any), got["responseContext"].(map[string]any)
	if request["condition"] != "RetriesExhausted" || request["approximateInvokeCount"] != 1.0 || got["requestPayload"].(map[string]any)["fail"] != true ||
		response["functionError"] != "Unhandled" || got["responsePayload"].(map[string]any)["errorMessage"] != "no good" {
		t.Errorf("the record is %v", got)
	}
}

func TestWithoutConcurrencyEventsFailAtOnce(t *testing.T) {
	bucket := newBucket(t)
	arn := "arn:aws:s3:::" + bucket
	role := newRole(t, trustIn("lambda.amazonaws.com"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:PutObject","s3:ListBucket"],"Resource":["`+arn+`","`+arn+`/*"]}}`)
	f := newFunction(t, fickle, as(role))
	f.tell(func(in *lambda.PutFunctionEventInvokeConfigInput) {
		in.DestinationConfig.OnFailure = &types.OnFailure{Destination: &arn}
		in.MaximumRetryAttempts = aws.Int32(2)
	})
	if _, err := lambdaClient().PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: &f.name, ReservedConcurrentExecutions: aws.Int32(0)}); err != nil {
		t.Fatal(err)
	}
	f.invoke(`{}`, event)
	var key string
	eventually(t, "the record is in the bucket", func() bool {
		out, err := s3Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
		if err == nil && len(out.Contents) > 0 {
			key = *out.Contents[0].Key
		}
		return key != ""
	})
	got := decode(t, getObject(t, &s3.GetObjectInput{Bucket: &bucket, Key: &key}))
	if got["requestContext"].(map[string]any)["condition"] != "ZeroReservedConcurrency" {
		t.Errorf("the record is %v", got)
	}
}
