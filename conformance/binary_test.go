package conformance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// bytes that are no UTF-8.
const notText = "\x89PNG\r\n\xff\x00\xfe"

func binaryTypes(media ...string) func(*apigateway.CreateRestApiInput) {
	return func(in *apigateway.CreateRestApiInput) { in.BinaryMediaTypes = media }
}

func TestABinaryBodyReachesTheFunctionAsBase64(t *testing.T) {
	f := newFunction(t, echo)
	a := newAPI(t, binaryTypes("image/png"))
	a.proxy("POST", "/", f)
	f.permit(a.sourceARN("*"))
	a.deploy("v0")
	ask := func(contentType, body string) (text string, encoded bool) {
		got := a.ask("POST", "/v0/", body, "Content-Type", contentType)
		var event struct {
			Body            string
			IsBase64Encoded bool
		}
		if err := json.Unmarshal([]byte(got.body), &event); err != nil {
			t.Fatal(err, got.body)
		}
		return event.Body, event.IsBase64Encoded
	}
	if text, encoded := ask("image/png", notText); !encoded || text != base64.StdEncoding.EncodeToString([]byte(notText)) {
		t.Errorf("image/png: %q, base64 %v", text, encoded)
	}
	// Of any other type it is text, in which what is no UTF-8 is U+FFFD.
	if text, encoded := ask("image/gif", notText); encoded || text != "\ufffdPNG\r\n\ufffd\x00\ufffd" {
		t.Errorf("image/gif: %q, base64 %v", text, encoded)
	}
}

// What a function answers in base64 is decoded for who accepts a binary type,
// by the first type of Accept. For others it goes out as it is.
func TestBase64IsDecodedForWhoAcceptsIt(t *testing.T) {
	f := newFunction(t, parrot)
	a := newAPI(t, binaryTypes("image/*"))
	a.proxy("POST", "/", f)
	f.permit(a.sourceARN("*"))
	a.deploy("v0")
	encoded := base64.StdEncoding.EncodeToString([]byte(notText))
	body := `{"headers": {"Content-Type": "image/png"}, "isBase64Encoded": true, "body": "` + encoded + `"}`
	for accept, want := range map[string]string{
		"image/png": notText, "image/png,text/html;q=0.9": notText,
		"text/html": encoded, "text/html,image/png": encoded,
	} {
		got := a.ask("POST", "/v0/", body, "Accept", accept, "Content-Type", "application/json")
		got.want(t, http.StatusOK, want)
		got.wantHeader(t, "Content-Type", "image/png")
	}
}

// contentHandling converts for custom integrations.
func TestContentHandlingConverts(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(notText))
	url, requests := newWitness(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Write([]byte(notText))
	})
	a := newAPI(t, binaryTypes("image/png"))
	for path, handling := range map[string]types.ContentHandlingStrategy{"/text": types.ContentHandlingStrategyConvertToText, "/binary": types.ContentHandlingStrategyConvertToBinary, "/as-is": ""} {
		a.method("POST", path)
		a.http("POST", path, types.IntegrationTypeHttp, url, func(in *apigateway.PutIntegrationInput) { in.ContentHandling = handling })
		a.response("POST", path, "200", func(in *apigateway.PutIntegrationResponseInput) { in.ContentHandling = handling })
	}
	a.deploy("v0")
	for _, c := range []struct{ path, contentType, sent, seen, got string }{
		{"/text", "image/png", notText, encoded, encoded},
		{"/binary", "text/plain", encoded, notText, notText},
		{"/as-is", "image/png", notText, notText, notText},
	} {
		t.Run(c.path, func(t *testing.T) {
			a.ask("POST", "/v0"+c.path, c.sent, "Content-Type", c.contentType, "Accept", "image/png").want(t, http.StatusOK, c.got)
			if saw := <-requests; saw.body != c.seen {
				t.Errorf("the endpoint sees %q, want %q", saw.body, c.seen)
			}
		})
	}
}

// With */* every body is binary, even that of a preflight, and no request
// template reads it: AWS's own way out is CONVERT_TO_TEXT.
//
// AWS: aws/serverless-application-model, thread 553, and clebert/aws-simple,
// thread 167, show the execution log: "Unable to transform request".
func TestNoTemplateReadsABinaryBody(t *testing.T) {
	a := newAPI(t, binaryTypes("*/*"))
	a.mock("OPTIONS", "/", "fine")
	a.deploy("v0")
	a.ask("OPTIONS", "/v0/", "").wantInternalError(t)
	_, err := apiGateway().UpdateIntegration(t.Context(), &apigateway.UpdateIntegrationInput{
		RestApiId: &a.id, ResourceId: a.resource("/"), HttpMethod: new("OPTIONS"), PatchOperations: []types.PatchOperation{setting("/contentHandling", "CONVERT_TO_TEXT")},
	})
	if err != nil {
		t.Fatal(err)
	}
	a.deploy("v0")
	a.ask("OPTIONS", "/v0/", "").want(t, http.StatusOK, "fine")
}
