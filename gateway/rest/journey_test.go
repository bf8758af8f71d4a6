package rest

import (
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

func TestJourneyOfARequest(t *testing.T) {
	h := newHouse(t)
	h.function(permit(execute + "*/GET/users/*"))
	h.deploy(hello("GET", "/users/{id}"))
	a := h.get("/v0/users/1")
	j, ok := h.journeys.Find(a.header("x-amzn-RequestId"))
	if !ok {
		t.Fatal("there is none")
	}
	var lines []string
	steps, _ := j.Steps()
	for _, s := range steps {
		line := s.Name
		if s.Verdict == telemetry.Skipped {
			line += " skipped"
		}
		if s.Detail != nil {
			what, _ := s.Detail.Explain()
			line += ": " + what
		}
		lines = append(lines, line)
	}
	want := `stage: the stage publishes deployment dep001
match resource: matched GET /users/{id} (resource rusersid)
resource policy skipped: the API has no resource policy
authorizer skipped: the method's authorization type is NONE
API key skipped: the method requires no API key
throttle skipped: the stage sets no limit for the method
method request: the body was read and the parameters that the method requires are there
integration request: the request was made ready for the integration
permission: statement 1 (test) of the resource policy allows apigateway.amazonaws.com to do lambda:InvokeFunction on arn:aws:lambda:us-east-1:000000000000:function:hello
integration: arn:aws:lambda:us-east-1:000000000000:function:hello answered
integration response skipped: a proxy integration's response is passed on
method response`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("the journey is\n%s", got)
	}
	if j.API != "api" || j.Stage != "v0" || j.Method != "GET" || j.Path != "/users/1" || j.Account != account || j.Region != region {
		t.Errorf("%+v", j)
	}
}

func TestCustomisedGatewayResponseIsTold(t *testing.T) {
	h := newHouse(t)
	d := hello("GET", "/a")
	d.GatewayResponses = map[string]plan.GatewayResponse{"DEFAULT_4XX": {ResponseType: "DEFAULT_4XX"}}
	h.deploy(d)
	a := h.get("/v0/b").expect(403, errToken, noToken)
	j, _ := h.journeys.Find(a.header("x-amzn-RequestId"))
	steps, _ := j.Steps()
	last := steps[len(steps)-1]
	if what, _ := last.Detail.Explain(); last.Verdict != telemetry.Passed || !strings.Contains(what, "DEFAULT_4XX") {
		t.Errorf("%+v", last)
	}
}

// TestRequestsBesideChanges serves while documents change: every answer is
// that of before or of after.
func TestRequestsBesideChanges(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 200 {
				w := httptest.NewRecorder()
				h.gateway.ServeHTTP(w, httptest.NewRequest("GET", "http://api.execute-api.localhost/v0/a", nil))
				if w.Code != 200 && w.Code != 500 {
					t.Errorf("answered %d", w.Code)
				}
			}
		})
	}
	for i := range 20 {
		if i%2 == 0 {
			h.function(permit(execute + "*/GET/b"))
		} else {
			h.function(permit(""))
		}
		h.deploy(hello("GET", "/a"))
	}
	callers.Wait()
	h.get("/v0/a").expect(200, "", "Hello, World!")
}
