package conformance

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// newParrot starts a backend that answers what it is sent, as JSON.
func newParrot(t *testing.T) (url string) {
	return newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error("the backend reads:", err)
		}
	})
}

// through puts an HTTP integration with templates, or none, on POST path.
func (a *restAPI) through(path, backend, request, response string) {
	a.t.Helper()
	a.method("POST", path)
	a.http("POST", path, types.IntegrationTypeHttp, backend, func(in *apigateway.PutIntegrationInput) {
		if request != "" {
			in.RequestTemplates = map[string]string{"application/json": request}
		}
	})
	a.response("POST", path, "200", selecting("", response))
}

func TestRecordedFormsOfTheBody(t *testing.T) {
	r := recorded(t, "test_input_body_formatting")
	a, backend := newAPI(t), newParrot(t)
	const form = "Action=SendMessage&MessageBody=$input.body"
	a.through("/raw-body", backend, "", "$input.body")
	a.through("/str-body-input", backend, form, "")
	a.through("/str-body-output", backend, "", form)
	a.through("/str-body-all", backend, form, form)
	a.through("/body-attr-access", backend, "$input.body.someKey", "$input.body")
	a.through("/url-encode", backend, "EncodedBody=$util.urlEncode($input.body)&EncodedBodyAccess=$util.urlEncode($input.body.testAccess)", "")
	a.deploy("dev")
	for _, path := range []string{"raw-body", "str-body-input", "str-body-output", "str-body-all", "body-attr-access", "url-encode"} {
		got := map[string]any{}
		for name, body := range map[string]string{"empty-body": "", "json-body": `{"some": "value"}`, "str-body": "some raw data"} {
			got[name] = fmt.Sprintf("b'%s'", a.ask("POST", "/dev/"+path, body, "Content-Type", "application/json").body)
		}
		r.hold("response-"+path, got)
	}
}

// Which templates made the recording is not known; these are the simplest whose
// outcome it could be.
func TestRecordedFormsOfPaths(t *testing.T) {
	r := recorded(t, "test_input_path_template_formatting")
	a, backend := newAPI(t), newParrot(t)
	const about = `#set($result = $input.path('$.list')){"body": $result, "nested": $result.nested, "isNull": "#if($result == $undefined)true#{else}false#end", "isEmptyString": "#if($result == "")true#{else}false#end"}`
	a.through("/path", backend, "", `#set($result = $input.path('$.value'))$result`)
	a.through("/nested", backend, "", `#set($result = $input.path('$.value'))$result.nested`)
	a.through("/element", backend, "", `#set($result = $input.path('$.value'))$result[0]`)
	a.through("/string", backend, "", `#set($result = $input.path('$.value'))$result.toString()`)
	a.through("/about", backend, "", about)
	a.deploy("dev")
	for _, c := range []struct{ step, path, body string }{
		{"dict-response", "path", `{"value": {"foo": "bar"}}`},
		{"json-list", "path", `{"value": [{"foo": "bar"}]}`},
		{"nested-dict", "nested", `{"value": {"nested": {"foo": "bar"}}}`},
		{"nested-list", "nested", `{"value": {"nested": [{"foo": "bar"}]}}`},
		{"dict-in-list", "element", `{"value": [{"foo": "bar"}]}`},
		{"list-with-nested-list", "element", `{"value": [[{"foo": "bar"}]]}`},
		{"dict-with-nested-list", "path", `{"value": {"foo": [{"nested": "bar"}]}}`},
		{"bigger-dict", "path", `{"value": {"bigger": "dict", "to": "test", "with": "separators"}}`},
		{"to-string", "string", `{"value": {"foo": "bar"}}`},
		{"list-to-string", "string", `{"value": {"list": [{"foo": "bar"}]}}`},
		{"empty-body", "about", `{}`},
		{"nested-empty-list", "about", `{"list": []}`},
		{"nested-null-list", "about", `{"list": null}`},
	} {
		r.hold(c.step, a.ask("POST", "/dev/"+c.path, c.body, "Content-Type", "application/json").body)
	}
}
