package rest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

const mockAnswered = telemetry.Note("the MOCK integration answered")

// mock has a MOCK integration answer: the request template of the body's
// content type tells a status, and that selects an integration response.
func (c *call) mock(m *plan.Mock) *gatewayResponse {
	contentType := mediaType(c.request.Header.Get("Content-Type"))
	if contentType == "" {
		contentType = contentTypeJSON
	}
	status, ok := m.Statuses[contentType]
	if !ok {
		// AWS: NEVER rejects a content type without a template, and
		// WHEN_NO_TEMPLATES does so if there are templates of others. What
		// passes is the body itself, which tells no status here.
		if m.Passthrough == "NEVER" || (m.Passthrough == "WHEN_NO_TEMPLATES" && len(m.Statuses) > 0) {
			return c.refuse(stepIntegration, telemetry.Failed, note("there is no request template for %s", contentType), unsupportedMediaType())
		}
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			"there is no request template for " + contentType + " to tell the status",
			`put the request template {"statusCode": 200} for it and deploy the API again`}, internalServerError())
	}
	selected := m.Select(status)
	if selected == nil {
		return c.refuse(stepIntegration, telemetry.Failed, advice{
			fmt.Sprintf("no integration response matches the status %d and there is no default one", status),
			"give one integration response no selection pattern and deploy the API again"}, internalServerError())
	}
	c.mocked = selected
	c.pass(stepIntegration, mockAnswered)
	return nil
}

// mediaType returns the media type of a Content-Type, in lower case.
func mediaType(header string) string {
	name, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(name))
}

// templateFor chooses among response templates the one that the caller
// accepts, else that of JSON, else the first.
func templateFor(bodies map[string]string, accept string) (contentType, body string) {
	for wanted := range strings.SplitSeq(accept, ",") {
		name := mediaType(wanted)
		for contentType, body := range bodies {
			if strings.EqualFold(contentType, name) {
				return contentType, body
			}
		}
	}
	if body, ok := bodies[contentTypeJSON]; ok || len(bodies) == 0 {
		return contentTypeJSON, body
	}
	names := make([]string, 0, len(bodies))
	for name := range bodies {
		names = append(names, name)
	}
	first := slices.Min(names)
	return first, bodies[first]
}
