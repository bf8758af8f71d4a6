package conformance

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// Functions that many tests use. They are Python: python3 is on every machine
// that can run these tests.
const (
	// echo answers with the event it was given.
	echo = `
import json

def handler(event, context):
    return {"body": json.dumps(event)}
`
	// parrot answers with whatever the request's body says, as JSON.
	parrot = `
import json

def handler(event, context):
    return json.loads(event["body"])
`
	// greeter answers with the value of its variable.
	greeter = `
import os

def handler(event, context):
    return {"statusCode": 200, "body": os.environ.get("GREETING", "hello")}
`
)

// A function is a function that a test has made.
type function struct {
	t    testing.TB
	name string
	arn  string
}

// newFunction creates a function of Python source and removes it after the test.
func newFunction(t testing.TB, source string, change ...func(*lambda.CreateFunctionInput)) *function {
	t.Helper()
	in := &lambda.CreateFunctionInput{
		FunctionName: aws.String(uniqueName("f")),
		Runtime:      types.RuntimePython313,
		Handler:      aws.String("index.handler"),
		Role:         aws.String(functionRole(t)),
		Code:         &types.FunctionCode{ZipFile: archive(t, map[string]string{"index.py": source})},
		Timeout:      aws.Int32(10),
	}
	for _, c := range change {
		c(in)
	}
	out, err := lambdaClient().CreateFunction(t.Context(), in)
	if err != nil {
		t.Fatal("create function:", err)
	}
	t.Cleanup(func() {
		lambdaClient().DeleteFunction(cleanup(), &lambda.DeleteFunctionInput{FunctionName: out.FunctionName})
	})
	waiter := lambda.NewFunctionActiveV2Waiter(lambdaClient())
	if err := waiter.Wait(t.Context(), &lambda.GetFunctionInput{FunctionName: out.FunctionName}, give); err != nil {
		t.Fatal("the function does not become active:", err)
	}
	return &function{t, *out.FunctionName, *out.FunctionArn}
}

// invoke runs the function and returns its answer.
func (f *function) invoke(payload string, change ...func(*lambda.InvokeInput)) *lambda.InvokeOutput {
	f.t.Helper()
	in := &lambda.InvokeInput{FunctionName: &f.name, Payload: []byte(payload)}
	for _, c := range change {
		c(in)
	}
	out, err := lambdaClient().Invoke(f.t.Context(), in)
	return must(f.t, out, err)
}

// permit lets API Gateway invoke the function for what matches a source ARN.
func (f *function) permit(sourceARN string) {
	f.t.Helper()
	_, err := lambdaClient().AddPermission(f.t.Context(), &lambda.AddPermissionInput{
		FunctionName: &f.name, StatementId: aws.String(uniqueName("s")), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("apigateway.amazonaws.com"), SourceArn: &sourceARN,
	})
	if err != nil {
		f.t.Fatal("add permission:", err)
	}
}

// archive makes a deployment package.
func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// trustIn is the trust policy of a role that a service may assume.
func trustIn(service string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "` + service + `"}, "Action": "sts:AssumeRole"}]}`
}

// newRole creates a role with one inline policy, or none, and removes it after
// the test.
func newRole(t testing.TB, trust, policy string) (arn string) {
	t.Helper()
	name := uniqueName("role")
	out, err := iamClient().CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	if err != nil {
		t.Fatal("create role:", err)
	}
	t.Cleanup(func() {
		iamClient().DeleteRolePolicy(cleanup(), &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String("inline")})
		iamClient().DeleteRole(cleanup(), &iam.DeleteRoleInput{RoleName: &name})
	})
	if policy != "" {
		putRolePolicy(t, *out.Role.Arn, policy)
	}
	return *out.Role.Arn
}

// putRolePolicy gives a role its one inline policy.
func putRolePolicy(t testing.TB, arn, policy string) {
	t.Helper()
	_, err := iamClient().PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String(arn[strings.LastIndex(arn, "/")+1:]), PolicyName: aws.String("inline"), PolicyDocument: &policy,
	})
	if err != nil {
		t.Fatal("put role policy:", err)
	}
}

var executionRole struct {
	sync.Mutex
	arn string
}

// functionRole returns the role that all functions run as.
func functionRole(t testing.TB) string {
	t.Helper()
	r := &executionRole
	r.Lock()
	defer r.Unlock()
	if r.arn != "" {
		return r.arn
	}
	name := "lamgate-conformance"
	out, err := iamClient().CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustIn("lambda.amazonaws.com"))})
	var exists *iamtypes.EntityAlreadyExistsException
	switch {
	case err == nil:
		r.arn = *out.Role.Arn
	case errors.As(err, &exists):
		got, err := iamClient().GetRole(t.Context(), &iam.GetRoleInput{RoleName: &name})
		r.arn = *must(t, got, err).Role.Arn
	default:
		t.Fatal("create the functions' role:", err)
	}
	return r.arn
}
