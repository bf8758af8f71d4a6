package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/api/generate/botocore"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// The protocol test cases of botocore's own suite are written for clients. Read
// the other way round they test a server: what a client must send, wire must
// read as the parameters; what a client must read, wire must write. They are
// fetched, not kept: go run ./api/generate -fetch.
const vectors = "../.cache/botocore/protocol-tests"

var vectorProtocols = []string{"rest-json", "rest-xml", "query", "json", "json_1_0"}

// A suite is a model with the cases of one operation or more.
type suite struct {
	botocore.Model
	Cases []struct {
		ID           string
		Given        botocore.Operation
		Params       map[string]any
		Result       map[string]any
		ErrorCode    string
		ErrorMessage string
		Error        map[string]any
		Serialized   struct {
			Method, URI, Body string
			Headers           map[string]string
		}
		Response struct {
			StatusCode int `json:"status_code"`
			Headers    map[string]string
			Body       string
		}
	}
}

func readSuites(t *testing.T, direction, protocol string) []suite {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(vectors, direction, protocol+".json"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("botocore's protocol test cases are not here; bring them with: go run ./api/generate -fetch")
	}
	if err != nil {
		t.Fatal(err)
	}
	var suites []suite
	if err := json.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	return suites
}

// mountOf returns the service of one case, whose operation gives its input to
// seen and answers with out.
func mountOf(t *testing.T, s *suite, given botocore.Operation, seen *any, out func(*api.Service) any, fault error) *api.Service {
	t.Helper()
	model := s.Model
	model.Operations = map[string]*botocore.Operation{given.Name: &given}
	service, err := model.Service("test")
	if err != nil {
		t.Fatal(err)
	}
	service.SigningName = "test"
	op := &service.Operations[0]
	if service.Protocol == api.Query {
		op.ResultWrapper = op.Name + "Result"
	}
	op.NewInput = func() any {
		if op.Input < 0 {
			return new(struct{})
		}
		return reflect.New(structOf(t, service, op.Input)).Interface()
	}
	op.Bind = func(any) api.Handler {
		return func(_ context.Context, in any) (any, error) {
			*seen = in
			if fault != nil {
				return nil, fault
			}
			return out(service), nil
		}
	}
	return service
}

