package apigateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/aws"
)

// Scenarios are walks through the operations. Each step's answer is compared
// with a golden file; and, where LAMGATE_RECORDINGS names a folder that has
// answers recorded from AWS (files test_apigateway_*.snapshot.json), with those
// as well. Identifiers are replaced by numbers in both.

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

type scenario struct {
	*bench
	name     string
	steps    []step
	recorded map[string]any // by step; nil without recordings
	seen     map[string]bool
}

type step struct {
	Name   string
	Answer any
}

// play runs a scenario that AWS's answers may be recorded for under test, the
// last part of their key.
func play(t *testing.T, test string, walk func(*scenario)) {
	t.Run(test, func(t *testing.T) {
		s := &scenario{bench: newBench(t), name: test, recorded: recording(t, test), seen: map[string]bool{}}
		walk(s)
		s.compareGolden()
		for name, want := range s.recorded {
			w, _ := want.(map[string]any)
			if e, _ := w["Error"].(map[string]any); !s.seen[name] && e["Code"] != "ValidationException" && e["Code"] != "SerializationException" {
				t.Logf("no step %s of the recording", name)
			}
		}
	})
}

func recording(t *testing.T, test string) map[string]any {
	dir := os.Getenv("LAMGATE_RECORDINGS")
	if dir == "" {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "recordings", "test_apigateway_*.snapshot.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var tests map[string]struct {
			Content map[string]any `json:"recorded-content"`
		}
		if err := json.Unmarshal(b, &tests); err != nil {
			t.Fatal(err)
		}
		for key, r := range tests {
			if strings.HasSuffix(key, "::"+test) {
				return r.Content
			}
		}
	}
	t.Errorf("no recording of %s", test)
	return nil
}

// match records a step's answer and compares it with the recorded one.
func (s *scenario) match(name string, out any, err error) {
	s.t.Helper()
	var answer any
	if f := aws.AsFault(err); f != nil {
		answer = map[string]any{"Error": map[string]any{"Code": f.Code, "Message": f.Message}}
	} else if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	} else {
		answer = members(reflect.ValueOf(out))
	}
	s.seen[name] = true
	s.steps = append(s.steps, step{name, answer})
	want, ok := s.recorded[name]
	if !ok {
		if s.recorded != nil {
			s.t.Errorf("the recording has no step %s", name)
		}
		return
	}
	if diff := cmp.Diff(number(strip(want)), number(unwrap(strip(want), roundTrip(answer)))); diff != "" {
		s.t.Errorf("%s (-AWS +lamgate):\n%s", name, diff)
	}
}

// call returns a function that matches the answer of an operation, for
// call(s, "step")(operation(…)).
func call[Out any](s *scenario, name string) func(*Out, error) *Out {
	return func(out *Out, err error) *Out {
		s.t.Helper()
		s.match(name, out, err)
		return out
	}
}

// members returns what an answer has on the wire: structures as maps by their
// members' wire names, without what is not set.
func members(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return members(v.Elem())
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			if t.IsZero() {
				return "no time"
			}
			return "datetime"
		}
		m := map[string]any{}
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				name := []rune(v.Type().Field(i).Name)
				name[0] = unicode.ToLower(name[0])
				m[string(name)] = members(f)
			}
		}
		return m
	case reflect.Map:
		m := map[string]any{}
		for _, k := range v.MapKeys() {
			m[k.String()] = members(v.MapIndex(k))
		}
		return m
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, members(v.Index(i)))
		}
		return list
	}
	return v.Interface()
}

// roundTrip makes of every number what JSON makes of it.
func roundTrip(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var w any
	if err := json.Unmarshal(b, &w); err != nil {
		panic(err)
	}
	return w
}

// strip drops what recordings say of the HTTP response.
func strip(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	c := map[string]any{}
	for k, f := range m {
		if k == "ResponseMetadata" || k == "message" && m["Error"] != nil {
			continue
		}
		c[k] = f
	}
	return c
}

// unwrap parses the texts of got where want has JSON values, as recordings do
// with schemas and templates, and drops tags of recorders' own.
func unwrap(want, got any) any {
	switch g := got.(type) {
	case string:
		if _, isText := want.(string); !isText && want != nil {
			var v any
			if json.Unmarshal([]byte(g), &v) == nil {
				return v
			}
		}
	case map[string]any:
		w, _ := want.(map[string]any)
		c := map[string]any{}
		for k, v := range g {
			c[k] = unwrap(w[k], v)
		}
		return c
	case []any:
		w, _ := want.([]any)
		c := slices.Clone(g)
		for i := range c {
			var wi any
			if i < len(w) {
				wi = w[i]
			}
			c[i] = unwrap(wi, c[i])
		}
		return c
	}
	return got
}

// identifiers are the members whose values differ from run to run.
var identifiers = []string{"id", "ids", "rootResourceId", "parentId", "deploymentId", "cacheNamespace", "authorizerId", "requestValidatorId"}

// names are members that recordings replace beside.
var names = []string{"name", "authorizerCredentials", "authorizerUri"}

// recordedNames are names that recordings replace within texts, too.
var recordedNames = strings.NewReplacer("MySchema", "-", "Empty Schema", "- Schema", "Error Schema", "- Schema", "Empty", "-",
	lambdaURI, "-", balancer, "-", "petstore.execute-api.us-west-1", "-",
	"arn:aws:logs:us-east-1:111111111111:log-group:access", "-")

var placeholder = regexp.MustCompile(`<[a-z-]+(:[0-9]+)?>|us-east-1|111111111111|arn:aws:`)

// number replaces identifiers by their number in the order of appearance, and
// what a recording has a placeholder for by a dash.
func number(v any) any {
	ids := map[string]string{}
	var walk func(key string, v any) any
	walk = func(key string, v any) any {
		switch x := v.(type) {
		case string:
			if slices.Contains(identifiers, key) {
				if ids[x] == "" {
					ids[x] = fmt.Sprintf("id-%d", len(ids)+1)
				}
				return ids[x]
			}
			if slices.Contains(names, key) {
				return "-"
			}
			for from, to := range ids {
				x = strings.ReplaceAll(x, from, to)
			}
			x = recordedNames.Replace(x)
			x = strings.ReplaceAll(x, "https://apigateway.amazonaws.com", "<model-base-url>")
			x = regexp.MustCompile(`restapis/[^/]+/`).ReplaceAllString(x, "restapis/-/")
			x = strings.ReplaceAll(x, "arn:<partition>:", "arn:aws:")
			return placeholder.ReplaceAllString(x, "-")
		case map[string]any:
			c := map[string]any{}
			keys := []string{}
			for k := range x {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				c[k] = walk(k, x[k])
			}
			return c
		case []any:
			c := []any{}
			for _, e := range x {
				c = append(c, walk(key, e))
			}
			return c
		}
		return v
	}
	return walk("", v)
}

func (s *scenario) compareGolden() {
	s.t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	numbered := make([]any, len(s.steps))
	for i, st := range s.steps {
		numbered[i] = map[string]any{"step": st.Name, "answer": number(roundTrip(st.Answer))}
	}
	if err := e.Encode(numbered); err != nil {
		s.t.Fatal(err)
	}
	name := filepath.Join("testdata", regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(strings.Trim(s.name, "]"), "_")+".golden")
	if *rewrite {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(name, b.Bytes(), 0o644)); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		s.t.Fatalf("%v; run the test with -rewrite", err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		s.t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
