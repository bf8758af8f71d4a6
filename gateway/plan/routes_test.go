package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// deployment makes a deployment of routes written "METHOD /path".
func deployment(routes ...string) *Deployment {
	d := &Deployment{ID: "dep", API: "api"}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		i := slices.IndexFunc(d.Resources, func(r Resource) bool { return r.Path == path })
		if i < 0 {
			i = len(d.Resources)
			d.Resources = append(d.Resources, Resource{ID: fmt.Sprint("r", i), Path: path, Methods: map[string]*Method{}})
		}
		d.Resources[i].Methods[method] = &Method{Integration: &Integration{Type: "HTTP"}}
	}
	return d
}

// matched is what a plan makes of a request: "METHOD /path name=value…".
func matched(p *Plan, method, path string) string {
	r, params := p.Match(method, path, nil)
	if r == nil {
		return ""
	}
	text := r.HTTPMethod + " " + r.ResourcePath
	for _, v := range params {
		text += " " + v.Name + "=" + v.Value
	}
	return text
}

func TestMatch(t *testing.T) {
	p := Compile(deployment(
		"GET /", "POST /test", "ANY /test/any", "OPTIONS /{proxy+}",
		"GET /users", "ANY /users", "GET /users/{id}", "GET /users/me", "DELETE /users/{id}/orders/{order}",
		"GET /files/{path+}", "PUT /files/new", "GET /a.b-c/{x}",
	))
	for _, c := range []struct{ method, path, want string }{
		{"GET", "", "GET /"},
		{"GET", "/", "GET /"},
		{"GET", "//", "GET /"},
		{"OPTIONS", "/", ""},
		{"POST", "/test", "POST /test"},
		{"POST", "/test/", "POST /test"},
		{"POST", "//test", "POST /test"},
		{"OPTIONS", "/test", "OPTIONS /{proxy+} proxy=test"},
		{"OPTIONS", "/test/any", "ANY /test/any"},
		{"GET", "/test/any", "ANY /test/any"},
		{"GET", "/test", ""},
		{"GET", "/users", "GET /users"},
		{"PATCH", "/users", "ANY /users"},
		{"OPTIONS", "/users", "ANY /users"},
		{"GET", "/users/me", "GET /users/me"},
		{"GET", "/users/ME", "GET /users/{id} id=ME"},
		{"GET", "/users/42/", "GET /users/{id} id=42"},
		{"GET", "/users/a%2Fb", "GET /users/{id} id=a%2Fb"},
		{"GET", "/users/..", "GET /users/{id} id=.."},
		{"GET", "/users//", ""},
		{"GET", "/users//x", ""},
		{"OPTIONS", "/users//x", "OPTIONS /{proxy+} proxy=users//x"},
		{"DELETE", "/users/1/orders/2", "DELETE /users/{id}/orders/{order} id=1 order=2"},
		{"DELETE", "/users/1/orders", ""},
		{"OPTIONS", "/users/1/orders", "OPTIONS /{proxy+} proxy=users/1/orders"},
		{"GET", "/files/a/b//c/", "GET /files/{path+} path=a/b//c"},
		{"GET", "/files/new", "GET /files/{path+} path=new"},
		{"PUT", "/files/new", "PUT /files/new"},
		{"GET", "/files", ""},
		{"GET", "/files/", ""},
		{"GET", "/a.b-c/%zz", "GET /a.b-c/{x} x=%zz"},
		{"get", "/users", "ANY /users"},
	} {
		if got := matched(p, c.method, c.path); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.method, c.path, got, c.want)
		}
	}
}

