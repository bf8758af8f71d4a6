package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// validated is what the model A makes of a body, among models given as
// name, schema, name, schema.
func validated(t *testing.T, body string, schemas ...string) string {
	t.Helper()
	s, err := compileModels(schemas...)
	if err != nil {
		t.Fatal(err)
	}
	if m := s.Validate([]byte(body)); m != nil {
		return m.String()
	}
	return ""
}

func compileModels(schemas ...string) (*Schema, error) {
	d := &Deployment{API: "api", Models: map[string]Model{}}
	for i := 0; i < len(schemas); i += 2 {
		d.Models[schemas[i]] = Model{Name: schemas[i], Schema: schemas[i+1]}
	}
	return (&models{deployment: d}).schema("A")
}

// AWS: the words are those of java-json-tools' json-schema-validator, which
// API Gateway shows in its execution logs.
func TestViolations(t *testing.T) {
	for _, c := range []struct{ schema, body, want string }{
		{`{}`, `null`, ``},
		{`{"type":"object"}`, ``, `[Unknown error parsing request body]`},
		{`{"type":"object"}`, `{`, `[Unknown error parsing request body]`},
		{`{"type":"object"}`, `{} {}`, `[Unknown error parsing request body]`},
		{`{"type":"object"}`, `[]`, `[instance type (array) does not match any allowed primitive type (allowed: ["object"])]`},
		{`{"type":["string","number"]}`, `true`, `[instance type (boolean) does not match any allowed primitive type (allowed: ["integer","number","string"])]`},
		{`{"type":"integer"}`, `1.0`, `[instance type (number) does not match any allowed primitive type (allowed: ["integer"])]`},
		{`{"type":"integer"}`, `12345678901234567890123456789`, ``},
		{`{"type":"number"}`, `1`, ``},
		{`{"required":["b","a"]}`, `{}`, `[object has missing required properties (["a","b"])]`},
		{`{"required":["a"]}`, `[]`, ``},
		{`{"properties":{"a":{}},"patternProperties":{"^x-":{}},"additionalProperties":false,"required":["a"]}`, `{"z":1,"b":2,"x-1":3}`,
			`[object instance has properties which are not allowed by the schema: ["b","z"], object has missing required properties (["a"])]`},
		{`{"additionalProperties":{"type":"null"},"properties":{"a":{}}}`, `{"a":1,"b":1}`, `[instance type (integer) does not match any allowed primitive type (allowed: ["null"])]`},
		{`{"minimum":0.5}`, `-1.1`, `[numeric instance is lower than the required minimum (minimum: 0.5, found: -1.1)]`},
		{`{"minimum":0}`, `0`, ``},
		{`{"minimum":0,"exclusiveMinimum":true}`, `0`, `[numeric instance is not strictly greater than the required minimum 0]`},
		{`{"maximum":500}`, `500.01`, `[numeric instance is greater than the required maximum (maximum: 500, found: 500.01)]`},
		{`{"maximum":500,"exclusiveMaximum":true}`, `500`, `[numeric instance is not strictly lower than the required maximum 500]`},
		{`{"maximum":10000000000000000000000000000000001}`, `10000000000000000000000000000000002`,
			`[numeric instance is greater than the required maximum (maximum: 10000000000000000000000000000000001, found: 10000000000000000000000000000000002)]`},
		{`{"maximum":500}`, `1e999999999`, `[numeric instance is greater than the required maximum (maximum: 500, found: 1E+999999999)]`},
		{`{"multipleOf":0.01}`, `19.99`, ``},
		{`{"multipleOf":2}`, `3`, `[remainder of division is not zero (3 / 2)]`},
		{`{"multipleOf":2}`, `1.00000000000000001e-99999`, `[remainder of division is not zero (1.00000000000000001E-99999 / 2)]`},
		{`{"enum":["cat",1,{"a":[1]},null]}`, `"bird"`, `[instance value ("bird") not found in enum (possible values: ["cat",1,{"a":[1]},null])]`},
		{`{"enum":[{"a":[1],"b":2}]}`, `{"b":2.0,"a":[1]}`, ``},
		{`{"enum":["1"]}`, `1`, `[instance value (1) not found in enum (possible values: ["1"])]`},
		{`{"type":"string","enum":["a/b"]}`, `7`,
			`[instance value (7) not found in enum (possible values: ["a/b"]), instance type (integer) does not match any allowed primitive type (allowed: ["string"])]`},
		{`{"minLength":3}`, `"äö"`, `[string "äö" is too short (length: 2, required minimum: 3)]`},
		{`{"maxLength":1}`, `"ab"`, `[string "ab" is too long (length: 2, maximum allowed: 1)]`},
		{`{"pattern":"^[a-z]+$"}`, `"A1"`, `[ECMA 262 regex "^[a-z]+$" does not match input string "A1"]`},
		{`{"pattern":"^(?!ab)"}`, `"abc"`, `[ECMA 262 regex "^(?!ab)" does not match input string "abc"]`},
		{`{"pattern":"^(?!ab)"}`, `"bc"`, ``},
		{`{"minItems":2}`, `[1]`, `[array is too short: must have at least 2 elements but instance has 1 elements]`},
		{`{"maxItems":1}`, `[1,2]`, `[array is too long: must have at most 1 elements but instance has 2 elements]`},
		{`{"uniqueItems":true}`, `[{"a":1,"b":2},{"b":2,"a":1.0}]`, `[array must not contain duplicate elements]`},
		{`{"uniqueItems":true}`, `[1,"1",true,"true",[1]]`, ``},
		{`{"items":[{"type":"integer"}],"additionalItems":false}`, `[1,2]`, `[schema only allows 1 elements in array but instance has 2 elements]`},
		{`{"items":[{"type":"integer"}],"additionalItems":{"type":"null"}}`, `[1,2]`, `[instance type (integer) does not match any allowed primitive type (allowed: ["null"])]`},
		{`{"items":{"type":"integer"}}`, `[1,"a",true]`,
			`[instance type (string) does not match any allowed primitive type (allowed: ["integer"]), instance type (boolean) does not match any allowed primitive type (allowed: ["integer"])]`},
		{`{"minProperties":1}`, `{}`, `[object has too few properties (found 0 but schema requires at least 1)]`},
		{`{"maxProperties":1}`, `{"a":1,"b":1}`, `[object has too many properties (found 2 but schema requires at most 1)]`},
		{`{"dependencies":{"a":["c","b"]}}`, `{"a":1,"c":1}`, `[property "a" of object has missing property dependencies (schema requires ["b","c"]; missing: ["b"])]`},
		{`{"dependencies":{"a":{"required":["b"]}}}`, `{"a":1}`, `[object has missing required properties (["b"])]`},
		{`{"allOf":[{"type":"string"},{"minLength":2}]}`, `"a"`, `[instance failed to match all required schemas (matched only 1 out of 2)]`},
		{`{"anyOf":[{"type":"string"},{"type":"null"}]}`, `1`, `[instance failed to match at least one required schema among 2]`},
		{`{"oneOf":[{"type":"string"},{"type":"null"}]}`, `1`, `[instance failed to match exactly one schema (matched 0 out of 2)]`},
		{`{"oneOf":[{"type":"integer"},{"type":"number"},{"minimum":0}]}`, `1`, `[instance failed to match exactly one schema (matched 3 out of 3)]`},
		{`{"not":{"type":"string"}}`, `"a"`, `[instance matched a schema which it should not have]`},
		{`{"format":"date-time"}`, `"2020"`, `[string "2020" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]]`},
		{`{"format":"date-time"}`, `"2020-05-15T06:01:09.469Z"`, ``},
		{`{"format":"email"}`, `"nobody"`, `[string "nobody" is not a valid email address]`},
		{`{"format":"ipv4"}`, `"::1"`, `[string "::1" is not a valid IPv4 address]`},
		{`{"format":"int64"}`, `1`, ``},
		// What is in a value that is wrong itself is not looked at, nor what is
		// in those after it.
		{`{"required":["z"],"properties":{"a":{"type":"string"}}}`, `{"a":1}`, `[object has missing required properties (["z"])]`},
		{`{"properties":{"a":{"type":"string"},"b":{"properties":{"c":{"type":"null"}}}}}`, `{"a":1,"b":{"c":1}}`,
			`[instance type (integer) does not match any allowed primitive type (allowed: ["string"])]`},
		{`{"definitions":{"n":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/n"}}}`, `{"a":"x"}`,
			`[instance type (string) does not match any allowed primitive type (allowed: ["integer"])]`},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","const":1}`, `2`, ``},
	} {
		if got := validated(t, c.body, "A", c.schema); got != c.want {
			t.Errorf("%s\nof %s\ngot  %s\nwant %s", c.body, c.schema, got, c.want)
		}
	}
}

