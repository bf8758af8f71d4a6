package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// What lamgate tells who runs it, of all accounts, it does not tell functions.
func TestFunctionsAreNotTheOperator(t *testing.T) {
	plane := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, name) })
	}
	d := newDispatcher()
	all := plane("own")
	d.open(plane("apis"), plane("urls"), nil, all, new(own).forFunctions(all))
	for _, test := range []struct{ host, path, everybody, functions string }{
		{"localhost", "/_lamgate/journeys/x", "own", ""},
		{"localhost", "/_lamgate/environments", "own", ""},
		{"localhost", "/_lamgate/health", "own", ""},
		{"localhost", "/_lamgate/code/functions/x?Expires=1&Signature=2", "own", "own"},
		{"abc.execute-api.localhost", "/_lamgate/health", "apis", "apis"},
		{"localhost", "/_aws/lambda-url/x/_lamgate/health", "urls", "urls"},
	} {
		for _, asked := range []struct {
			who  string
			of   http.Handler
			want string
		}{{"everybody", d, test.everybody}, {"a function", d.forFunctions(), test.functions}} {
			w := httptest.NewRecorder()
			asked.of.ServeHTTP(w, httptest.NewRequest("GET", "http://"+test.host+test.path, nil))
			if asked.want == "" && w.Code != http.StatusForbidden || asked.want != "" && w.Body.String() != asked.want {
				t.Errorf("%s at %s%s: %d %s, want %q", asked.who, test.host, test.path, w.Code, w.Body, asked.want)
			}
		}
	}
}