// naive matches by trying every route: the one whose segments are the most
// literal from the left wins.
func naive(d *Deployment, method, path string) string {
	path = strings.TrimSuffix(strings.TrimLeft(path, "/"), "/")
	best, bestRank := "", ""
	for _, r := range d.Resources {
		name := method
		if r.Methods[name] == nil {
			if name = AnyMethod; r.Methods[name] == nil {
				continue
			}
		}
		rank, params, ok := "", "", false
		pattern := strings.Split(strings.Trim(r.Path, "/"), "/")
		parts := strings.Split(path, "/")
		if path == "" {
			ok = r.Path == "/"
		} else {
			for i, want := range pattern {
				if want == "" || i >= len(parts) {
					ok = false
					break
				}
				if strings.HasSuffix(want, "+}") {
					rank += "2"
					rest := strings.Join(parts[i:], "/")
					params += " " + want[1:len(want)-2] + "=" + rest
					ok = rest != ""
					break
				}
				if parts[i] == "" {
					ok = false
					break
				}
				if strings.HasPrefix(want, "{") {
					rank += "1"
					params += " " + want[1:len(want)-1] + "=" + parts[i]
				} else if want == parts[i] {
					rank += "0"
				} else {
					ok = false
					break
				}
				ok = i == len(pattern)-1 && len(parts) == len(pattern)
			}
		}
		if ok && (best == "" || rank < bestRank) {
			best, bestRank = name+" "+r.Path+params, rank
		}
	}
	return best
}

func TestMatchLikeTheNaiveMatcher(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "b", "c", "{x}"})
	part := rapid.SampledFrom([]string{"a", "b", "c", "d", "", "%2F"})
	method := rapid.SampledFrom([]string{"GET", "POST", "ANY"})
	rapid.Check(t, func(t *rapid.T) {
		var routes []string
		for range rapid.IntRange(1, 20).Draw(t, "routes") {
			segments := rapid.SliceOfN(segment, 0, 4).Draw(t, "segments")
			if rapid.Bool().Draw(t, "greedy") {
				segments = append(segments, "{p+}")
			}
			routes = append(routes, method.Draw(t, "method")+" /"+strings.Join(segments, "/"))
		}
		d := deployment(routes...)
		p := Compile(d)
		for range 20 {
			m := rapid.SampledFrom([]string{"GET", "POST", "PUT"}).Draw(t, "request method")
			path := "/" + strings.Join(rapid.SliceOfN(part, 0, 5).Draw(t, "parts"), "/")
			if got, want := matched(p, m, path), naive(d, m, path); got != want {
				t.Fatalf("%s %s among %q: %q, want %q", m, path, routes, got, want)
			}
		}
	})
}

func FuzzMatch(f *testing.F) {
	d := deployment("GET /", "GET /users/{id}", "ANY /users/{id}/{rest+}", "POST /users/me", "GET /{proxy+}")
	p := Compile(d)
	for _, path := range []string{"/", "//", "/users/me", "/users/%zz/../x", strings.Repeat("/a", 200)} {
		f.Add("GET", path)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		if strings.Count(path, "/") > MaxSegments {
			p.Match(method, path, nil)
			return
		}
		if got, want := matched(p, method, path), naive(d, method, path); got != want {
			t.Errorf("%q %q: %q, want %q", method, path, got, want)
		}
	})
}

func TestSourcePath(t *testing.T) {
	for route, want := range map[string]string{
		"GET /":                   "GET/",
		"GET /users":              "GET/users",
		"GET /users/{id}/orders":  "GET/users/*/orders",
		"ANY /{proxy+}":           "*/*",
		"POST /files/{path+}":     "POST/files/*",
		"DELETE /users/{id}/{x+}": "DELETE/users/*/*",
	} {
		if got := Compile(deployment(route)).Routes[0].SourcePath(); got != want {
			t.Errorf("%s: %s, want %s", route, got, want)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		routes := make([]string, n)
		for i := range routes {
			routes[i] = fmt.Sprintf("GET /service%d/users/{id}/orders", i)
		}
		p := &Plan{}
		for i, route := range routes {
			path := strings.TrimPrefix(route, "GET ")
			p.tree.add(path, &Route{Index: i, HTTPMethod: "GET", ResourcePath: path})
		}
		path := fmt.Sprintf("/service%d/users/42/orders", n/2)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			params := make([]Param, 0, 8)
			b.ReportAllocs()
			for b.Loop() {
				if r, _ := p.Match("GET", path, params); r == nil {
					b.Fatal("no match")
				}
			}
		})
	}
}