func serve(t *testing.T, service *api.Service, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	h, err := wire.New([]wire.Mount{{Service: service, Implementation: struct{}{}}}, slog.New(slog.NewTextHandler(t.Output(), nil)), aws.NewManualClock(testTime), wire.NewCredentials(nil))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/test/aws4_request, SignedHeaders=host, Signature=00")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Cases in which a client does what a server cannot see, or the other way round.
var unsuited = map[string]string{
	"HostWithPath":                   "the endpoint's path is not the operation's",
	"SDKApplied":                     "its body is not given",
	"SDKAppend":                      "its body is not given",
	"IdempotencyTokenAutoFill":       "the client adds what is not in the parameters",
	"HttpWithEmptyStructurePayload":  "the client adds what is not in the parameters",
	"HttpWithHeadersButNoPayload":    "the client adds what is not in the parameters",
	"DateTimeWithNegativeOffset":     "wire writes times in UTC",
	"DateTimeWithPositiveOffset":     "wire writes times in UTC",
	"SkipsNull":                      "wire writes no nulls",
	"DeserializeNull":                "wire writes no nulls",
	"AllowNulls":                     "wire writes no nulls",
	"IgnoreType":                     "wire writes no such thing",
	"HandlesUnexpectedJsonOutput":    "wire writes no such thing",
	"handles_unexpected_json_output": "wire writes no such thing",
	"IgnoreQueryParamsInResponse":    "of no service: the query string in a response",
}

func skipUnsuited(t *testing.T, id string) {
	for part, why := range unsuited {
		if strings.Contains(id, part) {
			t.Skip(why)
		}
	}
}

func TestRequestVectors(t *testing.T) {
	for _, protocol := range vectorProtocols {
		for _, s := range readSuites(t, "input", protocol) {
			for _, c := range s.Cases {
				t.Run(protocol+"/"+c.ID, func(t *testing.T) {
					skipUnsuited(t, c.ID)
					var seen any
					service := mountOf(t, &s, c.Given, &seen, func(*api.Service) any { return nil }, nil)
					method := c.Serialized.Method
					if method == "" {
						method = c.Given.HTTP.Method
					}
					uri := c.Serialized.URI
					if uri == "" {
						uri = "/"
					}
					r := httptest.NewRequest(method, uri, strings.NewReader(c.Serialized.Body))
					for name, value := range c.Serialized.Headers {
						r.Header.Set(name, value)
					}
					if service.TargetPrefix != "" {
						r.Header.Set("X-Amz-Target", service.TargetPrefix+"."+c.Given.Name)
					}
					w := serve(t, service, r)
					if seen == nil {
						t.Fatalf("the operation was not called: %d %s", w.Code, w.Body)
					}
					op := &service.Operations[0]
					if op.Input < 0 {
						return
					}
					want := reflect.New(structOf(t, service, op.Input))
					fill(t, service, op.Input, c.Params, want.Elem())
					dropQueryMaps(service, want.Elem())
					dropQueryMaps(service, reflect.ValueOf(seen).Elem())
					if diff := cmp.Diff(want.Interface(), seen, vectorOptions); diff != "" {
						t.Errorf("%s\nfrom %s %s\n%s", diff, method, uri, c.Serialized.Body)
					}
				})
			}
		}
	}
}

// dropQueryMaps empties maps of query parameters: a client takes them for the
// parameters without a name of their own, a server for all of them.
func dropQueryMaps(s *api.Service, v reflect.Value) {
	sh := &s.Shapes[s.Operations[0].Input]
	for i := range sh.Members {
		if sh.Members[i].Location == api.InQuery && v.Field(i).Kind() == reflect.Map {
			v.Field(i).SetZero()
		}
	}
}

func TestResponseVectors(t *testing.T) {
	for _, protocol := range vectorProtocols {
		for _, s := range readSuites(t, "output", protocol) {
			for _, c := range s.Cases {
				t.Run(protocol+"/"+c.ID, func(t *testing.T) {
					skipUnsuited(t, c.ID)
					var fault error
					if c.ErrorCode != "" {
						fault = vectorFault(c.ErrorCode, c.ErrorMessage, c.Error, c.Response.StatusCode)
					}
					var seen any
					service := mountOf(t, &s, c.Given, &seen, func(service *api.Service) any {
						op := &service.Operations[0]
						if op.Output < 0 {
							return nil
						}
						out := reflect.New(structOf(t, service, op.Output))
						fill(t, service, op.Output, c.Result, out.Elem())
						return out.Interface()
					}, fault)
					op := &service.Operations[0]
					uri := op.URI
					if strings.Contains(uri, "{") {
						t.Skip("its path has labels")
					}
					var body string
					if service.Protocol == api.Query {
						uri, body = "/?Action="+op.Name+"&Version="+service.Version, ""
					}
					r := httptest.NewRequest(op.Method, uri, strings.NewReader(body))
					r.Header.Set("X-Amz-Target", service.TargetPrefix+"."+op.Name)
					w := serve(t, service, r)
					if seen == nil {
						t.Fatalf("the operation was not called: %d %s", w.Code, w.Body)
					}
					if want := c.Response.StatusCode; w.Code != want && want != 0 {
						t.Errorf("status = %d, want %d", w.Code, want)
					}
					for name, want := range c.Response.Headers {
						switch http.CanonicalHeaderKey(name) {
						case "Content-Type", "Content-Length", "X-Amzn-Errortype", "X-Amzn-Query-Error", "X-Amz-Target":
							continue
						}
						if got := w.Header().Get(name); fault == nil && got != want {
							t.Errorf("header %s = %q, want %q", name, got, want)
						}
					}
					if fault != nil {
						compareFault(t, service.Protocol, c.ErrorCode, c.Error, w)
						return
					}
					compareBodies(t, service.Protocol, c.Response.Body, w.Body.String())
				})
			}
		}
	}
}

func vectorFault(code, message string, members map[string]any, status int) error {
	fault := &aws.Fault{Code: code, Message: message, Status: status}
	for name, value := range members {
		if text, ok := value.(string); ok && !strings.EqualFold(name, "message") {
			fault = fault.With(name, text)
		}
	}
	return fault
}

// compareFault looks for what the case says of an error, not for its body: the
// cases are there to show the many forms that clients put up with.
func compareFault(t *testing.T, protocol api.Protocol, code string, members map[string]any, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.String()
	found := w.Header().Get("X-Amzn-Errortype")
	switch protocol {
	case api.JSON10, api.JSON11:
		var fault struct {
			Type string `json:"__type"`
		}
		if err := json.Unmarshal([]byte(body), &fault); err != nil {
			t.Fatal(err)
		}
		found = fault.Type
	case api.Query, api.RestXML:
		found = ""
		if strings.Contains(body, "<Code>"+code+"</Code>") {
			found = code
		}
	}
	if found != code {
		t.Errorf("the code %s is not in %v %s", code, w.Header(), body)
	}
	for name, value := range members {
		if text, ok := value.(string); ok && !strings.Contains(body+fmt.Sprint(w.Header()), text) {
			t.Errorf("%s %q is not in %v %s", name, text, w.Header(), body)
		}
	}
}

func compareBodies(t *testing.T, protocol api.Protocol, want, got string) {
	t.Helper()
	want = strings.TrimSpace(want)
	switch {
	case want == "" && protocol == api.Query: // the case does not say
	case strings.HasPrefix(want, "<"):
		if diff := cmp.Diff(parseTree(t, want), parseTree(t, got)); diff != "" {
			t.Errorf("%s\ngot %s\nwant %s", diff, got, want)
		}
	case protocol != api.Query && protocol != api.RestXML && (strings.HasPrefix(want, "{") || strings.HasPrefix(want, "[")):
		var a, b any
		if err := json.Unmarshal([]byte(want), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got), &b); err != nil {
			t.Fatalf("%v in %q", err, got)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s\ngot %s\nwant %s", diff, got, want)
		}
	case got != want && strings.Trim(got, "{}") != strings.Trim(want, "{}"):
		t.Errorf("body = %q, want %q", got, want)
	}
}

