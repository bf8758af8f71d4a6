package rest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

// cachingHouse serves the function "hello", which counts, at path by method,
// on a stage with a cache.
func cachingHouse(t testing.TB, d plan.Deployment, change ...func(*plan.Stage)) *house {
	h := newHouse(t)
	h.function(permit(""))
	count := 0
	h.invoker.answer = func(context.Context, execution.Invocation) (*execution.Result, error) {
		count++
		return &execution.Result{Payload: fmt.Appendf(nil, `{"statusCode":200,"body":"%d"}`, count)}, nil
	}
	h.stage(d, func(s *plan.Stage) {
		s.CacheClusterEnabled, s.CacheClusterSize = true, "0.5"
		s.MethodSettings = map[string]plan.MethodSettings{"*/*": caching()}
		for _, f := range change {
			f(s)
		}
	})
	return h
}

func caching() plan.MethodSettings {
	return plan.MethodSettings{CachingEnabled: true, CacheTTL: 300, ThrottlingBurstLimit: -1, ThrottlingRateLimit: -1}
}

// stage deploys d on the stage v0 and changes the stage.
func (h *house) stage(d plan.Deployment, change func(*plan.Stage)) {
	h.t.Helper()
	h.deploy(d, func(a *plan.RestAPI) { change(a.Stages["v0"]) })
}

func keyed(d plan.Deployment, parameters ...string) plan.Deployment {
	for _, m := range d.Resources[0].Methods {
		m.Integration.CacheKeyParameters = parameters
	}
	return d
}

func TestCacheServesUntilItsTimeIsUp(t *testing.T) {
	h := cachingHouse(t, hello("GET", "/a"))
	h.get("/v0/a").expect(200, "", "1")
	h.clock.Advance(299 * time.Second)
	a := h.get("/v0/a").expect(200, "", "1")
	if a.header("Content-Type") != "application/json" || a.header("X-Amzn-Trace-Id") == "" {
		t.Errorf("headers %v", a.Result().Header)
	}
	h.clock.Advance(time.Second)
	h.get("/v0/a").expect(200, "", "2")
}

func TestCacheIsOfGetUnlessTheMethodIsNamed(t *testing.T) {
	d := hello("ANY", "/a")
	h := cachingHouse(t, d)
	h.get("/v0/a").expect(200, "", "1")
	h.get("/v0/a").expect(200, "", "1")
	h.do("POST", "/v0/a", "x").expect(200, "", "2")
	h.do("POST", "/v0/a", "x").expect(200, "", "3")

	h.stage(d, func(s *plan.Stage) {
		s.CacheClusterEnabled, s.CacheClusterSize = true, "0.5"
		s.MethodSettings = map[string]plan.MethodSettings{"~1a/POST": caching()}
	})
	h.do("POST", "/v0/a", "x").expect(200, "", "4")
	h.do("POST", "/v0/a", "y").expect(200, "", "4")
	h.get("/v0/a").expect(200, "", "5")
	h.get("/v0/a").expect(200, "", "6")
}

func TestCacheNeedsACluster(t *testing.T) {
	h := cachingHouse(t, hello("GET", "/a"), func(s *plan.Stage) { s.CacheClusterEnabled = false })
	h.get("/v0/a").expect(200, "", "1")
	h.get("/v0/a").expect(200, "", "2")
}

func TestCacheKey(t *testing.T) {
	for _, c := range []struct {
		name     string
		key      []string
		mapped   map[string]string
		requests []string // path, or path with a header "X: value" after a space
		want     string
	}{
		{"nothing: all paths and queries are one", nil, nil, []string{"/a/1?q=1", "/a/2?q=2"}, "1 1"},
		{"path", []string{"method.request.path.id"}, nil, []string{"/a/1?q=1", "/a/2", "/a/1?q=2"}, "1 2 1"},
		{"query", []string{"method.request.querystring.q"}, nil, []string{"/a/1?q=1", "/a/2?q=1", "/a/1?q=2", "/a/1", "/a/1?q="}, "1 1 2 3 4"},
		{"all values of a query", []string{"method.request.querystring.q"}, nil, []string{"/a/1?q=1&q=2", "/a/1?q=0&q=2", "/a/1?q=12"}, "1 2 3"},
		{"header", []string{"method.request.header.X"}, nil, []string{"/a/1 one", "/a/1 two", "/a/2 one"}, "1 2 1"},
		{"a name in another case is another parameter", []string{"method.request.querystring.Q"}, nil, []string{"/a/1?q=1", "/a/1?q=2"}, "1 1"},
		{"mapped", []string{"integration.request.header.Y"}, map[string]string{"integration.request.header.Y": "method.request.querystring.q"},
			[]string{"/a/1?q=1", "/a/1?q=2", "/a/2?q=1"}, "1 2 1"},
		{"values do not run together", []string{"method.request.querystring.q", "method.request.querystring.r"}, nil,
			[]string{"/a/1?q=ab&r=c", "/a/1?q=a&r=bc"}, "1 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := keyed(hello("GET", "/a/{id}"), c.key...)
			d.Resources[0].Methods["GET"].Integration.RequestParameters = c.mapped
			h := cachingHouse(t, d)
			var got []string
			for _, r := range c.requests {
				path, header, ok := strings.Cut(r, " ")
				if ok {
					got = append(got, h.do("GET", "/v0"+path, "", "X", header).Body.String())
				} else {
					got = append(got, h.get("/v0"+path).Body.String())
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("answered %v, want %s", got, c.want)
			}
		})
	}
}

