package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/sts"
	"github.com/lamgate/lamgate/aws"
)

// callOf returns what a request is taken for, "service Operation", by the fault
// of servers that implement nothing.
func callOf(t *testing.T, server *httptest.Server, service, method, target string, header ...string) string {
	t.Helper()
	resp, body := send(t, server, service, method, target, "", header...)
	code, message := faultOf(t, resp, body)
	rest, ok := strings.CutPrefix(message, "lamgate does not implement ")
	if code != "NotImplemented" || !ok || resp.StatusCode != http.StatusNotImplemented {
		return code + ": " + message
	}
	name, _, _ := strings.Cut(rest, " yet")
	return name
}

func TestIdentify(t *testing.T) {
	server := newServer(t, nil)
	for _, test := range []struct{ name, service, method, target, header, want string }{
		{"a signature", "lambda", "GET", "/2015-03-31/functions/", "", "lambda ListFunctions"},
		{"a signature beats the host", "lambda", "GET", "/2015-03-31/functions", "Host: s3.localhost", "lambda ListFunctions"},
		{"a presigned URL", "", "GET", "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "", "s3 GetObject"},
		{"a signature of the second version", "", "GET", "/bucket/key", "Authorization: AWS AKID:c2ln", "s3 GetObject"},
		{"a signature for many regions", "", "GET", "/bucket/key", "Authorization: AWS4-ECDSA-P256-SHA256 Credential=AKID/20260102/s3/aws4_request, SignedHeaders=host, Signature=0", "s3 GetObject"},
		{"a target", "", "POST", "/", "X-Amz-Target: Logs_20140328.DescribeLogGroups", "logs DescribeLogGroups"},
		{"an action in the URL", "", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "", "sts GetCallerIdentity"},
		{"a host", "", "GET", "/account", "Host: apigateway.eu-west-1.amazonaws.com", "apigateway GetAccount"},
		{"a host of this machine", "", "GET", "/2015-03-31/functions", "Host: lambda.localhost:4566", "lambda ListFunctions"},
		{"a path that one service has", "", "GET", "/restapis/abc/resources", "", "apigateway GetResources"},
		{"else it is S3's", "", "GET", "/bucket/key", "", "s3 GetObject"},
		{"a bucket before the host", "", "GET", "/key", "Host: my.bucket.s3.amazonaws.com", "s3 GetObject"},
		{"of another region", "", "GET", "/", "Host: my.bucket.s3.eu-west-1.amazonaws.com", "s3 ListObjects"},
		{"in the old form", "", "GET", "/?list-type=2", "Host: bucket.s3-eu-west-1.amazonaws.com", "s3 ListObjectsV2"},
		{"before lamgate's own", "", "PUT", "/", "Host: bucket.s3.localhost:4566", "s3 CreateBucket"},
		{"before LocalStack's", "", "HEAD", "/", "Host: s3.localhost.localstack.cloud:4566", ""},
		{"before a bare localhost", "s3", "GET", "/key", "Host: bucket.localhost:4566", "s3 GetObject"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.want == "" {
				t.Skip("a HEAD has no body to tell")
			}
			var header []string
			if name, value, ok := strings.Cut(test.header, ": "); ok {
				header = []string{name, value}
			}
			if got := callOf(t, server, test.service, test.method, test.target, header...); got != test.want {
				t.Errorf("%s %s is taken for %s, want %s", test.method, test.target, got, test.want)
			}
		})
	}
}

