package wire_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
)

func TestS3BodiesAreVerified(t *testing.T) {
	fake := &fakeS3{objects: map[string][]byte{}}
	server := newServer(t, map[string]any{"s3": fake})
	const content = "hello, world"
	b64 := base64.StdEncoding.EncodeToString
	md5sum := md5.Sum([]byte(content))
	sha := sha256.Sum256([]byte(content))
	crc := crc32.ChecksumIEEE([]byte(content))
	crcText := b64([]byte{byte(crc >> 24), byte(crc >> 16), byte(crc >> 8), byte(crc)})
	chunks := func(trailer string) string {
		return "5;chunk-signature=00\r\nhello\r\n7;chunk-signature=00\r\n, world\r\n0;chunk-signature=00\r\n" + trailer + "\r\n"
	}
	streaming := []string{"X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length", "12", "Content-Encoding", "gzip,aws-chunked"}
	with := func(header ...string) []string { return append(append([]string{}, streaming...), header...) }

	for _, test := range []struct {
		name, body string
		header     []string
		code       string // empty: stored
	}{
		{"nothing to verify", content, nil, ""},
		{"Content-MD5", content, []string{"Content-Md5", b64(md5sum[:])}, ""},
		{"a wrong Content-MD5", content + "!", []string{"Content-Md5", b64(md5sum[:])}, "BadDigest"},
		{"a Content-MD5 that is none", content, []string{"Content-Md5", "x"}, "InvalidDigest"},
		{"the payload's hash", content, []string{"X-Amz-Content-Sha256", hex.EncodeToString(sha[:])}, ""},
		{"a wrong hash", content + "!", []string{"X-Amz-Content-Sha256", hex.EncodeToString(sha[:])}, "XAmzContentSHA256Mismatch"},
		{"a checksum", content, []string{"X-Amz-Checksum-Crc32", crcText}, ""},
		{"a wrong checksum", content + "!", []string{"X-Amz-Checksum-Crc32", crcText}, "BadDigest"},
		{"a checksum of the wrong size", content, []string{"X-Amz-Checksum-Sha256", crcText}, "InvalidRequest"},
		{"a checksum that cannot be verified", content, []string{"X-Amz-Checksum-Xxhash64", crcText}, "NotImplemented"},
		{"signed chunks", chunks(""), streaming, ""},
		{"a trailer", chunks("x-amz-checksum-crc32:" + crcText + "\r\n"), with("X-Amz-Trailer", "x-amz-checksum-crc32"), ""},
		{"a wrong trailer", chunks("x-amz-checksum-crc32:AAAAAA==\r\n"), with("X-Amz-Trailer", "x-amz-checksum-crc32"), "BadDigest"},
		{"a trailer that does not come", chunks(""), with("X-Amz-Trailer", "x-amz-checksum-crc32"), "InvalidRequest"},
		{"a trailer that is no checksum", chunks(""), with("X-Amz-Trailer", "x-other"), "InvalidRequest"},
		{"chunks that end early", "5\r\nhello\r\n", streaming, "IncompleteBody"},
		{"a chunk that is cut off", "c\r\nhello", streaming, "IncompleteBody"},
		{"less than was said", "5\r\nhello\r\n0\r\n\r\n", streaming, "IncompleteBody"},
		{"more than was said", "5\r\nhello\r\n9\r\n, world!!\r\n0\r\n\r\n", streaming, "IncompleteBody"},
		{"a chunk longer than it says", "4\r\nhello\r\n0\r\n\r\n", streaming, "InvalidRequest"},
		{"a chunk without a size", "zz\r\nhello\r\n0\r\n\r\n", streaming, "InvalidRequest"},
		{"a negative size", "-5\r\nhello\r\n0\r\n\r\n", streaming, "InvalidRequest"},
		{"an endless line", strings.Repeat("0", 5000), streaming, "InvalidRequest"},
		{"endless trailers", chunks(strings.Repeat("a:b\r\n", 100)), streaming, "InvalidRequest"},
		{"chunks of unknown length", chunks(""), []string{"Content-Encoding", "aws-chunked"}, "MissingContentLength"},
	} {
		t.Run(test.name, func(t *testing.T) {
			clear(fake.objects)
			resp, body := send(t, server, "s3", "PUT", "/bucket/key", test.body, test.header...)
			if test.code == "" {
				if resp.StatusCode != 200 || string(fake.objects["bucket/key"]) != content {
					t.Errorf("%d %s, stored %q", resp.StatusCode, body, fake.objects)
				}
				if e := fake.put.ContentEncoding; e != nil && *e != "gzip" {
					t.Errorf("Content-Encoding = %q: aws-chunked is not the object's", *e)
				}
				return
			}
			if code, message := faultOf(t, resp, body); code != test.code {
				t.Errorf("%d %s: %s, want %s", resp.StatusCode, code, message, test.code)
			}
			if len(fake.objects) != 0 {
				t.Error("it was stored nevertheless")
			}
		})
	}
}