func TestCacheNamespaceIsShared(t *testing.T) {
	d := hello("GET", "/a")
	d.Resources = append(d.Resources, resource("/b", map[string]*plan.Method{"GET": proxyTo(helloARN)}))
	h := cachingHouse(t, d)
	h.get("/v0/a").expect(200, "", "1")
	h.get("/v0/b").expect(200, "", "2")
	d.Resources[0].Methods["GET"].Integration.CacheNamespace = "ours"
	d.Resources[1].Methods["GET"].Integration.CacheNamespace = "ours"
	h = cachingHouse(t, d)
	h.get("/v0/a").expect(200, "", "1")
	h.get("/v0/b").expect(200, "", "1")
}

func TestCacheInvalidation(t *testing.T) {
	const fresh = "max-age=0"
	require := func(strategy string) func(*plan.Stage) {
		return func(s *plan.Stage) {
			m := caching()
			m.RequireAuthorizationForCacheControl, m.UnauthorizedCacheControlHeaderStrategy = true, strategy
			s.MethodSettings = map[string]plan.MethodSettings{"*/*": m}
		}
	}
	t.Run("without authorization", func(t *testing.T) {
		h := cachingHouse(t, hello("GET", "/a"))
		h.get("/v0/a").expect(200, "", "1")
		h.do("GET", "/v0/a", "", "Cache-Control", "no-cache").expect(200, "", "1")
		h.do("GET", "/v0/a", "", "Cache-Control", "no-transform, Max-Age=0").expect(200, "", "2")
		h.get("/v0/a").expect(200, "", "2")
	})
	t.Run("FAIL_WITH_403", func(t *testing.T) {
		h := cachingHouse(t, hello("GET", "/a"), require("FAIL_WITH_403"))
		h.get("/v0/a").expect(200, "", "1")
		h.do("GET", "/v0/a", "", "Cache-Control", fresh).expect(403, "ForbiddenException", `{"message":"Forbidden"}`).
			because("cache", "requireAuthorizationForCacheControl", "AWS_IAM")
	})
	for strategy, header := range map[string]string{
		"SUCCEED_WITH_RESPONSE_HEADER":    "199 Cache-control headers were ignored because the caller was unauthorized.",
		"SUCCEED_WITHOUT_RESPONSE_HEADER": "",
	} {
		t.Run(strategy, func(t *testing.T) {
			h := cachingHouse(t, hello("GET", "/a"), require(strategy))
			h.get("/v0/a").expect(200, "", "1")
			a := h.do("GET", "/v0/a", "", "Cache-Control", fresh).expect(200, "", "1")
			if a.header("Warning") != header {
				t.Errorf("Warning %q", a.header("Warning"))
			}
		})
	}
}

func TestFlushedCacheIsEmpty(t *testing.T) {
	d := hello("GET", "/a")
	h := cachingHouse(t, d)
	on := func(s *plan.Stage) {
		s.CacheClusterEnabled, s.CacheClusterSize = true, "0.5"
		s.MethodSettings = map[string]plan.MethodSettings{"*/*": caching()}
	}
	h.get("/v0/a").expect(200, "", "1")
	h.stage(d, on) // another revision of the stage, another deployment: the cache stays
	h.get("/v0/a").expect(200, "", "1")
	h.clock.Advance(time.Second)
	h.stage(d, func(s *plan.Stage) { on(s); s.CacheFlushed = h.clock.Now() })
	h.clock.Advance(time.Millisecond)
	h.get("/v0/a").expect(200, "", "2")
	h.get("/v0/a").expect(200, "", "2")
	h.stage(d, func(s *plan.Stage) { on(s); s.CacheClusterSize = "1.6" })
	h.get("/v0/a").expect(200, "", "3")
	h.stage(d, func(s *plan.Stage) { on(s); s.CacheClusterEnabled = false })
	h.stage(d, on)
	h.get("/v0/a").expect(200, "", "4")
}

