package wire_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// failing implements an operation of each protocol by failing.
type failing struct{ err error }

func (f failing) GetFunction(context.Context, *lambda.GetFunctionRequest) (*lambda.GetFunctionResponse, error) {
	return nil, f.err
}

func (f failing) GetAccount(context.Context, *apigateway.GetAccountRequest) (*apigateway.Account, error) {
	return nil, f.err
}

func (f failing) DescribeStacks(context.Context, *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	return nil, f.err
}

func (f failing) GetRole(context.Context, *iam.GetRoleRequest) (*iam.GetRoleResponse, error) {
	return nil, f.err
}

func (f failing) DescribeLogGroups(context.Context, *logs.DescribeLogGroupsRequest) (*logs.DescribeLogGroupsResponse, error) {
	return nil, f.err
}

func (f failing) GetObject(context.Context, *s3.GetObjectRequest) (*s3.GetObjectOutput, error) {
	return nil, f.err
}

func (f failing) HeadBucket(context.Context, *s3.HeadBucketRequest) (*s3.HeadBucketOutput, error) {
	return nil, f.err
}

// The exact form of a fault in each protocol; REQUEST stands for the request's ID
// and HOST for S3's second one.
func TestFaultForms(t *testing.T) {
	for _, test := range []struct {
		name, service, method, target string
		fault                         *aws.Fault
		status                        int
		header                        string
		body                          string
	}{
		{
			"Lambda: modelled members, in their own case", "lambda", "GET", "/2015-03-31/functions/f",
			aws.Faultf(404, "ResourceNotFoundException", "Function not found: f"), 404,
			"X-Amzn-Errortype: ResourceNotFoundException",
			`{"Type":"User","Message":"Function not found: f"}`,
		},
		{
			"Lambda: a message in small letters", "lambda", "GET", "/2015-03-31/functions/f",
			aws.Faultf(400, "InvalidParameterValueException", "no"), 400,
			"X-Amzn-Errortype: InvalidParameterValueException",
			`{"Type":"User","message":"no"}`,
		},
		{
			"Lambda: a header, and the server's fault", "lambda", "GET", "/2015-03-31/functions/f",
			aws.Faultf(429, "TooManyRequestsException", "Rate Exceeded.").With("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded").With("Retry-After", "3"), 429,
			"Retry-After: 3",
			`{"Type":"User","message":"Rate Exceeded.","Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}`,
		},
		{
			"Lambda: the model knows the status", "lambda", "GET", "/2015-03-31/functions/f",
			&aws.Fault{Code: "ServiceException", Message: "oh"}, 500,
			"X-Amzn-Errortype: ServiceException",
			`{"Type":"Service","Message":"oh"}`,
		},
		{
			"API Gateway: a fault that is not modelled", "apigateway", "GET", "/account",
			aws.Faultf(403, "ForbiddenException", "a \"quoted\"\n<b>"), 403,
			"X-Amzn-Errortype: ForbiddenException",
			`{"message":"a \"quoted\"\n<b>"}`,
		},
		{
			"CloudFormation", "cloudformation", "GET", "/?Action=DescribeStacks&Version=2010-05-15",
			aws.Faultf(400, "ValidationError", "Stack with id <x> does not exist"), 400,
			"Content-Type: text/xml",
			`<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id &lt;x&gt; does not exist</Message></Error><RequestId>REQUEST</RequestId></ErrorResponse>`,
		},
		{
			"IAM: the code on the wire is not the shape's name", "iam", "GET", "/?Action=GetRole&Version=2010-05-08&RoleName=r",
			&aws.Fault{Code: "NoSuchEntityException", Message: "The role with name r cannot be found."}, 404,
			"Content-Type: text/xml",
			`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>The role with name r cannot be found.</Message></Error><RequestId>REQUEST</RequestId></ErrorResponse>`,
		},
		{
			"Logs", "logs", "POST", "/",
			aws.Faultf(400, "ResourceNotFoundException", "The specified log group does not exist."), 400,
			"Content-Type: application/x-amz-json-1.1",
			`{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}`,
		},
		{
			"S3", "s3", "GET", "/bucket/a&b",
			aws.Faultf(404, "NoSuchKey", "The specified key does not exist.").With("Key", "a&b"), 404,
			"Content-Type: application/xml",
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&amp;b</Key><Resource>/bucket/a&amp;b</Resource><RequestId>REQUEST</RequestId><HostId>HOST</HostId></Error>",
		},
		{
			"S3: a HEAD has no body", "s3", "HEAD", "/bucket",
			aws.Faultf(404, "NoSuchBucket", "The specified bucket does not exist"), 404, "", "",
		},
		{
			"S3: nothing has changed", "s3", "GET", "/bucket/key",
			aws.Faultf(304, "NotModified", ""), 304, "", "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := newServer(t, map[string]any{test.service: failing{test.fault}})
			resp, body := send(t, server, test.service, test.method, test.target, "", "X-Amz-Target", "Logs_20140328.DescribeLogGroups")
			id := resp.Header.Get("X-Amzn-Requestid") + resp.Header.Get("X-Amz-Request-Id")
			body = strings.ReplaceAll(body, id, "REQUEST")
			if host := resp.Header.Get("X-Amz-Id-2"); host != "" {
				body = strings.ReplaceAll(body, host, "HOST")
			}
			if resp.StatusCode != test.status || body != test.body || id == "" {
				t.Errorf("got  %d %s\nwant %d %s", resp.StatusCode, body, test.status, test.body)
			}
			if name, value, ok := strings.Cut(test.header, ": "); ok && resp.Header.Get(name) != value {
				t.Errorf("%s = %q, want %q", name, resp.Header.Get(name), value)
			}
		})
	}
}

