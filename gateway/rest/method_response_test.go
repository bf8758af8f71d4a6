package rest

import (
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/plan"
)

// What comes before a response, as 100 Continue does, is none itself: a server
// that is told to send it goes on to send a 200.
func TestResponsesEndWithAStatusOfTheirOwn(t *testing.T) {
	h := newHouse(t)
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/a", map[string]*plan.Method{"GET": mock(`{"statusCode":200}`, map[string]*plan.IntegrationResponse{"103": body("early")})}),
	}})
	h.get("/v0/a").expect(500, errServer, internal).because("method response", "103", "integration response")
}

// AWS: a template's status that is none is ignored.
func TestTemplatesCannotEndAResponseTooSoon(t *testing.T) {
	h := newHouse(t)
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/a", map[string]*plan.Method{"GET": mock(`{"statusCode":200}`, map[string]*plan.IntegrationResponse{
			"202": body(`#set($context.responseOverride.status = 101)ok`)})}),
	}})
	h.get("/v0/a").expect(202, "", "ok")
}

func TestHeadersOfResponsesAreBounded(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("GET", "/a"))
	answer := func(first, second int) {
		h.invoker.answering(`{"headers":{"X-A":"` + strings.Repeat("a", first) + `"},"multiValueHeaders":{"X-B":["` + strings.Repeat("b", second) + `"]},"body":"b"}`)
	}
	answer(maxResponseValues-100, 100)
	h.get("/v0/a").expect(200, "", "b")
	answer(maxResponseValues-100, 101)
	refused := h.get("/v0/a").expect(502, errServer, internal).because("method response", strconv.Itoa(maxResponseValues+1), strconv.Itoa(maxResponseValues))
	if refused.header("X-A") != "" || refused.header("X-B") != "" {
		t.Error(refused.Result().Header)
	}
}

func TestStreamThatIsRefusedIsClosed(t *testing.T) {
	c := prepared(t, "REGIONAL")
	stream, endpoint := io.Pipe()
	c.received.stream = stream
	c.meter = meter{ResponseWriter: httptest.NewRecorder()}
	c.refusal = malformedAnswer()
	c.write()
	if _, err := endpoint.Write([]byte("more")); err != io.ErrClosedPipe {
		t.Errorf("the endpoint can still send: %v", err)
	}
}