func TestCacheKeepsErrorsOfIntegrationsButNotOfTheGateway(t *testing.T) {
	h := cachingHouse(t, hello("GET", "/a"))
	h.invoker.answering(`"no response"`)
	h.get("/v0/a").expect(502, "InternalServerErrorException", `{"message": "Internal server error"}`)
	h.invoker.answering(`{"statusCode":500,"body":"mine"}`)
	h.get("/v0/a").expect(500, "", "mine")
	h.invoker.answering(`{"statusCode":200,"body":"well"}`)
	h.get("/v0/a").expect(500, "", "mine")
}

// TestCacheHoldsWhatTheIntegrationAnswered: the response is mapped anew.
func TestCacheHoldsWhatTheIntegrationAnswered(t *testing.T) {
	d := hello("GET", "/a")
	i := d.Resources[0].Methods["GET"].Integration
	i.Type = "AWS"
	d.Resources[0].Methods["GET"].Responses = map[string]*plan.MethodResponse{"200": {StatusCode: "200"}}
	i.Responses = map[string]*plan.IntegrationResponse{"200": {StatusCode: "200",
		ResponseTemplates: map[string]string{"application/json": `$input.path('$.body') $context.requestId`}}}
	h := cachingHouse(t, d)
	for range 2 {
		a := h.get("/v0/a")
		a.expect(200, "", "1 "+a.header("x-amzn-RequestId"))
	}
}

func TestLargeResponsesAreNotCached(t *testing.T) {
	h := cachingHouse(t, hello("GET", "/a"))
	for i, size := range []int{maxCacheable, maxCacheable + 1} {
		h.invoker.answering(`{"body":"` + strings.Repeat("x", size) + `"}`)
		path := []string{"/v0/a", "/v0/a"}[i]
		if i == 1 {
			h.clock.Advance(time.Hour)
		}
		h.get(path)
		invoked := h.invoker.count()
		h.get(path)
		if cached := h.invoker.count() == invoked; cached != (i == 0) {
			t.Errorf("%d bytes cached: %v", size, cached)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	h := newHouse(t, func(c *Config) { c.CacheMemory = 1 << 20 })
	h.function(permit(""))
	h.invoker.answering(`{"body":"` + strings.Repeat("x", 100<<10) + `"}`)
	h.stage(keyed(hello("GET", "/a"), "method.request.querystring.q"), func(s *plan.Stage) {
		s.CacheClusterEnabled, s.CacheClusterSize = true, "237"
		s.MethodSettings = map[string]plan.MethodSettings{"*/*": caching()}
	})
	for i := range 100 {
		h.get(fmt.Sprint("/v0/a?q=", i))
	}
	for key, r := range h.gateway.caches.byStage {
		r.entries.CleanUp()
		if r.entries.WeightedSize() > 1<<20 {
			t.Errorf("%s has %d bytes", key, r.entries.WeightedSize())
		}
	}
}

// A request that is under way may look for its cache when its API has gone.
func TestADeletedAPIHasNoCache(t *testing.T) {
	h := cachingHouse(t, hello("GET", "/a"))
	h.get("/v0/a").expect(200, "", "1")
	cs := h.gateway.caches
	if len(cs.byStage) != 1 {
		t.Fatalf("%d caches", len(cs.byStage))
	}
	key := plan.RestAPIKey("api")
	before, _ := h.gateway.apis.Get(key)
	d, err := h.docs.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.docs.Delete(t.Context(), key, d.Revision); err != nil {
		t.Fatal(err)
	}
	late := newStage(before, before.Stages["v0"])
	if cs.of(late, h.gateway.apis) != nil || len(cs.byStage) != 0 {
		t.Errorf("%d caches are left", len(cs.byStage))
	}
}

func BenchmarkCacheHit(b *testing.B) {
	h := newHouse(b)
	h.function(permit(""))
	h.invoker.answering(`{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{\"id\":42}"}`)
	h.stage(keyed(hello("GET", "/users/{id}"), "method.request.path.id"), func(s *plan.Stage) {
		s.CacheClusterEnabled, s.CacheClusterSize = true, "0.5"
		s.MethodSettings = map[string]plan.MethodSettings{"*/*": caching()}
	})
	r, w := typicalRequest(), &silent{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.gateway.ServeHTTP(w, r)
	}
	if h.invoker.count() != 1 {
		b.Errorf("the function was invoked %d times", h.invoker.count())
	}
}
