package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// Answers of AWS's own that have been recorded are held against those of the
// endpoint: LAMGATE_RECORDINGS names a folder whose recordings/*.snapshot.json
// have them by the test and the step that they are of. The requests are not in
// the recordings; recorded_*_test.go say what they are taken to have been.
//
// Not compared here, and why:
//   - answers of operations alone: control/apigateway holds itself against those;
//   - test_api_key_required_for_methods, test_usage_plan_crud: API keys and usage
//     plans are not built;
//   - test_api_gateway_request_validator, the steps register-lambda and deploy-1:
//     names only; disable-request-validator: an answer of an operation;
//   - what CloudFront adds to the answers of an edge-optimised API in
//     test_invocation_trace_id: nothing here stands before the API.

// A recording is what AWS answered at each step of a test.
type recording struct {
	t     *testing.T
	steps map[string]any
	known placeholders
}

func recorded(t *testing.T, test string) *recording {
	t.Helper()
	folder := os.Getenv("LAMGATE_RECORDINGS")
	if folder == "" {
		t.Skip("LAMGATE_RECORDINGS names no folder of recordings")
	}
	files, err := filepath.Glob(filepath.Join(folder, "recordings", "*.snapshot.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var tests map[string]struct {
			Steps map[string]any `json:"recorded-content"`
		}
		if err := json.Unmarshal(content, &tests); err != nil {
			t.Fatal(f, ": ", err)
		}
		for name, r := range tests {
			if strings.HasSuffix(name, "::"+test) {
				return &recording{t, r.Steps, placeholders{}}
			}
		}
	}
	t.Fatal("no recording of ", test)
	return nil
}

// hold compares an answer with that of a step.
func (r *recording) hold(step string, got any) {
	r.t.Helper()
	want, ok := r.steps[step]
	if !ok {
		r.t.Errorf("the recording has no step %s", step)
		return
	}
	if m, ok := want.(map[string]any); ok {
		delete(m, "ResponseMetadata") // of the client that recorded
	}
	for _, difference := range r.known.compare(step, want, plainJSON(r.t, got)) {
		r.t.Error(difference)
	}
}

// holdBody compares a body of JSON with that of a step.
func (r *recording) holdBody(step string, got answer) {
	r.t.Helper()
	r.hold(step, json.RawMessage(got.body))
}

// plainJSON is what a value is once it has been written and read.
func plainJSON(t *testing.T, v any) (plain any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &plain)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, v)
	}
	return plain
}

// placeholders are what stood where the recording has <id:1> and its like. One
// that is met again must stand for the same.
type placeholders map[string]string

var placeholder = regexp.MustCompile(`<[a-z][A-Za-z_-]*(:\d+|-\d+)?>`)

func (p placeholders) compare(at string, want, got any) (differences []string) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for name, v := range w {
			if _, ok := g[name]; !ok {
				differences = append(differences, fmt.Sprintf("%s lacks %s, AWS has %v", at, name, v))
				continue
			}
			differences = append(differences, p.compare(at+"."+name, v, g[name])...)
		}
		for name, v := range g {
			if _, ok := w[name]; !ok {
				differences = append(differences, fmt.Sprintf("%s has %s (%v), AWS has none", at, name, v))
			}
		}
		slices.Sort(differences)
		return differences
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			differences = append(differences, p.compare(fmt.Sprintf("%s[%d]", at, i), w[i], g[i])...)
		}
		return differences
	case string:
		if p.match(w, got) {
			return nil
		}
	default:
		if reflect.DeepEqual(want, got) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s:\n got  %v\n AWS  %v", at, got, want)}
}

func (p placeholders) match(want string, got any) bool {
	if want == "datetime" || placeholder.FindString(want) == want && want != "" {
		s := fmt.Sprint(got)
		if before, ok := p[want]; ok && want != "datetime" {
			return before == s
		}
		p[want] = s
		return s != ""
	}
	g, ok := got.(string)
	if !ok {
		return false
	}
	if !placeholder.MatchString(want) {
		return want == g
	}
	pattern := "^"
	last := 0
	for _, at := range placeholder.FindAllStringIndex(want, -1) {
		pattern += regexp.QuoteMeta(want[last:at[0]])
		if before, ok := p[want[at[0]:at[1]]]; ok {
			pattern += regexp.QuoteMeta(before)
		} else {
			pattern += ".+"
		}
		last = at[1]
	}
	return regexp.MustCompile(pattern + regexp.QuoteMeta(want[last:]) + "$").MatchString(g)
}

// A wireTap keeps the last answer that an SDK client got, as it was.
type wireTap struct {
	status int
	fault  string
	body   []byte
}

func (w *wireTap) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := sdkClient.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	w.status, w.fault = response.StatusCode, response.Header.Get("x-amzn-ErrorType")
	if w.body, err = io.ReadAll(response.Body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(w.body))
	return response, nil
}

// tap has an operation's answer kept.
func (w *wireTap) tap(o *apigateway.Options) { o.HTTPClient = &http.Client{Transport: w} }

// holdOperation compares the answer that a tap has kept with that of a step.
func (r *recording) holdOperation(step string, w *wireTap) {
	r.t.Helper()
	var got map[string]any
	if err := json.Unmarshal(w.body, &got); err != nil {
		r.t.Fatalf("%s: %v: %s", step, err, w.body)
	}
	want, _ := r.steps[step].(map[string]any)
	if metadata, ok := want["ResponseMetadata"].(map[string]any); ok {
		if status := metadata["HTTPStatusCode"].(float64); int(status) != w.status {
			r.t.Errorf("%s: status %d, AWS %v", step, w.status, status)
		}
	}
	// The client that recorded calls a list that the wire calls item items.
	if list, ok := got["item"]; ok && want["items"] != nil {
		delete(got, "item")
		got["items"] = list
	}
	if _, ok := want["Error"]; ok {
		code, _, _ := strings.Cut(w.fault, ":")
		got["Error"] = map[string]any{"Code": code, "Message": got["message"]}
	}
	r.hold(step, got)
}
