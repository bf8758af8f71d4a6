package rest

import (
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
)

// mockSaying is a deployment of one method that answers a text by itself.
func mockSaying(text string) plan.Deployment {
	return plan.Deployment{EndpointType: "REGIONAL", Resources: []plan.Resource{resource("/a", map[string]*plan.Method{"GET": {
		HTTPMethod: "GET", AuthorizationType: "NONE",
		Responses: map[string]*plan.MethodResponse{"200": {StatusCode: "200", ResponseParameters: map[string]bool{"method.response.header.v": false, "method.response.header.canary": false}}},
		Integration: &plan.Integration{Type: "MOCK", RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`},
			Responses: map[string]*plan.IntegrationResponse{"200": {StatusCode: "200",
				ResponseParameters: map[string]string{"method.response.header.v": "stageVariables.v", "method.response.header.canary": "context.isCanaryRequest"},
				ResponseTemplates:  map[string]string{"application/json": text}}}},
	}})}}
}

// release stores a deployment beside dep001.
func (h *house) release(id string, d plan.Deployment) {
	h.t.Helper()
	d.ID, d.API, d.Account, d.Region = id, "api", account, region
	h.put(plan.DeploymentKey("api", id), d)
}

func TestCanaryIsDrawnForEachRequest(t *testing.T) {
	next := 0.0
	h := newHouse(t, func(c *Config) { c.Random = func() float64 { return next } })
	h.release("dep002", mockSaying("new"))
	h.deploy(mockSaying("old"), func(a *plan.RestAPI) {
		a.Stages["v0"].Variables = map[string]string{"v": "1"}
		a.Stages["v0"].Canary = &plan.Canary{Percent: 12.5, Deployment: "dep002", VariableOverrides: map[string]string{"v": "2"}}
	})
	for _, c := range []struct {
		drawn                  float64
		body, variable, canary string
	}{{0, "new", "2", "true"}, {0.1249, "new", "2", "true"}, {0.125, "old", "1", "false"}, {0.999, "old", "1", "false"}} {
		next = c.drawn
		a := h.get("/v0/a").expect(200, "", c.body)
		if a.header("v") != c.variable || a.header("canary") != c.canary {
			t.Errorf("drawn %g: v %q, canary %q", c.drawn, a.header("v"), a.header("canary"))
		}
	}
}

func TestCanaryAtTheEnds(t *testing.T) {
	for percent, body := range map[float64]string{0: "old", 100: "new"} {
		h := newHouse(t, func(c *Config) { c.Random = func() float64 { return percent / 101 } })
		h.release("dep002", mockSaying("new"))
		h.deploy(mockSaying("old"), func(a *plan.RestAPI) {
			a.Stages["v0"].Canary = &plan.Canary{Percent: percent, Deployment: "dep002"}
		})
		h.get("/v0/a").expect(200, "", body)
	}
}

func TestCanaryHasItsOwnCache(t *testing.T) {
	for shared, want := range map[bool]string{true: "1", false: "2"} {
		next := 1.0
		h := cachingHouse(t, hello("GET", "/a"))
		h.gateway.random = func() float64 { return next }
		h.release("dep002", hello("GET", "/a"))
		h.stage(hello("GET", "/a"), func(s *plan.Stage) {
			s.CacheClusterEnabled, s.CacheClusterSize = true, "0.5"
			s.MethodSettings = map[string]plan.MethodSettings{"*/*": caching()}
			s.Canary = &plan.Canary{Percent: 50, Deployment: "dep002", UseStageCache: shared}
		})
		h.get("/v0/a").expect(200, "", "1")
		next = 0
		h.get("/v0/a").expect(200, "", want)
	}
}

// TestReleasesUnderLoad moves a stage between deployments, starts and promotes
// canaries and deletes what is no longer published: no request notices.
func TestReleasesUnderLoad(t *testing.T) {
	h := newHouse(t)
	h.deploy(mockSaying("said"))
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				w := httptest.NewRecorder()
				h.gateway.ServeHTTP(w, httptest.NewRequest("GET", "http://api.execute-api.localhost/v0/a", nil))
				if w.Code != 200 || w.Body.String() != "said" {
					t.Errorf("answered %d %s", w.Code, w.Body)
					return
				}
			}
		})
	}
	published := "dep001"
	for i := range 30 {
		next := "dep" + string(rune('a'+i%26)) + "x"
		if next == published {
			continue
		}
		h.release(next, mockSaying("said"))
		stage := &plan.Stage{Name: "v0", Deployment: published, Canary: &plan.Canary{Percent: 50, Deployment: next}}
		h.put(plan.RestAPIKey("api"), plan.RestAPI{ID: "api", Account: account, Region: region, Stages: map[string]*plan.Stage{"v0": stage}})
		promoted := &plan.Stage{Name: "v0", Deployment: next}
		h.put(plan.RestAPIKey("api"), plan.RestAPI{ID: "api", Account: account, Region: region, Stages: map[string]*plan.Stage{"v0": promoted}})
		d, err := h.docs.Get(plan.DeploymentKey("api", published))
		if err == nil {
			err = h.docs.Delete(t.Context(), plan.DeploymentKey("api", published), d.Revision)
		}
		if err != nil {
			t.Fatal(err)
		}
		published = next
	}
	close(stop)
	callers.Wait()
}
