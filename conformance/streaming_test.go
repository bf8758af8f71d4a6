package conformance

import (
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// With STREAM, the caller has the first piece before the endpoint writes the
// second: it writes it only when told so.
func TestAStreamArrivesInPieces(t *testing.T) {
	seen := make(chan struct{})
	url := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		select {
		case <-seen:
			io.WriteString(w, "second")
		case <-r.Context().Done():
		}
	})
	a := newAPI(t)
	a.method("GET", "/")
	a.http("GET", "/", types.IntegrationTypeHttpProxy, url, func(in *apigateway.PutIntegrationInput) {
		in.ResponseTransferMode = types.ResponseTransferModeStream
	})
	a.deploy("v0")
	response, err := client.Do(newRequest(t.Context(), t, "GET", a.url("/v0/"), ""))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	first := make([]byte, len("first"))
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first" {
		t.Fatalf("the first piece is %q, %v", first, err)
	}
	close(seen)
	rest, err := io.ReadAll(response.Body)
	if err != nil || string(rest) != "second" {
		t.Errorf("the rest is %q, %v", rest, err)
	}
}

// Streams are for proxies only.
func TestACustomIntegrationCannotStream(t *testing.T) {
	a := newAPI(t)
	a.method("GET", "/")
	_, err := apiGateway().PutIntegration(t.Context(), &apigateway.PutIntegrationInput{
		RestApiId: &a.id, ResourceId: a.resource("/"), HttpMethod: new("GET"), Type: types.IntegrationTypeHttp, IntegrationHttpMethod: new("GET"),
		Uri: new("http://127.0.0.1:1/"), ResponseTransferMode: types.ResponseTransferModeStream,
	})
	wantFault(t, err, "BadRequestException", "")
}
