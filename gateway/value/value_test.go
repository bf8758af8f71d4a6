package value_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/gateway/value"
)

func parse(t *testing.T, text string) value.Value {
	t.Helper()
	v, err := value.ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("ParseJSON(%s): %v", text, err)
	}
	return v
}

// TestJSONKeepsWhatJavaKeeps writes back what was read.
func TestJSONKeepsWhatJavaKeeps(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"order of keys", `{"z":1,"a":2,"m":3}`, `{"z":1,"a":2,"m":3}`},
		{"blanks go", " [ 1 , {\t\"a\" :\r\n null } ] ", `[1,{"a":null}]`},
		{"the last of equal keys, in the place of the first", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"a long", `9223372036854775807`, `9223372036854775807`},
		{"a big integer", `-123456789012345678901234567890`, `-123456789012345678901234567890`},
		{"minus nought", `-0`, `0`},
		{"a double", `1.5`, `1.5`},
		{"a whole double keeps a fraction", `1e2`, `100.0`},
		{"a large double", `1e10`, `1.0E10`},
		{"a small double", `0.0001`, `1.0E-4`},
		{"digits that a double has", `0.30000000000000004`, `0.30000000000000004`},
		{"digits that a double has not", `3.14159265358979323846`, `3.14159265358979323846`},
		{"nought at the end of a long decimal", `1.000000000000000000000`, `1.000000000000000000000`},
		{"more than a double holds", `1e400`, `1E+400`},
		{"very small and exact", `1.000000000000000000001e-9`, `1.000000000000000000001E-9`},
		{"escapes", `"\u0041\/\n\"\\\b\f\r\t"`, `"A/\n\"\\\b\f\r\t"`},
		{"a pair of surrogates", `"\uD83D\uDE00"`, "\"\U0001F600\""},
		{"half a pair", `"\uD83Dx"`, "\"\uFFFDx\""},
		{"controls, DEL and punctuation as \\u in capitals", "\"\\u0001\u007f\u2014\u00a0\"", "\"\\u0001\\u007F\\u2014\u00a0\""},
		{"letters of the world stay", `"Ünï¢ø∂é 日本"`, `"Ünï¢ø∂é 日本"`},
		{"empty containers", `[{},[],""]`, `[{},[],""]`},
		{"words", `[true,false,null]`, `[true,false,null]`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := inJSON(parse(t, tc.in)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestTextIsJavas is what a template prints.
func TestTextIsJavas(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"an object", `{"foo":"bar"}`, `{foo=bar}`},
		{"several keys", `{"bigger":"dict","to":"test"}`, `{bigger=dict, to=test}`},
		{"a list is JSON", `[{"foo":"bar"}]`, `[{"foo":"bar"}]`},
		{"a list in an object is JSON", `{"foo":[{"nested":"bar"}]}`, `{foo=[{"nested":"bar"}]}`},
		{"an object in an object", `{"a":{"b":{}},"c":[]}`, `{a={b={}}, c=[]}`},
		{"null in an object", `{"a":null}`, `{a=null}`},
		{"null alone is nothing", `null`, ``},
		{"a string is itself", `"a \"b\""`, `a "b"`},
		{"a slash in a printed list", `["a/b"]`, `["a\/b"]`},
		{"a slash elsewhere", `{"u":"a/b"}`, `{u=a/b}`},
		{"numbers", `{"i":1,"d":1.0,"e":12345678.9,"s":0.001,"n":-0.5}`, `{i=1, d=1.0, e=1.23456789E7, s=0.001, n=-0.5}`},
		{"a boolean", `true`, `true`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := value.Text(parse(t, tc.in)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestListsOfTemplatesArePrintedAsJavaPrintsThem(t *testing.T) {
	l := value.NewList("a", nil, int64(1), value.NewList("b"))
	l.Java = true
	l.Items = append(l.Items, l)
	if got := value.Text(l); got != `[a, null, 1, ["b"], (this Collection)]` {
		t.Errorf("got %s", got)
	}
}

func TestDoublesAreWrittenAsJavaWritesThem(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", math.Copysign(0, -1): "-0.0", 1: "1.0", 0.001: "0.001", 0.00099: "9.9E-4",
		9999999: "9999999.0", 10000000: "1.0E7", 1.1e100: "1.1E100", 1e-5: "1.0E-5",
		math.Inf(1): "Infinity", math.Inf(-1): "-Infinity", 123456.789: "123456.789",
	} {
		if got := value.Text(f); got != want {
			t.Errorf("%g is written as %s, want %s", f, got, want)
		}
	}
	if got := value.Text(math.NaN()); got != "NaN" {
		t.Errorf("NaN is written as %s", got)
	}
	if got := inJSON(value.NewList(math.NaN(), math.Inf(1))); got != "[null,null]" {
		t.Errorf("JSON has no infinity, got %s", got)
	}
}

func TestErrorsTellThePlace(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{``, "line 1, column 1: expected a value, found the end"},
		{"{\n  \"a\": tru\n}", `line 2, column 8: expected a value, found 't'`},
		{`{"ä": 01}`, `line 1, column 7: the number is malformed`},
		{`[1,]`, `line 1, column 4: expected a value, found ']'`},
		{`{"a":1,}`, `line 1, column 8: expected a key in quotes, found '}'`},
		{`{"a" 1}`, `line 1, column 6: expected : after the key, found '1'`},
		{`[1 2]`, `line 1, column 4: expected , or ] in the array, found '2'`},
		{`{"a":1 "b"}`, `line 1, column 8: expected , or } in the object, found '"'`},
		{`1 1`, `line 1, column 3: expected the end, found '1'`},
		{`"abc`, `line 1, column 5: the string does not end`},
		{`"a\`, `line 1, column 4: the string does not end`},
		{"\"a\nb\"", `line 1, column 3: a control character in a string must be escaped`},
		{`"\x"`, `line 1, column 2: \x is no escape`},
		{`"\u12g4"`, `line 1, column 2: \u must be followed by four hexadecimal digits`},
		{`'a'`, `line 1, column 1: expected a value, found '\''`},
		{`-`, `line 1, column 1: the number is malformed`},
		{`1.e5`, `line 1, column 1: the number is malformed`},
	} {
		_, err := value.ParseJSON([]byte(tc.in))
		syntax, ok := errors.AsType[*value.SyntaxError](err)
		if !ok || syntax.Error() != tc.want {
			t.Errorf("ParseJSON(%q): %v, want %s", tc.in, err, tc.want)
		}
	}
}

func TestReadingIsBounded(t *testing.T) {
	deep := strings.Repeat("[", value.MaxDepth+2)
	long := strings.Repeat("9", 5000)
	for _, text := range []string{deep, strings.Repeat(`{"a":`, value.MaxDepth+2), long, "1." + long, "1e99999999999"} {
		if _, err := value.ParseJSON([]byte(text)); err == nil {
			t.Errorf("ParseJSON took %.20s…", text)
		}
		if _, err := value.ParseLoose([]byte(text)); err == nil {
			t.Errorf("ParseLoose took %.20s…", text)
		}
	}
	fits := strings.Repeat("[", value.MaxDepth) + strings.Repeat("]", value.MaxDepth)
	parse(t, fits)
}

// TestLooseReading follows json-smart's permissive mode.
func TestLooseReading(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"a comma too many", `{ "statusCode": 200, }`, `{"statusCode":200}`},
		{"commas anywhere", `[,1,,2,]`, `[1,2]`},
		{"no quotes", `{statusCode: 200, a: b c }`, `{"statusCode":200,"a":"b c"}`},
		{"single quotes", `{'a':'it\'s'}`, `{"a":"it's"}`},
		{"no value", `{a:,b:1}`, `{"a":"","b":1}`},
		{"leading noughts", `[007,-01.5]`, `[7,-1.5]`},
		{"a number that is none", `[1.2.3,12ab,--1,-]`, `["1.2.3","12ab","--1","-"]`},
		{"words", `[true,null,nullish]`, `[true,null,"nullish"]`},
		{"a form is a string", `a=1&b=2`, `"a=1&b=2"`},
		{"text is a string", ` some raw data `, `"some raw data"`},
		{"what follows is not read", `{"a":1} and more`, `{"a":1}`},
		{"a control character stays", "\"a\nb\"", `"a\nb"`},
		{"a control character goes beside an escape", "\"a\nb\\tc\"", `"ab\tc"`},
		{"an unknown escape goes", `"a\qb"`, `"ab"`},
		{"ordinary JSON", `{"a":[1,2.5,"x"],"b":{"c":null}}`, `{"a":[1,2.5,"x"],"b":{"c":null}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, err := value.ParseLoose([]byte(tc.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := inJSON(v); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	for _, text := range []string{``, ` `, `{`, `[`, `[1`, `{a`, `{a:`, `{a:1`, `{a:}`, `]`, `:`, `"a`, `{"a":1]`, `{[1]:2}`} {
		if v, err := value.ParseLoose([]byte(text)); err == nil {
			t.Errorf("ParseLoose(%q) is %s, want an error", text, inJSON(v))
		}
	}
}

func equal(a, b value.Value) bool {
	effort := 1 << 20
	return value.Equal(a, b, &effort)
}

func TestEqual(t *testing.T) {
	ten := value.Value(new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil))
	for _, tc := range []struct {
		a, b value.Value
		want bool
	}{
		{int64(1), 1.0, true}, {int64(1), int64(2), false}, {1.5, value.Decimal("1.50"), true},
		{ten, value.Decimal("1E+30"), true}, {ten, 1e30, true}, {value.Decimal("0E+999999999"), int64(0), true},
		{int64(math.MaxInt64), float64(math.MaxInt64), false},
		{int64(1), "1", true}, {"true", true, true}, {nil, nil, true}, {nil, "", false}, {"a", "a", true},
		{value.NewList(int64(1)), value.NewList(int64(1)), true}, {value.NewList(int64(1)), value.NewList(1.0), false},
		{parse(t, `{"a":1,"b":[2]}`), parse(t, `{"b":[2],"a":1}`), true},
		{parse(t, `{"a":1}`), parse(t, `{"a":1,"b":2}`), false}, {parse(t, `[]`), parse(t, `{}`), false},
	} {
		if got := equal(tc.a, tc.b); got != tc.want {
			t.Errorf("Equal(%v, %v) is %t", tc.a, tc.b, got)
		}
		if got := equal(tc.b, tc.a); got != tc.want {
			t.Errorf("Equal(%v, %v) is %t", tc.b, tc.a, got)
		}
	}
}

func TestCompare(t *testing.T) {
	ascending := []value.Value{
		math.Inf(-1), value.Decimal("-1E+400"), int64(-5), -0.5, int64(0), value.Decimal("1E-400"), 0.001, int64(2), 2.5,
		int64(1 << 53), int64(1<<53 + 1), new(big.Int).Lsh(big.NewInt(1), 80), value.Decimal("1E+400"), math.Inf(1),
	}
	for i, a := range ascending {
		for j, b := range ascending {
			got, ok := value.Compare(a, b)
			if want := map[bool]int{i < j: -1, i == j: 0, i > j: 1}[true]; !ok || got != want {
				t.Errorf("Compare(%v, %v) is %d, want %d", a, b, got, want)
			}
		}
	}
	if _, ok := value.Compare("1", int64(1)); ok {
		t.Error("a string is no number")
	}
}

// TestWhatContainsItself ends.
func TestWhatContainsItself(t *testing.T) {
	m := value.NewMap(1)
	m.Set("self", m)
	if got := value.Text(m); got != "{self=(this Map)}" {
		t.Errorf("got %s", got)
	}
	l := value.NewList()
	l.Items = append(l.Items, l, l, l)
	if _, err := value.AppendJSONWithin(nil, l, 1<<16); !errors.Is(err, value.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	m.Set("list", l)
	if out, err := value.AppendTextWithin(nil, m, 1<<16); !errors.Is(err, value.ErrTooLarge) || len(out) > 1<<17 {
		t.Errorf("got %v after %d bytes", err, len(out))
	}
	other := value.NewList()
	other.Items = append(other.Items, other, other, other)
	effort := 100
	if value.Equal(l, other, &effort) || effort >= 0 {
		t.Errorf("the comparison ended with an effort of %d left", effort)
	}
}

// TestMapKeepsItsOrder does the same to a Map and to a plain list of pairs.
func TestMapKeepsItsOrder(t *testing.T) {
	for _, n := range []int{3, 15, 16, 17, 200} {
		m := value.NewMap(0)
		var keys []string
		key := func(i int) string { return "k" + value.Text(int64(i)) }
		for i := range n {
			m.Set(key(i), int64(i))
			keys = append(keys, key(i))
		}
		m.Set(key(1), "changed")
		for i := 0; i < n; i += 3 {
			if !m.Delete(key(i)) || m.Delete(key(i)) {
				t.Fatalf("deleting %s", key(i))
			}
		}
		m.Set("last", nil)
		var want []string
		for i, k := range keys {
			if i%3 != 0 {
				want = append(want, k)
			}
		}
		want = append(want, "last")
		var got, at []string
		for k, v := range m.All() {
			got = append(got, k)
			if w, ok := m.Get(k); !ok || !equal(v, w) {
				t.Errorf("%s is %v and %v", k, v, w)
			}
		}
		for i := range m.Len() {
			k, _ := m.At(i)
			at = append(at, k)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(want, at); diff != "" {
			t.Errorf("%d keys: %s", n, diff)
		}
		if v, _ := m.Get(key(1)); v != "changed" {
			t.Errorf("key 1 is %v", v)
		}
		if _, ok := m.Get(key(0)); ok {
			t.Error("key 0 is still there")
		}
	}
}

func TestInvalidBytesBecomeReplacementCharacters(t *testing.T) {
	if got := parse(t, "\"a\xff\xfeb\""); got != "a\uFFFD\uFFFDb" {
		t.Errorf("got %q", got)
	}
	if got := inJSON("a\xffb"); got != "\"a\uFFFDb\"" {
		t.Errorf("got %q", got)
	}
}

// FuzzParseJSON reads, writes and reads again; encoding/json must agree on what
// JSON is.
func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,-1e30,"x\u2014/"],"b":{"c":null,"c":true}}`, `[]`, `"\ud83d\ude00"`, `1e400`, `[1,]`, `{a:b}`, `'x'`, "\"\x01\"", `12345678901234567890`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := value.ParseLoose(b); err == nil {
			value.AppendText(nil, v)
		}
		v, err := value.ParseJSON(b)
		if err != nil {
			if json.Valid(b) && len(b) < 100 && !strings.ContainsAny(string(b), "eE") {
				t.Fatalf("encoding/json takes it: %v", err)
			}
			return
		}
		if !json.Valid(b) {
			t.Fatal("encoding/json does not take it")
		}
		once := []byte(inJSON(v))
		// A long decimal may be written short, and be a double the second time.
		texts := [][]byte{once}
		for range 2 {
			again, err := value.ParseJSON(texts[len(texts)-1])
			if err != nil {
				t.Fatalf("%s: %v", texts[len(texts)-1], err)
			}
			texts = append(texts, []byte(inJSON(again)))
		}
		if !bytes.Equal(texts[1], texts[2]) {
			t.Fatalf("%s became %s", texts[1], texts[2])
		}
		if loose, err := value.ParseLoose(b); err != nil || inJSON(loose) != string(once) {
			t.Fatalf("read loosely: %v, %s, not %s", err, inJSON(loose), once)
		}
	})
}

func inJSON(v value.Value) string {
	b, _ := value.AppendJSONWithin(nil, v, value.MaxWritten)
	return string(b)
}