// Whatever a request says of another service, the one whose handler it is given
// to answers it.
func TestAHandlerOfOneService(t *testing.T) {
	h := newHandler(t, nil)
	serverOf := func(service string) *httptest.Server {
		server := httptest.NewServer(h.Only(service))
		t.Cleanup(server.Close)
		return server
	}
	logs, iam := serverOf("logs"), serverOf("iam")
	const signed = "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0"
	for _, test := range []struct {
		server               *httptest.Server
		target, header, want string
	}{
		{logs, "/", "X-Amz-Target: Logs_20140328.DescribeLogGroups", "logs DescribeLogGroups"},
		{logs, "/", "X-Amz-Target: AmazonSSM.DescribeLogGroups", "UnknownOperationException: "},
		{logs, "/?Action=GetCallerIdentity&Version=2011-06-15", signed, "UnknownOperationException: "},
		{logs, "/2015-03-31/functions", "Host: lambda.us-east-1.amazonaws.com", "UnknownOperationException: "},
		{iam, "/?Action=ListUsers&Version=2010-05-08", "X-Amz-Target: Logs_20140328.DescribeLogGroups", "iam ListUsers"},
		{iam, "/?Action=GetCallerIdentity&Version=2011-06-15", signed, "InvalidAction: Could not find operation GetCallerIdentity for version 2010-05-08"},
	} {
		name, value, _ := strings.Cut(test.header, ": ")
		if got := callOf(t, test.server, "", "POST", test.target, name, value); got != test.want {
			t.Errorf("%s with %s is taken for %q, want %q", test.target, test.header, got, test.want)
		}
	}
	if h.Only("dynamodb") != nil {
		t.Error("there is a handler of a service that lamgate does not serve")
	}
}

func TestS3Routes(t *testing.T) {
	server := newServer(t, nil)
	for _, test := range []struct{ method, target, header, want string }{
		{"GET", "/", "", "ListBuckets"},
		{"GET", "/?x-id=ListBuckets", "", "ListBuckets"},
		{"GET", "/b", "", "ListObjects"},
		{"GET", "/b/", "", "ListObjects"},
		{"GET", "/b?list-type=2&prefix=x", "", "ListObjectsV2"},
		{"GET", "/b?versioning", "", "GetBucketVersioning"},
		{"GET", "/b?versions", "", "ListObjectVersions"},
		{"GET", "/b?notification", "", "GetBucketNotificationConfiguration"},
		{"GET", "/b?lifecycle", "", "GetBucketLifecycleConfiguration"},
		{"GET", "/b?uploads", "", "ListMultipartUploads"},
		{"GET", "/b?analytics", "", "ListBucketAnalyticsConfigurations"},
		{"GET", "/b?analytics&id=1", "", "GetBucketAnalyticsConfiguration"},
		{"GET", "/b/k?uploadId=1", "", "ListParts"},
		{"GET", "/b/k?tagging", "", "GetObjectTagging"},
		{"PUT", "/b/k", "", "PutObject"},
		{"PUT", "/b/k?partNumber=1&uploadId=1", "", "UploadPart"},
		{"PUT", "/b/k", "X-Amz-Copy-Source: b/x", "CopyObject"},
		{"PUT", "/b/k?partNumber=1&uploadId=1", "X-Amz-Copy-Source: b/x", "UploadPartCopy"},
		{"PUT", "/b?tagging", "", "PutBucketTagging"},
		{"POST", "/b/k?uploads", "", "CreateMultipartUpload"},
		{"POST", "/b/k?uploadId=1", "", "CompleteMultipartUpload"},
		{"POST", "/b?delete", "", "DeleteObjects"},
		{"DELETE", "/b/k", "", "DeleteObject"},
		{"DELETE", "/b/k?uploadId=1", "", "AbortMultipartUpload"},
		{"DELETE", "/b", "", "DeleteBucket"},
		{"DELETE", "/b?policy", "", "DeleteBucketPolicy"},
	} {
		header := []string{}
		if name, value, ok := strings.Cut(test.header, ": "); ok {
			header = []string{name, value}
		}
		got := callOf(t, server, "s3", test.method, test.target, header...)
		if want := "s3 " + test.want; got != want && !strings.HasPrefix(got, "MissingRequestBody") {
			t.Errorf("%s %s is taken for %s, want %s", test.method, test.target, got, want)
		}
	}
}

