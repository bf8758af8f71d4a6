package jsonpath_test

import (
	"errors"
	"testing"

	"github.com/lamgate/lamgate/gateway/jsonpath"
	"github.com/lamgate/lamgate/gateway/value"
)

// shop is the document of most cases.
const shop = `{
  "name": "Corner shop",
  "open": true,
  "owner": null,
  "limit": 10,
  "tags": ["food", "drinks", "$.name", "a/b"],
  "stock": [
    {"sku": "tea", "price": 4.5, "count": 10, "tags": ["drinks", "hot"]},
    {"sku": "rice", "price": 2, "count": 0, "tags": ["food"], "note": null},
    {"sku": "salt", "price": 0.5, "count": 7, "tags": []},
    {"sku": "Gin 40", "price": 30, "count": 2, "adult": true}
  ],
  "address": {"street": "Elm 1", "geo": {"lat": 51.5, "lon": -0.1}},
  "odd keys": {"a.b": 1, "it's": 2, "x\"y": 3, "é": 4, "": 5}
}`

// missing stands for an error that matches ErrNotFound, failing for another one.
const (
	missing = "(not found)"
	failing = "(error)"
)

func read(t *testing.T, doc, path string) string {
	t.Helper()
	root, err := value.ParseJSON([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	before := inJSON(root)
	p, err := jsonpath.Parse(path)
	if err != nil {
		return "(syntax) " + err.Error()
	}
	v, err := p.Read(root)
	if after := inJSON(root); after != before {
		t.Errorf("reading %s changed the document to %s", path, after)
	}
	switch {
	case errors.Is(err, jsonpath.ErrNotFound):
		return missing
	case err != nil:
		return failing
	}
	if _, list := v.(*value.List); !p.Definite() && !list {
		t.Errorf("%s is not definite and leads to %T", path, v)
	}
	return inJSON(v)
}

type golden struct{ path, want string }

func check(t *testing.T, doc string, cases []golden) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.path, func(t *testing.T) {
			if got := read(t, doc, tc.path); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	check(t, shop, []golden{
		{`$.name`, `"Corner shop"`},
		{`$['name']`, `"Corner shop"`},
		{`$["name"]`, `"Corner shop"`},
		{`$.['name']`, `"Corner shop"`},
		{`$[ 'name' ]`, `"Corner shop"`},
		{` $.name `, `"Corner shop"`},
		{`name`, `"Corner shop"`},
		{`address.geo.lat`, `51.5`},
		{`['name']`, `"Corner shop"`},
		{`@.name`, `"Corner shop"`},
		{`$.owner`, `null`},
		{`$.nobody`, missing},
		{`$.nobody.name`, missing},
		{`$.owner.name`, missing},
		{`$.name.first`, missing},
		{`$['odd keys']['a.b']`, `1`},
		{`$['odd keys']['it\'s']`, `2`},
		{`$['odd keys']["it's"]`, `2`},
		{`$['odd keys']["x\"y"]`, `3`},
		{`$['odd keys']['\u00e9']`, `4`},
		{`$['odd keys'].é`, `4`},
		{`$['odd keys']['']`, `5`},
		{`$['name','open']`, `{"name":"Corner shop","open":true}`},
		{`$['open', 'name']`, `{"open":true,"name":"Corner shop"}`},
		{`$['name','nobody']`, `{"name":"Corner shop"}`},
		{`$['nobody','nothing']`, `{}`},
		{`$.name['a','b']`, missing},
		{`$['address','nobody'].street`, `["Elm 1"]`},
	})
}

func TestIndexesAndSlices(t *testing.T) {
	check(t, `["a","b","c","d"]`, []golden{
		{`$`, `["a","b","c","d"]`},
		{`$[0]`, `"a"`},
		{`$.[0]`, `"a"`},
		{`[1]`, `"b"`},
		{`$[-1]`, `"d"`},
		{`$[-4]`, `"a"`},
		{`$[ 2 ]`, `"c"`},
		{`$[4]`, missing},
		{`$[-5]`, missing},
		{`$[0,2]`, `["a","c"]`},
		{`$[2 , 0,-1, 9]`, `["c","a","d"]`},
		{`$[1:]`, `["b","c","d"]`},
		{`$[-2:]`, `["c","d"]`},
		{`$[-9:]`, `["a","b","c","d"]`},
		{`$[9:]`, `[]`},
		{`$[:2]`, `["a","b"]`},
		{`$[:-1]`, `["a","b","c"]`},
		{`$[:-9]`, `[]`},
		{`$[:99]`, `["a","b","c","d"]`},
		{`$[1:3]`, `["b","c"]`},
		{`$[3:1]`, `[]`},
		// With two bounds a negative one does not count from the end.
		{`$[1:-1]`, `[]`},
		{`$[-3:-1]`, `["b","c"]`},
		{`$[-2:5]`, `["c","d","a","b","c","d"]`},
		// There is no step; one that is written is not looked at.
		{`$[0:4:2]`, `["a","b","c","d"]`},
		{`$[*]`, `["a","b","c","d"]`},
		{`$.*`, `["a","b","c","d"]`},
		{`$.a`, missing},
		{`$[0].a`, missing},
		{`$[*].a`, `[]`},
		{`$[1:].a`, `[]`},
	})
	check(t, `{"n":null,"s":"text","e":[]}`, []golden{
		{`$.n[0]`, missing}, {`$.s[0]`, missing}, {`$.e[0]`, missing}, {`$.e[0,1]`, `[]`}, {`$.e[0:]`, `[]`},
		{`$.n[0,1]`, missing}, {`$.s[1:]`, missing}, {`$.gone[0]`, missing}, {`$.gone[*]`, missing},
		{`$.n[*]`, `[]`}, {`$.s[*]`, `[]`}, {`$.e[*]`, `[]`},
	})
}

func TestWildcards(t *testing.T) {
	check(t, `{"a":{"x":1,"y":null},"b":[{"x":2},{"y":3},4,null,{"x":null}],"c":5}`, []golden{
		{`$.*`, `[{"x":1,"y":null},[{"x":2},{"y":3},4,null,{"x":null}],5]`},
		{`$.a[*]`, `[1,null]`},
		// A name that is missing behind a wildcard is passed over, null is not.
		{`$.b[*].x`, `[2,null]`},
		{`$.*.x`, `[1]`},
		{`$.b[*].x.z`, `[]`},
		{`$.*[0]`, `[{"x":2}]`},
		{`$.b[*]['x','y']`, `[{"x":2},{"y":3},{"x":null}]`},
		{`$.c.*`, `[]`},
		{`$.*.*`, `[1,null,{"x":2},{"y":3},4,null,{"x":null}]`},
		{`$.b.*.*`, `[2,3,null]`},
	})
}

func TestDeepScans(t *testing.T) {
	check(t, `{"id":1,"in":{"id":2,"list":[{"id":3,"in":{"id":4}},[{"id":5}]]},"last":{"id":null}}`, []golden{
		// The outer before the inner, in the order of the document.
		{`$..id`, `[1,2,3,4,5,null]`},
		{`$..['id']`, `[1,2,3,4,5,null]`},
		{`$..in.id`, `[2,4]`},
		{`$.in..id`, `[2,3,4,5]`},
		{`$..in..id`, `[2,3,4,5,4]`},
		{`$..nothing`, `[]`},
		{`$..nothing.more`, `[]`},
		{`$.nothing..id`, missing},
		{`$..list[0].id`, `[3]`},
		{`$..list[*]`, `[{"id":3,"in":{"id":4}},[{"id":5}]]`},
		// Of several names at the end an object must have all.
		{`$..['id','list']`, `[{"id":2,"list":[{"id":3,"in":{"id":4}},[{"id":5}]]}]`},
		{`$..['id','nothing']`, `[]`},
		{`$..[0]`, `[{"id":3,"in":{"id":4}},{"id":5}]`},
		// An object is tested when the scan comes to it, and once more as an
		// item of its list.
		{`$..[?(@.id == 4)]`, `[{"id":4}]`},
		{`$..list[?(@.id == 3)].id`, `[3]`},
	})
	check(t, `{"a":[[1,{"b":2}],null]}`, []golden{
		{`$..*`, `[[[1,{"b":2}],null],[1,{"b":2}],null,1,{"b":2},2]`},
		{`$..[*]`, `[[[1,{"b":2}],null],[1,{"b":2}],null,1,{"b":2},2]`},
	})
	check(t, `{"x":[0,1,[0,1,2,3,null],null],"y":[0,1,2]}`, []golden{{`$..[2][3]`, `[3]`}, {`$..[4]`, `[null]`}})
	// With more steps behind it, an index behind a deep scan is not looked at.
	check(t, `{"l":[{"a":1},{"a":2}]}`, []golden{{`$..[0].a`, `[1,2]`}, {`$..[0]`, `[{"a":1}]`}, {`$..l[0].a`, `[1]`}})
}

func TestFunctions(t *testing.T) {
	check(t, `{"n":[1,2.5,"x",4],"none":[],"text":["a","b",3],"o":{"k":1,"l":{"n":[10]}},"s":"abc","two":[[1,2],[3]]}`, []golden{
		{`$.n.sum()`, `7.5`},
		{`$.n.min()`, `1.0`},
		{`$.n.max()`, `4.0`},
		{`$.n.avg()`, `2.5`},
		{`$.n.stddev()`, `1.224744871391589`},
		{`$.n.length()`, `4`},
		{`$.n.size()`, `4`},
		{`$.length()`, `6`},
		{`$.o.length()`, `2`},
		{`$.s.length()`, `null`},
		{`$.none.length()`, `0`},
		{`$.none.sum()`, failing},
		{`$.s.sum()`, failing},
		{`$.gone.length()`, missing},
		{`$.o.keys()`, `["k","l"]`},
		{`$.n.keys()`, `null`},
		{`$.keys()`, `["n","none","text","o","s","two"]`},
		{`$.n.first()`, `1`},
		{`$.n.last()`, `4`},
		{`$.n.index(1)`, `2.5`},
		{`$.n.index(-2)`, `"x"`},
		{`$.n.index(9)`, failing},
		{`$.none.first()`, failing},
		{`$.s.first()`, failing},
		{`$.n.append(5)`, `[1,2.5,"x",4,5]`},
		{`$.n.append(5, {"a":[1]}, "z,)")`, `[1,2.5,"x",4,5,{"a":[1]},"z,)"]`},
		{`$.n.append(5).sum()`, `12.5`},
		{`$.text.concat()`, `"ab"`},
		{`$.text.concat("-", 1, $.s)`, `"ab-1abc"`},
		{`$.concat($.text[0], $.s)`, `"aabc"`},
		{`$.sum($.n)`, `7.5`},
		{`$.sum(10, $.n.avg())`, `12.5`},
		// A deep scan before a function is its parameter.
		{`$..n.length()`, `5`},
		{`$..l.n.length()`, `1`},
		{`$..k.sum()`, `1.0`},
		{`$.length($.two)`, `2`},
		{`$..length()`, `22`},
		{`$..sum()`, failing},
		// Without one, each value is asked.
		{`$.two[*].length()`, `[2,1]`},
		{`$.two[*].sum()`, `[3.0,3.0]`},
		{`$.n.nothing()`, failing},
		{`$.gone.nothing()`, missing},
	})
}

func inJSON(v value.Value) string {
	b, _ := value.AppendJSONWithin(nil, v, value.MaxWritten)
	return string(b)
}
