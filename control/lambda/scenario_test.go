package lambda

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/wire"
)

// Scenarios are walks through the operations, as clients make them: requests of
// HTTP in, answers of JSON out. Each step's answer is compared with a golden
// file; and, where LAMGATE_RECORDINGS names a folder that has answers recorded
// from AWS (recordings/test_lambda_api.snapshot.json), with those as well. The
// requests are not in the recordings; the scenarios say what they are taken to
// have been.
//
// Not compared, and why:
//   - what makes event source mappings (TestLambdaEventSourceMappings but for what
//     finds none, test_create_tag_on_esm_create, test_tag_lifecycle of a mapping):
//     they are not built;
//   - test_vpc_config, test_invalid_vpc_config_*: there are no VPCs;
//   - test_lambda_concurrent_*_updates, and the steps in which an update is still
//     in progress: packages are there at once, images are waited for by
//     image_test.go;
//   - test_lambda_permission_versioning and _revisions: of 2022, when a policy had
//     its function's revision; test_lambda_permission_fn_versioning of 2025 says
//     otherwise;
//   - test_add_lambda_permission_optional_fields, test_update_function_configuration_full_arn
//     and test_cross_region_arn_function_access: nothing is recorded of them.

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// object is a structure in JSON.
type object = map[string]any

type scenario struct {
	*fixture
	name     string
	region   string
	handler  http.Handler
	steps    []any
	recorded object // by step; nil without recordings
	known    map[string]string
	seen     map[string]bool

	recordedOnly bool // without a golden file
	older        bool // the recording is from before AWS told some of what it tells now
}

// play runs a scenario that AWS's answers may be recorded for under test, the
// last part of their key.
func play(t *testing.T, test string, walk func(*scenario)) {
	t.Run(test, func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		handler, err := wire.New([]wire.Mount{{Service: &lambda.Service, Implementation: f.Service}},
			slog.New(slog.DiscardHandler), f.clock, wire.NewCredentials(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		s := &scenario{
			fixture: f, name: test, region: "us-east-1", handler: handler,
			recorded: recording(t, test), known: map[string]string{}, seen: map[string]bool{},
		}
		walk(s)
		if !s.recordedOnly {
			s.compareGolden()
		}
		for _, step := range slices.Sorted(maps.Keys(s.recorded)) {
			if !s.seen[step] {
				t.Logf("no step %s of the recording", step)
			}
		}
	})
}

func recording(t *testing.T, test string) object {
	dir := os.Getenv("LAMGATE_RECORDINGS")
	if dir == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, "recordings", "test_lambda_api.snapshot.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tests map[string]struct {
		Content object `json:"recorded-content"`
	}
	if err := json.Unmarshal(b, &tests); err != nil {
		t.Fatal(err)
	}
	for key, r := range tests {
		if strings.HasSuffix(key, "::"+test) {
			return r.Content
		}
	}
	t.Errorf("no recording of %s", test)
	return nil
}

// send makes a call and returns the answer with its status.
func (s *scenario) send(operation string, params object) (answer object) {
	s.t.Helper()
	op := lambda.Service.Operation(operation)
	path, query, header := op.URI, url.Values{}, http.Header{}
	var body []byte
	document := object{}
	if op.Input >= 0 {
		sh := &lambda.Service.Shapes[op.Input]
		for i := range sh.Members {
			m := &sh.Members[i]
			v, ok := params[m.Name]
			if !ok {
				continue
			}
			switch {
			case i == sh.Payload:
				body = v.([]byte)
			case m.Location == api.InURI:
				path = strings.Replace(path, "{"+m.WireName+"}", url.PathEscape(fmt.Sprint(v)), 1)
			case m.Location == api.InQuery:
				if list, ok := v.([]string); ok {
					query[m.WireName] = list
				} else {
					query.Set(m.WireName, fmt.Sprint(v))
				}
			case m.Location == api.InHeader:
				header.Set(m.WireName, fmt.Sprint(v))
			default:
				document[m.WireName] = v
			}
		}
		if sh.Payload < 0 && len(document) > 0 {
			body, _ = json.Marshal(document)
		}
	}
	if separator := "?"; len(query) > 0 {
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + query.Encode()
	}
	r := httptest.NewRequest(op.Method, path, bytes.NewReader(body))
	r.Header = header
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260102/"+s.region+"/lambda/aws4_request, SignedHeaders=host, Signature=00")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return s.read(op, w.Result())
}

