package jsonpath_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/jsonpath"
	"github.com/lamgate/lamgate/gateway/value"
)

func TestSyntaxErrors(t *testing.T) {
	for _, tc := range []struct{ path, want string }{
		{``, `the path is empty at position 0`},
		{`$.`, `a path must not end with a dot at position 1`},
		{`$..`, `a path must not end with a dot at position 2`},
		{`$.a.`, `a path must not end with a dot at position 3`},
		{`$a`, `expected . or [ at position 1`},
		{`$...a`, `expected a name, * or [ after .. at position 3`},
		{`$.a b`, `a name with blanks needs brackets and quotes, ['my name'] at position 3`},
		{`$[]`, `expected ?, ', 0-9 or * at position 2`},
		{`$[a]`, `expected ?, ', 0-9 or * at position 2`},
		{`$['a'`, `expected , or ] after the name at position 5`},
		{`$['a]`, `the string does not end at position 2`},
		{`$['a','b]`, `the string does not end at position 6`},
		{`$['a',]`, `expected a name in ' at position 6`},
		{`$['a',0]`, `expected a name in ' at position 6`},
		{`$[1`, `expected ] at position 2`},
		{`$[1a]`, `the index is not a number at position 2`},
		{`$[99999999999]`, `the index is not a number at position 2`},
		{`$[:]`, `the slice needs a bound at position 2`},
		{`$[1:x]`, `the bounds of the slice are not numbers at position 2`},
		{`$[*`, `expected ] after * at position 3`},
		{`$[(@.length-1)]`, `scripts are not part of the dialect, use [-1] or a function; expected ?, ', 0-9 or * at position 2`},
		{`$[?]`, `[?] needs predicates from outside, and there are none at position 3`},
		{`$[?@.a]`, `expected ( after ? at position 3`},
		{`$[?(@.a == )]`, `expected a path, a string, a number, a pattern or JSON at position 11`},
		{`$[?(@.a ~~ 1)]`, `expected ) at the end of the filter at position 8`},
		{`$[?(@.a == 1]`, `expected ) at the end of the filter at position 12`},
		{`$[?(@.a == 1)`, `expected ] at the end of the filter at position 13`},
		{`$[?(true)]`, `expected an operator at position 8`},
		{`$[?(@.a == 'x)]`, `the string does not end at position 11`},
		{`$[?(@.a =~ /(/)]`, "the pattern is malformed"},
		{`$[?(@.a =~ /a/q)]`, "the pattern is malformed: it has an unknown flag 'q' at position 12"},
		{`$[?(@.a =~ /a)]`, "the pattern does not end at position 11"},
		{"$[?(" + strings.Repeat("@.a =~ /x{900}/ || ", 12) + "@.a)]", "the patterns of the path are too large"},
		{`$[?(@.a in [1)`, "the JSON does not end at position 11"},
		{`$.sum(`, "expected a path or JSON, and ) at the end at position 6"},
		{`$.sum(a)`, "the parameter is neither a path nor JSON at position 6"},
		{`$.sum($.a,)`, "expected a path or JSON, and ) at the end at position 10"},
		{strings.Repeat("a", jsonpath.MaxLength+1), "the path is longer than 8192 bytes at position 0"},
		{"$[?(" + strings.Repeat("(", 40) + "@.a" + strings.Repeat(")", 40) + ")]", "the filter is nested too deeply"},
		{"$" + strings.Repeat("[?(@", 40) + strings.Repeat(")]", 40), "nested too deeply"},
		{strings.Repeat("$.sum(", 40) + "1" + strings.Repeat(")", 40), "nested too deeply"},
	} {
		_, err := jsonpath.Parse(tc.path)
		if _, ok := errors.AsType[*jsonpath.SyntaxError](err); !ok || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("Parse(%.60s): %v, want %s", tc.path, err, tc.want)
		}
	}
}

