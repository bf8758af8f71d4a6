package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/s3"
)

// A reply is what came back on a connection.
type reply struct {
	statuses []int // of all responses
	text     string
}

// exchange sends bytes on a connection of their own and reads until the server
// closes it or says nothing more.
func (p *process) exchange(t testing.TB, sent ...string) reply {
	t.Helper()
	c := must(net.Dial("tcp", p.address))(t)
	defer c.Close()
	go func() {
		for _, s := range sent {
			if _, err := io.WriteString(c, s); err != nil {
				return // refused before its end
			}
		}
	}()
	var all bytes.Buffer
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(io.TeeReader(c, &all))
	var got reply
	for {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			break
		}
		body, err := io.ReadAll(response.Body)
		got.statuses = append(got.statuses, response.StatusCode)
		got.text = string(body)
		if err != nil || response.Close {
			break
		}
		_ = c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	}
	return got
}

// signed is the head of a request as AWS's clients sign it, but for its length.
func signed(method, path, service, headers string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/%s/aws4_request, SignedHeaders=host, Signature=%s\r\n%s",
		method, path, testAccount, service, strings.Repeat("0", 64), headers)
}

func withBody(head, body string) string {
	return fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
}

// TestHostileRequests sends what no client would. Each is refused with a status
// that says whose mistake it is, no connection answers for a request that was
// hidden in another, and the server serves on.
func TestHostileRequests(t *testing.T) {
	home := newSite(t)
	p := home.start(t)
	p.createTestRole(t)
	must(createFunction(t.Context(), p, functionSpec{name: "echo", code: python(t, "def handler(event, context): return {'statusCode': 200, 'body': event.get('body') or 'echo'}")}))(t)
	api := p.deployAPI(t, "echo")
	mustCall[s3.CreateBucketOutput](t, p, &s3.Service, "CreateBucket", &s3.CreateBucketRequest{Bucket: new("things")})
	if err := putObject(t.Context(), p, "things", "a", "a"); err != nil {
		t.Fatal(err)
	}
	p.exchange(t, "GET "+api+" HTTP/1.1\r\nHost: localhost\r\n\r\n") // its environment is warm

	functions := "/2015-03-31/functions"
	hidden := "GET /_lamgate/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	lambdaHead := signed("POST", functions, "lambda", "Content-Type: application/json\r\n")
	formHead := signed("POST", "/", "iam", "Content-Type: application/x-www-form-urlencoded\r\n")
	logsHead := signed("POST", "/", "logs", "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: Logs_20140328.DescribeLogGroups\r\n")
	deleteHead := signed("POST", "/things?delete", "s3", "Content-Type: application/xml\r\n")
	get := func(path, headers string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"
	}
	post := "POST " + api + " HTTP/1.1\r\nHost: localhost\r\n"
	s3Put := signed("PUT", "/things/b", "s3", "")
	for _, c := range []struct {
		name   string
		sent   string
		status []int // any of them; 0 for a connection that is closed without an answer
	}{
		// What is no HTTP.
		{"nothing but line ends", "\r\n\r\n\r\n\r\n", []int{0, 400}},
		{"binary", strings.Repeat("\x00\xff\x16\x03", 1000) + "\r\n\r\n", []int{400}},
		{"the beginning of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("x", 600) + "\r\n\r\n", []int{0, 400}},
		{"the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{0, 400, 405, 505}},
		{"a version that does not exist", "GET / HTTP/9.9\r\nHost: x\r\n\r\n", []int{505}},
		{"no version", "GET /\r\n\r\n", []int{400}},
		{"no host", "GET / HTTP/1.1\r\n\r\n", []int{400}},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", []int{400}},
		{"a host of nonsense", "GET / HTTP/1.1\r\nHost: a b/\x01\r\n\r\n", []int{400}},
		{"a method of nonsense", "G(T " + api + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{400}},
		{"a header without a colon", get(api, "nonsense\r\n"), []int{400}},
		{"a header name with a space", get(api, "A b: c\r\n"), []int{400}},
		{"a header with a NUL", get(api, "A: b\x00c\r\n"), []int{400}},
		{"a header of 100 kB", get(api, "A: "+strings.Repeat("b", 100_000)+"\r\n"), []int{431}},
		{"100,000 headers", get(api, strings.Repeat("A: b\r\n", 100_000)), []int{431}},
		{"2,000 headers", get(api, strings.Repeat("A: b\r\n", 2_000)), []int{200, 400, 431}},
		{"a path of 100 kB", get(api+strings.Repeat("a", 100_000), ""), []int{414, 431}},
		{"a path of 9 kB", get(api+strings.Repeat("a", 9_000), ""), []int{403, 414}},
		// Paths and queries.
		{"a path that is no encoding", get(api+"%zz", ""), []int{400}},
		{"a path that climbs", get(api+"../../../_lamgate/health", ""), []int{400, 403}},
		{"a path that climbs in code", get(api+"%2e%2e/%2e%2e/%00", ""), []int{400, 403}},
		{"a query that is no encoding", get(api+"?a=%zz&%=%&=&&;", ""), []int{200, 400}},
		{"a query of 5,000 parameters", get(api+"?"+strings.Repeat("a=&", 2_500), ""), []int{200, 400, 414}},
		{"an API that does not exist", get("/_aws/execute-api/nothing/Prod/", ""), []int{403}},
		{"lamgate's own, climbing", get("/_lamgate/code/../../../../etc/passwd", ""), []int{301, 307, 400, 403, 404}},
		{"lamgate's own, with a wrong signature", get("/_lamgate/code/functions/x?Expires=99999999999&Signature=00", ""), []int{403}},
		{"lamgate's own, written to", strings.Replace(get("/_lamgate/health", "Content-Length: 0\r\n"), "GET", "DELETE", 1), []int{404, 405}},
		// Bodies.
		{"a length of nonsense", post + "Content-Length: 1x\r\n\r\n{}", []int{400}},
		{"a length below nothing", post + "Content-Length: -1\r\n\r\n{}", []int{400}},
		{"two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", []int{400}},
		{"a length and chunks", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", []int{200, 400}},
		{"a request behind a length and chunks", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX" + hidden, []int{200, 400}},
		{"an encoding that does not exist", post + "Transfer-Encoding: nonsense\r\n\r\n" + hidden, []int{400, 501}},
		{"two encodings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden, []int{400, 501}},
		{"an encoding behind a tab", post + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + hidden, []int{400, 501}},
		{"chunks in HTTP/1.0", strings.Replace(post, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, []int{200, 400, 501}},
		{"a chunk of nonsense", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n" + hidden, []int{400, 0}},
		{"a chunk below nothing", post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n" + hidden, []int{400, 0}},
		{"a chunk of more than there is", post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\nab\r\n0\r\n\r\n" + hidden, []int{400, 0}},
		{"a chunk that is longer than it says", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n0\r\n\r\n" + hidden, []int{400, 0}},
		{"a chunk's extension of 100 kB", post + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 100_000) + "\r\na\r\n0\r\n\r\n", []int{400, 0}},
		{"a length for S3 in chunks that are none", withBody(strings.Replace(s3Put, "Authorization", "X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\nX-Amz-Decoded-Content-Length: 5\r\nContent-Encoding: aws-chunked\r\nAuthorization", 1), "zz\r\nhello\r\n"), []int{400, 403}},
		{"an expectation of nonsense", post + "Expect: nonsense\r\nContent-Length: 2\r\n\r\n{}", []int{417}},
		// Signatures.
		{"an authorization of nothing", "GET / HTTP/1.1\r\nHost: x\r\nAuthorization:\r\n\r\n", []int{200, 400, 403}},
		{"an authorization of another kind", "GET " + functions + " HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\n\r\n", []int{400, 403}},
		{"an authorization of half", "GET " + functions + " HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/b\r\n\r\n", []int{400, 403}},
		{"an authorization of commas", "GET " + functions + " HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 " + strings.Repeat(",=/", 5_000) + "\r\n\r\n", []int{400, 403}},
		{"an authorization of slashes", "GET " + functions + " HTTP/1.1\r\nHost: x\r\nAuthorization: AWS4-HMAC-SHA256 Credential=////////, SignedHeaders=;, Signature=\r\n\r\n", []int{400, 403, 501}},
		{"two authorizations", signed("GET", functions, "lambda", "Authorization: AWS4-HMAC-SHA256 Credential=x\r\n") + "\r\n", []int{200, 400, 403}},
		{"a session token of nonsense", signed("GET", functions, "lambda", "X-Amz-Security-Token: "+strings.Repeat("A", 9_000)+"\r\n") + "\r\n", []int{200, 400, 403}},
		{"a service that does not exist", signed("GET", "/", "nothing", "") + "\r\n", []int{501}},
		{"an operation that does not exist", withBody(formHead, "Action=Nothing&Version=2010-05-08"), []int{400}},
		{"a target that does not exist", withBody(strings.Replace(logsHead, "DescribeLogGroups", "Nothing", 1), "{}"), []int{400}},
		// Documents.
		{"JSON that breaks off", withBody(lambdaHead, `{"FunctionName": "a`), []int{400}},
		{"JSON of another kind", withBody(lambdaHead, `[1]`), []int{400}},
		{"JSON with members of other kinds", withBody(lambdaHead, `{"FunctionName": {"a": 1}, "Timeout": "x"}`), []int{400}},
		{"JSON that is deep", withBody(lambdaHead, deep), []int{400}},
		{"JSON of a million values", withBody(lambdaHead, `{"Layers":["a"`+strings.Repeat(`,"a"`, 1_000_000)+`]}`), []int{400}},
		{"JSON with a number of 100 kB", withBody(lambdaHead, `{"Timeout":`+strings.Repeat("9", 100_000)+`}`), []int{400}},
		{"JSON that is no text", withBody(lambdaHead, "{\"FunctionName\":\"\xff\xfe\"}"), []int{400}},
		{"JSON for logs that is deep", withBody(logsHead, deep), []int{400}},
		{"a form of nonsense", withBody(formHead, "Action=CreateRole&Version=2010-05-08&%zz=%&&&="), []int{400}},
		{"a form with a list of a billion", withBody(formHead, "Action=TagRole&Version=2010-05-08&RoleName=test&Tags.member.1000000000.Key=a"), []int{400}},
		{"a form of 100,000 members", withBody(formHead, "Action=TagRole&Version=2010-05-08&RoleName=test"+strings.Repeat("&Tags.member.1.Key=a", 100_000)), []int{400, 413}},
		{"XML that breaks off", withBody(deleteHead, "<Delete><Object>"), []int{400}},
		{"XML that is deep", withBody(deleteHead, strings.Repeat("<Delete>", 100_000)), []int{400}},
		{"XML with entities that grow", withBody(deleteHead, `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>`), []int{400}},
		{"XML that reads a file", withBody(deleteHead, `<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&a;</Key></Object></Delete>`), []int{400}},
		{"a bucket that climbs", signed("GET", "/../../etc/passwd", "s3", "") + "\r\n", []int{400, 403, 404}},
		{"a key that climbs", signed("GET", "/things/../../../etc/passwd", "s3", "") + "\r\n", []int{400, 404}},
		{"a range of nonsense", signed("GET", "/things/a", "s3", "Range: bytes=9-1,-,x\r\n") + "\r\n", []int{200, 400, 416}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := p.exchange(t, c.sent)
			first := 0
			if len(got.statuses) > 0 {
				first = got.statuses[0]
			}
			if !slices.Contains(c.status, first) {
				t.Errorf("it is answered with %d %.300s, not with one of %v", first, got.text, c.status)
			}
			if strings.Contains(got.text, `"lamgate"`) || strings.Contains(got.text, "root:") {
				t.Errorf("a request that was hidden is answered: %v %.300s", got.statuses, got.text)
			}
			if strings.Contains(got.text, "goroutine") || strings.Contains(got.text, "InternalFailure") {
				t.Errorf("it is answered with %.300s", got.text)
			}
			p.alive(t)
		})
	}
	p.stop(t)
}

// TestOversizeBodies sends more than AWS takes.
func TestOversizeBodies(t *testing.T) {
	home := newSite(t)
	p := home.start(t)
	p.createTestRole(t)
	must(createFunction(t.Context(), p, functionSpec{name: "length", memory: 256, code: python(t, "def handler(event, context): return {'statusCode': 200, 'body': str(len(event.get('body') or ''))}")}))(t)
	api := p.deployAPI(t, "length")
	for _, c := range []struct {
		name, head string
		size       int
		status     int
		says       string
	}{
		{"an API's, as large as it may be but for the event's frame", "POST " + api + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n", 5 << 20, 200, "5242880"},
		{"an API's", "POST " + api + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n", 10<<20 + 1, 413, "Request Too Long"},
		{"an invocation's", signed("POST", "/2015-03-31/functions/length/invocations", "lambda", ""), 6<<20 + 1, 413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
		{"a large invocation's", signed("POST", "/2015-03-31/functions/length/invocations", "lambda", ""), 20 << 20, 413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
		{"a dry run's", signed("POST", "/2015-03-31/functions/length/invocations", "lambda", "X-Amz-Invocation-Type: DryRun\r\n"), 6<<20 + 1, 413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
		{"an event's", signed("POST", "/2015-03-31/functions/length/invocations", "lambda", "X-Amz-Invocation-Type: Event\r\n"), 1<<20 + 1, 413, "1048577 byte payload is too large for the Event invocation type"},
		{"a new function's", signed("POST", "/2015-03-31/functions", "lambda", ""), 71 << 20, 413, "Request must be smaller than"},
		{"a log's", signed("POST", "/", "logs", "X-Amz-Target: Logs_20140328.PutLogEvents\r\n"), 64 << 20, 0, ""},
		{"a form's", signed("POST", "/", "cloudformation", "Content-Type: application/x-www-form-urlencoded\r\n"), 64 << 20, 0, ""},
	} {
		for _, chunked := range []bool{false, true} {
			name, sent := c.name, c.head+fmt.Sprintf("Content-Length: %d\r\n\r\n", c.size)
			body := []string{`"` + strings.Repeat("x", c.size-2) + `"`}
			if chunked {
				name, sent = c.name+", in chunks", c.head+"Transfer-Encoding: chunked\r\n\r\n"
				body = []string{fmt.Sprintf("%x\r\n", c.size), body[0], "\r\n0\r\n\r\n"}
			}
			t.Run(name, func(t *testing.T) {
				got := p.exchange(t, append([]string{sent}, body...)...)
				if len(got.statuses) == 0 {
					t.Fatal("it is not answered")
				}
				switch status := got.statuses[0]; {
				case c.status == 0 && (status < 400 || status > 499), c.status != 0 && status != c.status:
					t.Errorf("the status is %d: %.300s", status, got.text)
				case !strings.Contains(got.text, c.says):
					t.Errorf("it is answered with %.300s", got.text)
				}
				p.alive(t)
			})
		}
	}
	mb := p.anonymousMemory(t) >> 20
	t.Logf("the server takes %d MB", mb)
	if mb > 800 && !race {
		t.Errorf("the server takes %d MB", mb)
	}
	p.stop(t)
}

// TestSlowConnections holds many connections open that never finish what they
// began, beside clients that must not feel it.
func TestSlowConnections(t *testing.T) {
	home := newSite(t)
	p := home.start(t)
	p.alive(t)
	before := p.openFiles(t)
	var held []net.Conn
	for i := range 500 {
		c := must(net.Dial("tcp", p.address))(t)
		held = append(held, c)
		begun := []string{"", "GET", "GET / HTTP/1.1\r\nHo", "POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "PUT /things/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}
		must(io.WriteString(c, begun[i%len(begun)]))(t)
	}
	for range 20 {
		p.alive(t)
	}
	mustCall[lambda.ListFunctionsResponse](t, p, &lambda.Service, "ListFunctions", &lambda.ListFunctionsRequest{})
	for _, c := range held {
		c.Close()
	}
	eventually(t, patience, func() error {
		if now := p.openFiles(t); now > before+2 {
			return fmt.Errorf("%d files are open, and were %d before", now, before)
		}
		return nil
	})
	// Those that are held do not keep the server from ending.
	c := must(net.Dial("tcp", p.address))(t)
	defer c.Close()
	must(io.WriteString(c, "GET / HT"))(t)
	p.stop(t)
}

// openFiles counts the files that the server's process has open.
func (p *process) openFiles(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(p.pid), "fd"))
	if err != nil {
		t.Skipf("the files of a process cannot be counted: %v", err)
	}
	return len(entries)
}
