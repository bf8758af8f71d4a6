package wire_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// A call with a session's key is the session's, also when the server is a
// handler of the same process.
func TestClientOfASession(t *testing.T) {
	functions, objects := &fakeLambda{}, &fakeS3{objects: map[string][]byte{}}
	handler := newHandler(t, map[string]any{"lambda": functions, "s3": objects})
	issued := wire.NewCredentials([]byte("key of the tests")).Issue(wire.Session{
		Account: "111122223333", RoleARN: "arn:aws:iam::111122223333:role/r", RoleID: "AROA1", Name: "s", Expiry: testTime.Add(time.Hour),
	})
	client := wire.NewClient("http://lambda", "eu-west-1", issued.AccessKeyID, issued.SecretAccessKey).WithSession(issued.SessionToken).WithHandler(handler)
	var created lambda.FunctionConfiguration
	if err := client.Call(t.Context(), &lambda.Service, "CreateFunction", &lambda.CreateFunctionRequest{
		FunctionName: new("f"), Role: new("arn:aws:iam::111122223333:role/r"), Code: &lambda.FunctionCode{ZipFile: []byte("zip")},
	}, &created); err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:lambda:eu-west-1:111122223333:function:f"; *created.FunctionArn != want {
		t.Errorf("the function is %s, want %s", *created.FunctionArn, want)
	}
	if err := client.Call(t.Context(), &lambda.Service, "GetFunction", &lambda.GetFunctionRequest{FunctionName: new("f")}, &lambda.GetFunctionResponse{}); !aws.HasCode(err, "ResourceNotFoundException") {
		t.Errorf("a refusal became %v", err)
	}
	put := &s3.PutObjectRequest{Bucket: new("bucket"), Key: new("k"), Body: http.NoBody}
	if err := client.Call(t.Context(), &s3.Service, "PutObject", put, &s3.PutObjectOutput{}); err != nil {
		t.Error(err)
	}
	if err := client.WithSession("lamgate.forged.token").Call(t.Context(), &lambda.Service, "GetFunction", &lambda.GetFunctionRequest{FunctionName: new("f")}, &lambda.GetFunctionResponse{}); err == nil || aws.HasCode(err, "ResourceNotFoundException") {
		t.Errorf("with a forged token: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := client.Call(gone, &lambda.Service, "GetFunction", &lambda.GetFunctionRequest{FunctionName: new("f")}, &lambda.GetFunctionResponse{}); !errors.Is(err, context.Canceled) {
		t.Errorf("for one who has left: %v", err)
	}
	panicking := client.WithHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a mistake") }))
	if err := panicking.Call(t.Context(), &lambda.Service, "GetFunction", &lambda.GetFunctionRequest{FunctionName: new("f")}, &lambda.GetFunctionResponse{}); err == nil {
		t.Error("a handler's panic is no answer")
	}
}

// What the client signs, AWS's own signer signs alike.
func TestClientSignsAsAWS(t *testing.T) {
	for _, token := range []string{"", "the/token+of=a session"} {
		var got *http.Request
		client := wire.NewClient("http://lambda.example:8080", "eu-west-1", "AKID", "secret").WithSession(token).
			WithHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r; w.Write([]byte("{}")) }))
		in := &lambda.GetFunctionRequest{FunctionName: new("a:b"), Qualifier: new("$LATEST")}
		if err := client.Call(t.Context(), &lambda.Service, "GetFunction", in, &lambda.GetFunctionResponse{}); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("20060102T150405Z", got.Header.Get("X-Amz-Date"))
		if err != nil {
			t.Fatal(err)
		}
		digest := got.Header.Get("X-Amz-Content-Sha256")
		want := httptest.NewRequest(got.Method, "http://"+got.Host+got.RequestURI, nil)
		want.Header.Set("X-Amz-Content-Sha256", digest)
		credentials := sdkaws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: token}
		if err := v4.NewSigner().SignHTTP(t.Context(), credentials, want, digest, "lambda", "eu-west-1", at); err != nil {
			t.Fatal(err)
		}
		if g, w := got.Header.Get("Authorization"), want.Header.Get("Authorization"); g != w {
			t.Errorf("with the token %q:\n got %s\nwant %s", token, g, w)
		}
	}
}