func TestDefinite(t *testing.T) {
	for path, want := range map[string]bool{
		`$`: true, `$.a.b[0]['c']`: true, `$['a','b']`: true, `$['a','b'].c`: false, `$[0,1]`: false, `$[0:1]`: false,
		`$.*`: false, `$..a`: false, `$[?(@.a)]`: false, `$.a.length()`: true, `$..a.length()`: true, `$.*.length()`: false,
	} {
		p, err := jsonpath.Parse(path)
		if err != nil || p.Definite() != want {
			t.Errorf("%s: %v, definite %t", path, err, !want)
		}
	}
}

func TestNotFoundTellsWhere(t *testing.T) {
	root, err := value.ParseJSON([]byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		`address.zip`:      `no results for the path $.address.zip: .zip leads nowhere, there is an object without it`,
		`$.owner.name`:     `no results for the path $.owner.name: .name leads nowhere, there is null`,
		`$.stock[9].sku`:   `no results for the path $.stock[9].sku: [9] leads nowhere, there is a list without it`,
		`$.name.first[*]`:  `no results for the path $.name.first[*]: .first leads nowhere, there is a string`,
		`$.limit['a','b']`: `no results for the path $.limit['a','b']: ['a','b'] leads nowhere, there is a number`,
	} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Read(root); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// TestReadingIsBounded has paths whose work grows faster than their document.
func TestReadingIsBounded(t *testing.T) {
	nested := value.Value(int64(1))
	for range 200 {
		m := value.NewMap(1)
		m.Set("a", nested)
		nested = m
	}
	cyclic := value.NewMap(1)
	cyclic.Set("a", cyclic)
	wide := value.NewList()
	for range 3000 {
		m := value.NewMap(1)
		m.Set("a", strings.Repeat("a", 50))
		wide.Items = append(wide.Items, m)
	}
	for _, tc := range []struct {
		path string
		root value.Value
	}{
		{"$..a..a..a..a..a", nested},
		{"$..*..*..*..*", nested},
		{"$..a", cyclic},
		{"$..[?(@..[?(@..a)])]", cyclic},
		{"$[?(@.a in $..a)]", wide},
		{"$[?(@..[?($..a contains @.a)])]", wide},
		{"$[?(@.a =~ /(a+)+(?=b)/)]", wide},
		{"$[?(@.a =~ /" + strings.Repeat("(a?)", 1500) + "/)]", wide},
	} {
		t.Run(tc.path[:min(len(tc.path), 40)], func(t *testing.T) {
			p, err := jsonpath.Parse(tc.path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.ReadWithin(tc.root, new(1_000_000)); !errors.Is(err, jsonpath.ErrBudget) {
				t.Error(err)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, path := range []string{
		`$.stock[?(@.price < 3 && !(@.sku =~ /t.*/i))].sku`, `$..[0]['a',"b"]`, `$[-1:2].x`, `a.b.c`, `$..n.sum(1,{"a":")"})`,
		`$.tags[?(@ in ['food',1,null])]`, `$[?($.a.length() size 2 || @..b empty true)]`, `$['\u00e9\'']`, `$[*]foo.concat("x", $.name)`,
	} {
		f.Add(path, shop)
	}
	f.Fuzz(func(t *testing.T, path, doc string) {
		p, err := jsonpath.Parse(path)
		if err != nil {
			return
		}
		if len(path) > jsonpath.MaxLength {
			t.Fatal("the path is too long")
		}
		root, err := value.ParseLoose([]byte(doc))
		if err != nil {
			return
		}
		v, err := p.ReadWithin(root, new(100_000))
		if _, list := v.(*value.List); err == nil && !p.Definite() && !list {
			t.Fatalf("%T is no list", v)
		}
		// The text of a path is a path.
		if _, err := jsonpath.Parse(p.String()); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	root, err := value.ParseJSON([]byte(shop))
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{`$.address.geo.lat`, `$.stock[*].sku`, `$..sku`, `$.stock[?(@.price < 3 && @.count > 0)].sku`} {
		p, err := jsonpath.Parse(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Read(root); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExamplePath_Read() {
	path, _ := jsonpath.Parse("$.items[?(@.price < 10)].name")
	root, _ := value.ParseJSON([]byte(`{"items": [{"name": "tea", "price": 4.5}, {"name": "gin", "price": 30}]}`))
	names, _ := path.Read(root)
	fmt.Println(value.Text(names))
	// Output: ["tea"]
}
