package rest

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
)

func TestAnAPIThatCallsItselfIsStopped(t *testing.T) {
	for _, kind := range []string{"HTTP", "HTTP_PROXY"} {
		var h *house
		var met atomic.Int32
		b := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
			met.Add(1)
			r.Host = "api.execute-api.us-east-1.amazonaws.com"
			h.gateway.ServeHTTP(w, r)
		})
		h = newHouse(t)
		h.deployMethod("/a", httpTo(kind, "GET", b.URL+"/v0/a"))
		a := h.get("/v0/a")
		if met.Load() != maxLoops {
			t.Errorf("%s: the API was called %d times, want %d", kind, met.Load(), maxLoops)
		}
		if kind == "HTTP_PROXY" && a.Code != 500 {
			t.Errorf("answered %d", a.Code)
		}
	}
	// A request that says it has been here.
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "GET", "http://127.0.0.1:1/"))
	h.do("GET", "/v0/a", "", apiIDHeader, strings.Repeat("api, ", maxLoops)).expect(500, errServer, internal).
		because("integration", "calls itself")
}

func TestOtherAPIsOnTheWayAreNoLoop(t *testing.T) {
	b := newBackend(t, nil)
	h := newHouse(t)
	h.deployMethod("/a", httpTo("HTTP_PROXY", "GET", b.URL))
	var through []string
	for range 2 * maxLoops {
		through = append(through, apiIDHeader, "other")
	}
	h.do("GET", "/v0/a", "", through...).expect(200, "", `{"answer":"to GET"}`)
	if got := b.asked.Header[apiIDHeader]; len(got) != 1+2*maxLoops || got[0] != "api" {
		t.Errorf("the endpoint was told %v", got)
	}
}

// TestInvokeMethod is an operation of AWS, which an integration may call.
func TestAMethodThatTestsItselfIsStopped(t *testing.T) {
	met := 0
	var h *house
	d := plan.Deployment{Resources: []plan.Resource{resource("/a", map[string]*plan.Method{
		"GET": serviceTo("POST", "arn:aws:apigateway:us-east-1:apigateway:path/restapis/api/resources/ra/methods/GET"),
	})}}
	var last *TestResult
	s := &fakeService{answer: func(w http.ResponseWriter, r *http.Request) {
		met++
		var err error
		if last, err = h.gateway.TestInvoke(r.Context(), &TestRequest{Deployment: &d, ResourceID: "ra", Method: "GET"}); err != nil {
			t.Error(err)
		}
		w.WriteHeader(last.Status)
	}}
	h = newServiceHouse(t, s, "apigateway", nil)
	h.role(gatewayService, may("apigateway:*", "*"))
	r, _ := h.test(&TestRequest{Deployment: &d, ResourceID: "ra", Method: "GET"})
	if met != maxLoops || !slices.Contains([]int{200, 500}, r.Status) {
		t.Errorf("the method was tested %d times, want %d; answered %d", met, maxLoops, r.Status)
	}
}
