package rest

import (
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

const mockAnswered = telemetry.Note("the MOCK integration answered")

// mock has a MOCK integration answer: what was made of the request tells a
// status, and nothing else.
func (c *call) mock() *gatewayResponse {
	status, err := plan.MockStatus(c.outgoing.body)
	if err != nil {
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"the MOCK integration's request " + err.Error() + ": " + plan.Quote(front.Excerpt(c.outgoing.body)),
			`put a request template for the request's Content-Type that makes {"statusCode": 200}, and deploy the API again`}, internalServerError())
	}
	c.received.status = status
	c.pass(stepIntegration, mockAnswered)
	return nil
}
