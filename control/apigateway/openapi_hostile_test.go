package apigateway_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

func TestHostileDocumentsAreBounded(t *testing.T) {
	b := newBench(t)
	bomb := "swagger: '2.0'\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), c-1)
	}
	big := strings.Repeat("x", 1<<20)
	var paths []string
	for n := range 1000 {
		paths = append(paths, fmt.Sprintf(`"/p%d":{"$ref":"#/x-item"}`, n))
	}
	longKey := "swagger: '2.0'\ninfo: {title: a}\ndefinitions:\n  A: &a {description: " + "{" + big + ": x}}\n  B: {allOf: [" + strings.Repeat("*a, ", 100_000) + "*a]}\n"
	for name, body := range map[string][]byte{
		"aliases of long keys": []byte(longKey),
		"too large":            []byte(`{"swagger":"2.0","info":{"title":"` + strings.Repeat("x", 6<<20) + `"}}`),
		"aliases of aliases":   []byte(bomb),
		"an alias of itself":   []byte("swagger: '2.0'\na: &a [*a]\n"),
		"deep JSON":            []byte(`{"swagger":"2.0","a":` + strings.Repeat(`[`, 1<<20)),
		"deep YAML":            []byte("swagger: '2.0'\na: " + strings.Repeat("[", 1<<16)),
		"shared by reference":  document(strings.Join(paths, ","), `"x-item":{"get":{"x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"`+big+`"}}}}`),
		"a long path":          document(`"`+strings.Repeat("/a", 1<<16)+`":{}`, ``),
	} {
		t.Run(name, func(t *testing.T) {
			in := api.ImportRestApiRequest{Body: body}
			if _, err := b.ImportRestApi(b.ctx, &in); !aws.HasCode(err, bad) {
				t.Errorf("import is not refused: %v", err)
			}
		})
	}
}

// Whatever stands in the place of any value of a document, it is imported or
// refused in words, and what is refused leaves nothing behind.
func TestWrongValuesAnywhere(t *testing.T) {
	b := newBench(t)
	var whole any
	if err := json.Unmarshal(library, &whole); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []any{nil, true, -1.5, "x", []any{}, []any{nil, "x", []any{map[string]any{}}}, map[string]any{}, map[string]any{"$ref": "#/paths"}, map[string]any{"$ref": 1.0}} {
		everywhere(whole, func(replace func(any), was any) {
			replace(wrong)
			defer replace(was)
			body, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			importsOrRefuses(t, b, body)
		})
	}
}

// everywhere calls f for every value within v.
func everywhere(v any, f func(replace func(any), was any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			was := v[key]
			f(func(to any) { v[key] = to }, was)
			everywhere(was, f)
		}
	case []any:
		for i, was := range v {
			f(func(to any) { v[i] = to }, was)
			everywhere(was, f)
		}
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// importsOrRefuses imports a document into a new API; if that succeeds it is
// put, deployed and exported too. Nothing of it stays.
func importsOrRefuses(t *testing.T, b *bench, body []byte) {
	t.Helper()
	checked := func(err error) bool {
		t.Helper()
		if f := aws.AsFault(err); err != nil && (f == nil || f.Code != bad) {
			t.Errorf("%v for\n%.2000s", err, body)
		}
		return err == nil
	}
	in := api.ImportRestApiRequest{Body: body}
	rest, err := b.ImportRestApi(b.ctx, &in)
	if !checked(err) {
		if left := b.docs.List(plan.RestAPIsPrefix); len(left) != 0 {
			t.Fatalf("a refused import left %s", left[0].Key)
		}
		return
	}
	defer do(b, b.DeleteRestApi, api.DeleteRestApiRequest{RestApiId: rest.Id})
	_, err = b.PutRestApi(b.ctx, &api.PutRestApiRequest{RestApiId: rest.Id, Body: body, Mode: new("overwrite")})
	checked(err)
	if _, err = b.CreateDeployment(b.ctx, &api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("dev")}); !checked(err) {
		return
	}
	for _, exportType := range []string{"oas30", "swagger"} {
		_, err = b.GetExport(b.ctx, &api.GetExportRequest{RestApiId: rest.Id, StageName: new("dev"), ExportType: &exportType,
			Accepts: new("application/yaml"), Parameters: map[string]string{"extensions": "apigateway"}})
		checked(err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add(library)
	f.Add(document(`"/a/{b}":{"get":{"security":[{"s":[]}],"parameters":[{"in":"query","name":"q"}],`+mockIntegration+`}}`,
		`"securityDefinitions":{"s":{"type":"apiKey","name":"x-api-key","in":"header"}},"definitions":{"M":{"type":"object"}}`))
	f.Add([]byte("openapi: 3.0.1\ninfo: {title: &t x}\npaths: {/: {get: {responses: {200: {content: {a/b: {schema: {type: object}}}}}}}}\n"))
	f.Add([]byte("openapi: 3.0.0\ninfo: {title: x}\nx-amazon-apigateway-documentation: {documentationParts: [{location: {type: METHOD, method: GET}, properties: {a: 1}}]}\n"))
	f.Add([]byte(`{"openapi":"3.0.1","info":{"title":"x"},"components":{"schemas":{"A":{"$ref":"#/components/schemas/B"},"B":{"allOf":[{"$ref":"#/components/schemas/A"},{"$ref":"#"}]}}},"servers":[{"url":"{a}","variables":{"a":{"default":"{a}"}}}]}`))
	b := newBench(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		own := *b
		own.t = t
		importsOrRefuses(t, &own, body)
	})
}