func TestModelsReferToOneAnother(t *testing.T) {
	const base = "https://apigateway.amazonaws.com/restapis/"
	pair := `{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}`
	for _, url := range []string{
		base + "api/models/B", base + "other/models/B", base + "${AWS::RestApi}/models/B", base + "{id}/models/B",
		"https://apigateway.eu-west-1.amazonaws.com/restapis/api/models/B",
	} {
		list := `{"type":"array","items":{"$ref":"` + url + `"}}`
		if got := validated(t, `[{"a":1}]`, "A", list, "B", pair); got != "" {
			t.Errorf("%s: %s", url, got)
		}
		if got := validated(t, `[{"b":1}]`, "A", list, "B", pair); got != `[object has missing required properties (["a"])]` {
			t.Errorf("%s: %s", url, got)
		}
	}
	tree := `{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"` + base + `api/models/A"}}},"required":["children"]}`
	if got := validated(t, `{"children":[{"children":[]},{"children":[{}]}]}`, "A", tree); got != `[object has missing required properties (["children"])]` {
		t.Error(got)
	}
	part := `{"$ref":"` + base + `api/models/B#/definitions/n"}`
	if got := validated(t, `"x"`, "A", part, "B", `{"definitions":{"n":{"type":"integer"}}}`); !strings.Contains(got, "(string)") {
		t.Error(got)
	}
}