func TestGzippedRequests(t *testing.T) {
	fake := &fakeLogs{}
	server := newServer(t, map[string]any{"logs": fake})
	zip := func(text []byte) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write(text)
		w.Close()
		return b.String()
	}
	call := func(body string) (*http.Response, string) {
		return send(t, server, "logs", "POST", "/", body, "X-Amz-Target", "Logs_20140328.PutLogEvents", "Content-Encoding", "gzip")
	}
	events := `{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1,"message":"%s"}]}`
	if resp, body := call(zip(fmt.Appendf(nil, events, "hi"))); resp.StatusCode != 200 || *fake.in.LogEvents[0].Message != "hi" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	resp, body := call("not gzip")
	if code, _ := faultOf(t, resp, body); code != "SerializationException" {
		t.Errorf("not gzip: %s", code)
	}
	resp, body = call(zip(fmt.Appendf(nil, events, bytes.Repeat([]byte("a"), 11<<20))))
	if code, _ := faultOf(t, resp, body); code != "RequestEntityTooLargeException" || resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a bomb: %d %s", resp.StatusCode, code)
	}
}

// AWS: recorded from Lambda (CreateFunction with more than 50 MB of code).
func TestTooLargeBodies(t *testing.T) {
	server := newServer(t, nil)
	large := make([]byte, 70167212)
	resp, body := send(t, server, "lambda", "POST", "/2015-03-31/functions", string(large))
	code, message := faultOf(t, resp, body)
	if resp.StatusCode != http.StatusRequestEntityTooLarge || code != "RequestEntityTooLargeException" || message != "Request must be smaller than 70167211 bytes for the CreateFunction operation" {
		t.Errorf("%d %s: %s", resp.StatusCode, code, message)
	}
	// AWS: one limit under one name for all ways to invoke.
	for _, uri := range []string{"/2015-03-31/functions/f/invocations", "/2021-11-15/functions/f/response-streaming-invocations"} {
		for _, size := range []int{6<<20 + 1, 20 << 20} {
			resp, body = send(t, server, "lambda", "POST", uri, string(large[:size]), "X-Amz-Invocation-Type", "DryRun")
			if _, message := faultOf(t, resp, body); message != "Request must be smaller than 6291456 bytes for the InvokeFunction operation" {
				t.Errorf("%s of %d bytes: %d %s", uri, size, resp.StatusCode, message)
			}
		}
	}
	resp, body = send(t, server, "iam", "POST", "/", "Action=ListRoles&Version=2010-05-08&Marker="+string(large[:11<<20]), "Content-Type", "application/x-www-form-urlencoded")
	if code, _ := faultOf(t, resp, body); code != "RequestEntityTooLarge" {
		t.Errorf("a form: %s", code)
	}
}

func TestHostileBodies(t *testing.T) {
	server := newServer(t, nil)
	deep := strings.Repeat(`{"a":`, 5000)
	for _, test := range []struct{ name, service, method, target, body, code string }{
		{"no JSON", "lambda", "POST", "/2015-03-31/functions", "nonsense", "InvalidRequestContentException"},
		{"JSON that ends early", "lambda", "POST", "/2015-03-31/functions", `{"FunctionName":"`, "InvalidRequestContentException"},
		{"JSON with something behind", "lambda", "POST", "/2015-03-31/functions", `{} {}`, "InvalidRequestContentException"},
		{"a list for an object", "lambda", "POST", "/2015-03-31/functions", `[]`, "SerializationException"},
		{"deep JSON", "lambda", "POST", "/2015-03-31/functions", deep, "InvalidRequestContentException"},
		{"deep JSON in a list", "apigateway", "POST", "/restapis", `{"x":` + strings.Repeat("[", 5000), "SerializationException"},
		{"no base64", "lambda", "POST", "/2015-03-31/functions", `{"Code":{"ZipFile":"***"}}`, "InvalidRequestContentException"},
		{"a number out of range", "lambda", "POST", "/2015-03-31/functions", `{"Timeout":1e300}`, "InvalidRequestContentException"},
		{"no XML", "s3", "POST", "/bucket?delete", "nonsense", "MalformedXML"},
		{"deep XML", "s3", "POST", "/bucket?delete", strings.Repeat("<a>", 5000), "MalformedXML"},
		{"an entity", "s3", "POST", "/bucket?delete", `<!DOCTYPE x [<!ENTITY e "eee">]><Delete><Object><Key>&e;</Key></Object></Delete>`, "MalformedXML"},
		{"a form that is none", "iam", "POST", "/", "Action=ListRoles&Version=2010-05-08&%zz=1", "MalformedQueryString"},
		{"a deep form", "iam", "POST", "/", "Action=TagRole&Version=2010-05-08&Tags" + strings.Repeat(".a", 5000) + "=1", "MalformedInput"},
		{"no number in a form", "iam", "POST", "/", "Action=ListRoles&Version=2010-05-08&MaxItems=x", "MalformedInput"},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := []string{"Content-Type", "application/json"}
			if strings.HasPrefix(test.body, "Action=") {
				header[1] = "application/x-www-form-urlencoded"
			}
			resp, body := send(t, server, test.service, test.method, test.target, test.body, header...)
			if code, message := faultOf(t, resp, body); code != test.code || resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%d %s: %s, want 400 %s", resp.StatusCode, code, message, test.code)
			}
		})
	}
}
