package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var jsonTexts = []string{
	`null`, `true`, `false`, ` 1 `, `-0`, `0.5e-7`, `1E400`, `"a\u00e9\ud83d\ude00\ud83d\n\/"`, `"é😀"`, "\"\xff\"",
	`[]`, `[1,[2,{"a":[]}],"x"]`, `{}`, `{"a":1,"a":2,"":null}`, "\t{\r\n\"k\" : [ true ] } ",
	``, ` `, `nul`, `01`, `1.`, `.5`, `1e`, `-`, `+1`, `"`, `"\x"`, `"\u12"`, "\"\n\"", `[1,]`, `[1 2]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `[`, `{`, `1 1`, `[]]`, `"\`, `"\ud83d\u"`, "0\x00",
}

// The reader takes what encoding/json takes, and makes the same of it.
func agreesWithEncodingJSON(t *testing.T, text []byte) {
	t.Helper()
	r := jsonReader{data: text}
	got, err := r.value()
	if err == nil {
		err = r.end()
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var want any
	wantErr := d.Decode(&want)
	if wantErr == nil && !json.Valid(text) {
		wantErr = errTooMany // something follows
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: %v, encoding/json: %v", text, err, wantErr)
	}
	if err == nil {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	s := jsonReader{data: text}
	skipErr := s.skip()
	if skipErr == nil {
		skipErr = s.end()
	}
	if err == nil && skipErr != nil {
		t.Errorf("%q is read but not skipped: %v", text, skipErr)
	}
}

func TestJSONReader(t *testing.T) {
	for _, text := range jsonTexts {
		agreesWithEncodingJSON(t, []byte(text))
	}
}

func FuzzJSONReader(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Count(text, []byte("[")) < maxDepth && bytes.Count(text, []byte("{")) < maxDepth/2 {
			agreesWithEncodingJSON(t, text)
		}
	})
}

func TestJSONReaderIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("[", maxDepth+1), "[" + strings.Repeat("1,", maxValues) + "1]", "{" + strings.Repeat(`"":1,`, maxValues) + `"":1}`} {
		r := jsonReader{data: []byte(text)}
		if _, err := r.value(); err == nil || !strings.Contains(err.Error(), "too") {
			t.Errorf("%.20s…: %v", text, err)
		}
	}
}

func TestAppendQuoted(t *testing.T) {
	for _, text := range []string{"", "plain", "a\"b\\c\n\r\t\x00\x1f", "é😀\u2028", "bad \xff\xfe end"} {
		var got string
		if err := json.Unmarshal(appendQuoted(nil, text), &got); err != nil || got != strings.ToValidUTF8(text, "\uFFFD") && got != string([]rune(text)) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