func TestModelsThatCannotBeUsed(t *testing.T) {
	const base = "https://apigateway.amazonaws.com/restapis/api/models/"
	for _, c := range []struct{ schema, words string }{
		{`{`, "no JSON"},
		{`[]`, "no JSON object"},
		{`{"type":"strin"}`, "draft 4"},
		{`{"$ref":"` + base + `Gone"}`, `no model "Gone"`},
		{`{"$ref":"#/definitions/gone"}`, "gone"},
		{`{"$ref":"http://127.0.0.1:1/schema"}`, "is no model of an API"},
		{`{"$ref":"file:///etc/passwd"}`, "is no model of an API"},
		{`{"$ref":"other.json"}`, "other.json"},
		{`{"$ref":"#"}`, "leads back to itself"},
		{`{"pattern":"["}`, "["},
		{`{"maximum":1e999999999}`, "digits"},
		{strings.Repeat(`{"not":`, 200) + `{}` + strings.Repeat(`}`, 200), "levels deep"},
		{`{"enum":[` + strings.Repeat(`1,`, 30_000) + `1]}`, "values"},
	} {
		_, err := compileModels("A", c.schema)
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%.60s: %v", c.schema, err)
		}
	}
}

func TestHostileBodiesAreBounded(t *testing.T) {
	branches := `{"anyOf":[{"properties":{"a":{"$ref":"#"}},"required":["x"]},{"properties":{"a":{"$ref":"#"}},"required":["y"]},{"type":"null"}]}`
	looping := `{"allOf":[{"$ref":"#"}]}`
	backtracks := `{"pattern":"^(?=x?)(a+)+$"}`
	for _, c := range []struct{ schema, body, words string }{
		{branches, strings.Repeat(`{"a":`, 400) + `1` + strings.Repeat(`}`, 400), ""},
		{looping, `1`, "without end"},
		{backtracks, `"` + strings.Repeat("a", 40) + `!"`, "took longer"},
		{`{}`, strings.Repeat("[", 100_000), "no JSON"},
	} {
		s, err := compileModels("A", c.schema)
		if err != nil {
			t.Fatal(err)
		}
		m := s.Validate([]byte(c.body))
		if m == nil {
			t.Fatalf("%s took it", c.schema)
		}
		if what, _ := m.Explain(); !strings.Contains(what, c.words) {
			t.Errorf("%s: %s", c.schema, what)
		}
	}
}

func TestMismatchesSayWhere(t *testing.T) {
	s, err := compileModels("A", `{"properties":{"pets":{"items":{"oneOf":[{"type":"object","required":["a/b"]},{"type":"null"}]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	what, _ := s.Validate([]byte(`{"pets":[null,{}]}`)).Explain()
	const want = `the body does not match the model A: at /pets/1 instance failed to match exactly one schema (matched 0 out of 2)` +
		` (at /pets/1 object has missing required properties (["a/b"]); at /pets/1 instance type (object) does not match any allowed primitive type (allowed: ["null"]))`
	if what != want {
		t.Errorf("got  %s\nwant %s", what, want)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"oneOf":[{"type":"null"},{"$ref":"#"}]}},"required":["a"]}`, `{"a":{"a":null}}`)
	f.Add(`{"items":[{"enum":[1.0]}],"uniqueItems":true,"multipleOf":0.1}`, `[1,1e400]`)
	f.Add(`{"patternProperties":{"^a(?=b)":{"format":"email"}},"dependencies":{"a":["b"]},"id":"x"}`, `{"ab":"c"}`)
	f.Fuzz(func(t *testing.T, schema, body string) {
		s, err := compileModels("A", schema)
		if err != nil {
			return
		}
		began := time.Now()
		if m := s.Validate([]byte(body)); m != nil {
			m.Explain()
			_ = m.String()
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%v", took)
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	s, err := compileModels("A", `{"type":"object","properties":{"name":{"type":"string","minLength":1},"price":{"type":"number","minimum":0}},"required":["name","price"]}`)
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{1, 100} {
		body := []byte(`{"name":"` + strings.Repeat("x", n) + `","price":19.99}`)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if s.Validate(body) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