// read puts an answer's parts together as clients do.
func (s *scenario) read(op *api.Operation, r *http.Response) object {
	s.t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	answer := object{}
	if r.StatusCode < 300 && op.Output >= 0 {
		sh := &lambda.Service.Shapes[op.Output]
		for i := range sh.Members {
			switch m := &sh.Members[i]; {
			case m.Location == api.InStatus:
				answer[m.Name] = float64(r.StatusCode)
			case m.Location == api.InHeader && r.Header.Get(m.WireName) != "":
				answer[m.Name] = r.Header.Get(m.WireName)
			case i == sh.Payload:
				answer[m.Name] = string(body)
				body = nil
			}
		}
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &answer); err != nil {
			s.t.Fatalf("%s: %v: %s", op.Name, err, body)
		}
	}
	if r.StatusCode >= 300 {
		message := answer["message"]
		if message == nil {
			message = answer["Message"]
		}
		answer["Error"] = object{"Code": r.Header.Get("X-Amzn-Errortype"), "Message": message}
	}
	answer["ResponseMetadata"] = object{"HTTPStatusCode": float64(r.StatusCode)}
	return answer
}

// call matches the answer of an operation with a step.
func (s *scenario) call(step, operation string, params object) object {
	s.t.Helper()
	answer := s.send(operation, params)
	s.match(step, answer)
	return answer
}

// do makes a call that no step is of.
func (s *scenario) do(operation string, params object) object {
	s.t.Helper()
	answer := s.send(operation, params)
	if answer["Error"] != nil {
		s.t.Fatalf("%s: %v", operation, answer["Error"])
	}
	return answer
}

// match compares an answer with the recorded one, and keeps it for the golden
// file.
func (s *scenario) match(step string, answer object) {
	s.t.Helper()
	s.seen[step] = true
	s.steps = append(s.steps, object{"step": step, "answer": answer})
	want, ok := s.recorded[step]
	if !ok {
		if s.recorded != nil {
			s.t.Errorf("the recording has no step %s", step)
		}
		return
	}
	if w, ok := want.(object); ok && w["CreateFunctionResponse"] != nil {
		want = w["CreateFunctionResponse"]
	}
	for _, difference := range s.compare(step, want, answer) {
		s.t.Error(difference)
	}
}

// passing is what recordings have for values that are of their moment.
var passing = map[string]bool{"date": true, "datetime": true, "lambda-url": true, "<code-size>": true, "<location>": true, "<layer-location>": true}