// A tree is an XML element with what can be compared of it: the name of the
// outermost one, and white space between elements, mean nothing.
type tree struct {
	Name     string
	Attrs    []string
	Text     string
	Children []tree
}

func parseTree(t *testing.T, text string) tree {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	stack := []tree{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		switch x := token.(type) {
		case xml.StartElement:
			n := tree{Name: x.Name.Local}
			for _, a := range x.Attr {
				if a.Name.Local == "xmlns" {
					continue // no client looks at it
				}
				n.Attrs = append(n.Attrs, a.Name.Local+"="+a.Value)
			}
			stack = append(stack, n)
		case xml.CharData:
			stack[len(stack)-1].Text += string(x)
		case xml.EndElement:
			n := stack[len(stack)-1]
			if len(n.Children) > 0 || strings.HasPrefix(n.Text, "\n") {
				n.Text = ""
			}
			slices.SortStableFunc(n.Children, func(a, b tree) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			stack = stack[:len(stack)-1]
			top := &stack[len(stack)-1]
			if n.Name != "RequestId" && n.Name != "ResponseMetadata" && n.Name != "Type" {
				top.Children = append(top.Children, n)
			}
		}
	}
	if len(stack[0].Children) == 0 {
		return tree{}
	}
	root := stack[0].Children[0]
	root.Name, root.Attrs = "", nil
	return root
}

var vectorOptions = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }),
	cmp.Comparer(func(a, b float32) bool { return a == b || a != a && b != b }),
	cmp.Comparer(func(a, b io.ReadCloser) bool {
		if a == nil || b == nil {
			return a == b
		}
		x, _ := io.ReadAll(a)
		y, _ := io.ReadAll(b)
		return bytes.Equal(x, y)
	}),
}
