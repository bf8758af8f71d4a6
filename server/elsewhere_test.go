package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A function's SDK knows lamgate's address alone, and finds by it the services
// that are elsewhere.
func TestFunctionsFindServicesThatAreElsewhere(t *testing.T) {
	table := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Amzn-RequestId", "theirs")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.Method+" "+r.URL.String()+" "+r.Header.Get("X-Amz-Target")+" "+string(body))
	}))
	defer table.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	home := newSite(t, "--endpoint", "dynamodb="+table.URL+"/base", "--endpoint", "email="+gone.URL, "--endpoint", "vpclink/lambda="+gone.URL)
	p := home.start(t)
	p.createTestRole(t)
	must(createFunction(t.Context(), p, functionSpec{name: "asks", code: python(t, `
import os, urllib.error, urllib.request

def handler(event, context):
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/a%2Fb?c=d", data=b"{}", headers={
        "Authorization": f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/20260102/us-east-1/{event}/aws4_request, SignedHeaders=host, Signature=0",
        "X-Amz-Target": "DynamoDB_20120810.GetItem",
    })
    try:
        urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as answer:
        return [answer.code, answer.headers["X-Amzn-RequestId"], answer.read().decode()]
`)}))(t)
	for service, want := range map[string]struct {
		status float64
		body   string
	}{
		"dynamodb": {http.StatusTeapot, "POST /base/a%2Fb?c=d DynamoDB_20120810.GetItem {}"},
		"ses":      {http.StatusBadGateway, "where --endpoint email leads, does not answer: "},
		"kinesis":  {http.StatusNotImplemented, "serve --endpoint NAME=URL passes its calls on"},
	} {
		r, err := invoke(t.Context(), p, "asks", "RequestResponse", `"`+service+`"`)
		if err != nil {
			t.Fatal(err)
		}
		var got []any
		if err := json.Unmarshal(r.Payload, &got); err != nil || len(got) != 3 {
			t.Fatalf("%s: %s", service, r.Payload)
		}
		if body, _ := got[2].(string); got[0] != want.status || !strings.Contains(body, want.body) {
			t.Errorf("%s: got %v, want %v", service, got, want)
		}
		if service == "dynamodb" && got[1] != "theirs" {
			t.Errorf("the answer's headers: %v", got[1])
		}
	}
	// A page of another site reaches nothing through lamgate.
	request, _ := http.NewRequest("POST", p.url("/"), strings.NewReader("{}"))
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/20260102/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	request.Header.Set("Origin", "https://example.com")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a page of another site got %d", answer.StatusCode)
	}
}