func (s *scenario) compare(at string, want, got any) (differences []string) {
	switch w := want.(type) {
	case object:
		if text, ok := got.(string); ok {
			var parsed any // policies are texts that recordings have parsed
			if json.Unmarshal([]byte(text), &parsed) == nil {
				got = parsed
			}
		}
		g, ok := got.(object)
		if !ok {
			break
		}
		for name, v := range w {
			if name == "HTTPHeaders" || name == "RequestId" || name == "RetryAttempts" {
				continue
			}
			if _, ok := g[name]; !ok && !reflect.DeepEqual(v, object{}) {
				differences = append(differences, fmt.Sprintf("%s lacks %s, AWS has %v", at, name, v))
				continue
			}
			differences = append(differences, s.compare(at+"."+name, v, g[name])...)
		}
		for name, v := range g {
			if name == "ResponseMetadata" || g["Error"] != nil && (name == "message" || name == "Type") {
				continue // of lists that clients have put together; of faults of the model
			}
			if _, ok := w[name]; !ok && !s.older {
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
			differences = append(differences, s.compare(fmt.Sprintf("%s[%d]", at, i), w[i], g[i])...)
		}
		return differences
	case string:
		if s.same(w, got) {
			return nil
		}
	case nil:
		if got == nil || got == "" {
			return nil
		}
	default:
		if reflect.DeepEqual(want, got) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s:\n got  %v\n AWS  %v", at, got, want)}
}

var placeholder = regexp.MustCompile(`<[a-z][A-Za-z0-9_-]*(:\d+)?>`)

// same compares texts. A placeholder stands for any text, and for the same one
// when it comes again.
func (s *scenario) same(want string, got any) bool {
	want = strings.NewReplacer("<partition>", "aws", "<region>", "us-east-1", "111111111111", "000000000000").Replace(want)
	want = spelled(want)
	if passing[want] {
		return got != nil && got != ""
	}
	g, ok := got.(string)
	if !ok {
		return false
	}
	want, g = measured(inOrder(want)), measured(inOrder(g))
	// Patterns are those of the model, which has moved on since.
	want, _, _ = strings.Cut(want, "regular expression pattern: ")
	g, _, _ = strings.Cut(g, "regular expression pattern: ")
	var names []string
	pattern, last := "(?s)^", 0
	for _, at := range placeholder.FindAllStringIndex(want, -1) {
		pattern += regexp.QuoteMeta(want[last:at[0]]) + "(.+?)"
		names = append(names, want[at[0]:at[1]])
		last = at[1]
	}
	found := regexp.MustCompile(pattern + regexp.QuoteMeta(want[last:]) + "$").FindStringSubmatch(g)
	if found == nil {
		return false
	}
	for i, name := range names {
		if before, ok := s.known[name]; ok && before != found[i+1] {
			return false
		}
		// Two revisions in the recording are two here.
		if strings.HasPrefix(name, "<uuid:") {
			for other, is := range s.known {
				if other != name && strings.HasPrefix(other, "<uuid:") && is == found[i+1] {
					return false
				}
			}
		}
		s.known[name] = found[i+1]
	}
	return true
}

// inOrder sorts what is wrong with a request: AWS tells it in the order of a hash
// table.
func inOrder(message string) string {
	head, list, ok := strings.Cut(message, "errors detected: ")
	if !ok {
		return message
	}
	errors := strings.Split(list, "; ")
	slices.Sort(errors)
	return head + "errors detected: " + strings.Join(errors, "; ")
}

// measured sorts the variables that a fault quotes: AWS has them in the order of a
// hash table.
func measured(message string) string {
	head, variables, ok := strings.Cut(message, "String measured: ")
	var list map[string]string
	if !ok || json.Unmarshal([]byte(variables), &list) != nil {
		return message
	}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		head += name + "=" + list[name] + ";"
	}
	return head
}

// made are the identifiers that differ from run to run.
var made = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|csc-[0-9a-z]{17}|https://[a-z0-9]{32}`)

func (s *scenario) compareGolden() {
	s.t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(s.steps); err != nil {
		s.t.Fatal(err)
	}
	ids := map[string]string{}
	got := made.ReplaceAllStringFunc(b.String(), func(id string) string {
		if ids[id] == "" {
			ids[id] = fmt.Sprintf("id-%d", len(ids)+1)
		}
		return ids[id]
	})
	name := filepath.Join("testdata", regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(strings.Trim(s.name, "]"), "_")+".golden")
	if *rewrite {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(name, []byte(got), 0o644)); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatalf("%v; run the test with -rewrite", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// parameters are those of a function as the recorded tests make it, with changes.
func (s *scenario) parameters(name string, changes ...object) object {
	p := object{
		"FunctionName": name, "Runtime": "python3.12", "Handler": "handler.handler", "Role": roleARN, "Timeout": 30,
		"Code": object{"ZipFile": zipOf(s.t, "handler.py")}, "Environment": object{"Variables": object{}},
	}
	for _, c := range changes {
		for k, v := range c {
			if p[k] = v; v == nil {
				delete(p, k)
			}
		}
	}
	return p
}

// bare are the changes that leave a function's defaults alone.
var bare = object{"Timeout": nil, "Environment": nil}

func zipOf(t *testing.T, file string) string {
	return base64.StdEncoding.EncodeToString(packed(t, map[string]string{file: "def handler(e, c): return e"}))
}

func arn(name string) string { return "arn:aws:lambda:us-east-1:000000000000:function:" + name }
