package conformance

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func unzipped(t testing.TB, text string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	return string(must(t, b, err))
}

// An answer of at least the API's size is compressed for who accepts that.
func TestAnAnswerIsCompressedFromASizeOn(t *testing.T) {
	f := newFunction(t, `
def handler(event, context):
    return {"body": "x" * int(event["queryStringParameters"]["n"])}
`)
	a := newAPI(t, func(in *apigateway.CreateRestApiInput) { in.MinimumCompressionSize = aws.Int32(100) })
	a.proxy("GET", "/", f)
	f.permit(a.sourceARN("*"))
	a.deploy("v0")
	large := a.ask("GET", "/v0/?n=100", "", "Accept-Encoding", "gzip")
	large.wantHeader(t, "Content-Encoding", "gzip")
	if got := unzipped(t, large.body); got != strings.Repeat("x", 100) {
		t.Errorf("it unpacks to %q", got)
	}
	small := a.ask("GET", "/v0/?n=99", "", "Accept-Encoding", "gzip")
	small.want(t, http.StatusOK, strings.Repeat("x", 99))
	small.wantHeader(t, "Content-Encoding", "")
	plain := a.get("/v0/?n=100")
	plain.want(t, http.StatusOK, strings.Repeat("x", 100))
	plain.wantHeader(t, "Content-Encoding", "")
}

func TestACompressedRequestIsUnpacked(t *testing.T) {
	f := newFunction(t, `
def handler(event, context):
    return {"body": event["body"]}
`)
	a := newAPI(t, func(in *apigateway.CreateRestApiInput) { in.MinimumCompressionSize = aws.Int32(10485760) })
	a.proxy("POST", "/", f)
	f.permit(a.sourceARN("*"))
	a.deploy("v0")
	a.ask("POST", "/v0/", zipped(t, "hello, hello, hello"), "Content-Encoding", "gzip", "Content-Type", "text/plain").want(t, http.StatusOK, "hello, hello, hello")
}
