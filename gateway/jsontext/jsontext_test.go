package jsontext_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/jsontext"
)

func compact(text string) (string, error) {
	r := jsontext.Reader{Data: []byte(text)}
	r.Space()
	b, err := r.AppendValue(nil)
	if r.Space(); err == nil && r.At < len(text) {
		err = r.Fail("something follows")
	}
	return string(b), err
}

func TestAppendValue(t *testing.T) {
	for text, want := range map[string]string{
		`  null `:                          `null`,
		`[ ]`:                              `[]`,
		`{ }`:                              `{}`,
		`["hello", 3, true, false, null ]`: `["hello",3,true,false,null]`,
		"{\n \"a\" : {\"b\": [1.50, -2e3]},\t\"a\": \"\\u00e9\\/\\n\"}": "{\"a\":{\"b\":[1.50,-2e3]},\"a\":\"\u00e9/\\n\"}",
	} {
		if got, err := compact(text); got != want || err != nil {
			t.Errorf("%s became %s, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		``:                         "the value is nothing, not a string, a number or a boolean (at byte 0)",
		`[1 2]`:                    "a comma or ] should stand here (at byte 3)",
		`{"a" 1}`:                  "a colon should stand here (at byte 5)",
		`"a`:                       "a string has no end (at byte 2)",
		`tru`:                      "this is no JSON (at byte 0)",
		strings.Repeat("[", 1_001): "this stands too deep (at byte 1000)",
	} {
		if got, err := compact(text); err == nil || err.Error() != want {
			t.Errorf("%.20s became %s, %v; want %s", text, got, err, want)
		}
	}
}

// What many short strings take does not grow with what follows each of them.
func TestEscapedStringsTakeNoMoreThanTheyAreLong(t *testing.T) {
	const count = 20_000
	text := []byte("[" + strings.Repeat(`"\n",`, count) + "0]")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := jsontext.Reader{Data: text}
	if err := r.Skip(); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / count; each > 1024 {
		t.Errorf("each string took %d bytes", each)
	}
}

func FuzzAppendValue(f *testing.F) {
	f.Add(`{"a": [1, "\u00e9\ud83d\ude00", {"b": null}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := compact(text)
		r := jsontext.Reader{Data: []byte(text)}
		r.Space()
		skipped := r.Skip()
		if r.Space(); skipped == nil && r.At < len(text) {
			skipped = r.Fail("something follows")
		}
		if (skipped == nil) != (err == nil) {
			t.Fatalf("%q is read as %v, and skipped as %v", text, err, skipped)
		}
		if err != nil {
			return
		}
		again, err := compact(got)
		if err != nil || again != got {
			t.Errorf("%q became %q, and that %q, %v", text, got, again, err)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%q became %q, which is no JSON", text, got)
		}
	})
}