type brokenStream struct{ failing }

func (brokenStream) GetObject(context.Context, *s3.GetObjectRequest) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: io.NopCloser(io.MultiReader(strings.NewReader("half"), &failingReader{})), ContentLength: new(int64(8))}, nil
}

type failingReader struct{}

func (*failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A body that fails half way must not look whole.
func TestBrokenStreamBreaksTheConnection(t *testing.T) {
	server := newServer(t, map[string]any{"s3": brokenStream{}})
	resp, err := http.Get(server.URL + "/bucket/key")
	if err != nil {
		return // not even the status line went out
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("body = %q without an error", body)
	}
}

// endless is an object without an end, which says when nobody reads it any more.
type endless struct {
	failing
	closed chan struct{}
}

func (e endless) GetObject(context.Context, *s3.GetObjectRequest) (*s3.GetObjectOutput, error) {
	return &s3.GetObjectOutput{Body: e}, nil
}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func (e endless) Close() error {
	close(e.closed)
	return nil
}

// A caller who takes nothing of a body, and does not go away either, is given up.
func TestABodyDoesNotWaitForItsCallerForEver(t *testing.T) {
	body := endless{closed: make(chan struct{})}
	clock := aws.NewManualClock(testTime)
	h, err := wire.New([]wire.Mount{{Service: &s3.Service, Implementation: body}}, slog.New(slog.DiscardHandler), clock, wire.NewCredentials(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /bucket/key HTTP/1.1\r\nHost: s3.localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	tick, late := time.NewTicker(time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for {
		select {
		case <-body.closed:
			return
		case <-tick.C:
			clock.Advance(time.Second)
		case <-late:
			t.Fatal("it waits")
		}
	}
}

func TestSuccessForms(t *testing.T) {
	lambdas := newServer(t, map[string]any{"lambda": &fakeLambda{}})
	resp, body := send(t, lambdas, "lambda", "DELETE", "/2015-03-31/functions/f", "")
	if resp.StatusCode/100 != 2 || body != "" {
		t.Errorf("DeleteFunction: %d %q", resp.StatusCode, body)
	}
	objects := newServer(t, map[string]any{"s3": &fakeS3{objects: map[string][]byte{}}})
	_, body = send(t, objects, "s3", "GET", "/bucket?location", "")
	if want := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">eu-west-1</LocationConstraint>"; body != want {
		t.Errorf("GetBucketLocation = %s", body)
	}
	_, body = send(t, objects, "s3", "GET", "/", "")
	if want := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Buckets><Bucket><Name>one</Name><CreationDate>2026-01-02T03:04:05.000Z</CreationDate></Bucket></Buckets><Owner><ID>me</ID></Owner></ListAllMyBucketsResult>"; body != want {
		t.Errorf("ListBuckets = %s", body)
	}
	stacks := newServer(t, map[string]any{"cloudformation": &fakeCloudFormation{}})
	resp, body = send(t, stacks, "", "GET", "/?Action=DescribeStacks&Version=2010-05-15", "")
	body = strings.ReplaceAll(body, resp.Header.Get("X-Amzn-Requestid"), "REQUEST")
	if want := `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member><StackName>s&lt;&amp;&gt;</StackName><CreationTime>2026-01-02T03:04:05.120Z</CreationTime><Outputs><member><OutputKey>K</OutputKey><OutputValue>V&#13;` + "\n" + `&quot;x&quot;</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult><ResponseMetadata><RequestId>REQUEST</RequestId></ResponseMetadata></DescribeStacksResponse>`; body != want {
		t.Errorf("DescribeStacks = %s", body)
	}
}