func TestWhatNobodyServes(t *testing.T) {
	server := newServer(t, nil)
	const presigned = "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
	for _, test := range []struct{ service, method, target, header, code string }{
		{"dynamodb", "POST", "/", "X-Amz-Target: DynamoDB_20120810.ListTables", "NotImplemented"},
		{"", "POST", "/", "X-Amz-Target: DynamoDB_20120810.ListTables", "UnknownOperationException"},
		{"lambda", "GET", "/2015-03-31/nonsense", "", "AccessDeniedException"},
		{"apigateway", "GET", "/nonsense", "", "MissingAuthenticationTokenException"},
		{"s3", "PATCH", "/bucket", "", "MethodNotAllowed"},
		{"iam", "GET", "/?Action=Nonsense&Version=2010-05-08", "", "InvalidAction"},
		{"iam", "GET", "/", "", "MissingAction"},
		{"logs", "POST", "/", "X-Amz-Target: Logs_20140328.Nonsense", "UnknownOperationException"},
		{"", "GET", "/?Action=X&Version=1999-01-01", "", "InvalidAction"},
		{"", "GET", "/2015-03-31/functions", "Authorization: Bearer x", "IncompleteSignatureException"},
		{"", "GET", "/2015-03-31/functions", "Authorization: AWS4-HMAC-SHA256 SignedHeaders=host", "IncompleteSignatureException"},
		{"", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "Authorization: AWS4-HMAC-SHA256 Credential=AKID/x, SignedHeaders=host, Signature=0", "IncompleteSignature"},
		{"", "GET", "/bucket/key", "Authorization: Basic eDp5", "InvalidArgument"},
		{"", "GET", "/bucket/key?X-Amz-Credential=x", "", "AuthorizationQueryParametersError"},
		{"", "GET", presigned + "&X-Amz-Date=20260101T030000Z&X-Amz-Expires=900", "", "AccessDenied"},
		{"", "GET", presigned + "&X-Amz-Date=20260102T030000Z", "", "AuthorizationQueryParametersError"},
		{"", "GET", presigned + "&X-Amz-Date=yesterday&X-Amz-Expires=900", "", "AuthorizationQueryParametersError"},
		{"", "GET", presigned + "&X-Amz-Date=20260102T030000Z&X-Amz-Expires=soon", "", "AuthorizationQueryParametersError"},
		{"", "GET", presigned + "&X-Amz-Date=20260102T030000Z&X-Amz-Expires=-1", "", "AuthorizationQueryParametersError"},
		{"", "GET", presigned + "&X-Amz-Date=20260102T030000Z&X-Amz-Expires=604801", "", "AuthorizationQueryParametersError"},
		{"", "GET", presigned + "&X-Amz-Date=20260101T030000Z&X-Amz-Expires=900&AWSAccessKeyId=AKID&Signature=0&Expires=99999999999", "", "AccessDenied"},
		{"", "GET", "/bucket/key?AWSAccessKeyId=AKID&Signature=0", "", "AccessDenied"},
		{"", "GET", "/bucket/key?AWSAccessKeyId=AKID&Signature=0&Expires=soon", "", "AccessDenied"},
	} {
		var header []string
		if name, value, ok := strings.Cut(test.header, ": "); ok {
			header = []string{name, value}
		}
		resp, body := send(t, server, test.service, test.method, test.target, "", header...)
		if code, message := faultOf(t, resp, body); code != test.code {
			t.Errorf("%s %s: %s: %s, want %s", test.method, test.target, code, message, test.code)
		}
	}
}

type fakeSTS struct{ caller aws.Caller }

func (f *fakeSTS) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	f.caller = aws.CallerFrom(ctx)
	if aws.RequestIDFrom(ctx) == "" {
		return nil, aws.Faultf(400, "NoRequestID", "")
	}
	return &sts.GetCallerIdentityResponse{Account: &f.caller.Account, Arn: &f.caller.ARN, UserId: &f.caller.UserID}, nil
}
