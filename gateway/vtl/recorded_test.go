package vtl_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/value"
	"github.com/lamgate/lamgate/gateway/vtl"
)

// TestRecorded compares with what API Gateway answered. Each case was a POST of
// its context to a MOCK integration: the request template kept the body in an
// override, the response template made variables of its members.
func TestRecorded(t *testing.T) {
	folder := os.Getenv("LAMGATE_RECORDINGS")
	if folder == "" {
		t.Skip("LAMGATE_RECORDINGS names no folder of recordings")
	}
	text, err := os.ReadFile(filepath.Join(folder, "vtl", "recorded.json"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := value.ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range root.(*value.List).Items {
		c := item.(*value.Map)
		get := func(key string) value.Value { v, _ := c.Get(key); return v }
		t.Run(get("test").(string)+"/"+value.Text(get("index")), func(t *testing.T) {
			body := []byte(inJSON(get("context")))
			environment := &vtl.Environment{Input: vtl.Input{Body: body}}
			status := render(t, "#set($context.requestOverride.path.body = $input.body)\n{ \"statusCode\": 200, }", environment)
			if status != `{ "statusCode": 200, }` {
				t.Fatalf("the request template printed %q", status)
			}
			response := &vtl.Environment{RequestOverride: environment.RequestOverride}
			var template strings.Builder
			template.WriteString("#set($body = $context.requestOverride.path.body)\n#set($bodyJSON = $util.parseJson($body))\n")
			for name := range get("context").(*value.Map).All() {
				template.WriteString(" #set($" + name + " = $bodyJSON." + name + ")\n")
			}
			template.WriteString(get("template").(string))
			got := render(t, template.String(), response)
			if get("normalize_whitespace") == true {
				got = strings.Join(strings.Fields(got), " ")
			}
			want, isText := get("aws").(string)
			if !isText { // the recording has what was JSON as JSON
				want = inJSON(get("aws"))
				got = compact(t, got)
			}
			if got != want {
				t.Errorf("%s\nprints %q\n   aws %q", get("template"), got, want)
			}
		})
	}
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

func render(t testing.TB, source string, e *vtl.Environment) string {
	t.Helper()
	template, err := vtl.Parse(source)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	out, err := template.Append(nil, e)
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return string(out)
}

func inJSON(v value.Value) string {
	b, _ := value.AppendJSONWithin(nil, v, value.MaxWritten)
	return string(b)
}
