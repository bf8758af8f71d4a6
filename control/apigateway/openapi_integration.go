package apigateway

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

// integrationFields are the fields of an integration that are read;
// payloadFormatVersion is 1.0 in every REST API.
var integrationFields = []string{
	"type", "uri", "httpMethod", "credentials", "passthroughBehavior", "contentHandling", "timeoutInMillis",
	"cacheNamespace", "cacheKeyParameters", "connectionType", "connectionId", "requestParameters",
	"requestTemplates", "responses", "tlsConfig", "responseTransferMode", "payloadFormatVersion",
}

// readIntegration gives a method the integration that its operation describes.
func (i *importer) readIntegration(r *plan.Resource, m *plan.Method, n *node) {
	if n == nil {
		return
	}
	at := "'" + m.HTTPMethod + "' for resource at path '" + r.Path + "'"
	if n = i.deref(n); n == nil {
		return
	}
	for _, key := range n.keys {
		if !slices.Contains(integrationFields, key) && !strings.HasPrefix(key, "x-") {
			i.fail("Unable to put integration on %s: lamgate does not support %s of an integration", at, key)
		}
	}
	integration := &plan.Integration{
		Type:                     strings.ToUpper(n.get("type").str()),
		HTTPMethod:               strings.ToUpper(n.get("httpMethod").str()),
		URI:                      n.get("uri").str(),
		ConnectionType:           strings.ToUpper(n.get("connectionType").str()),
		ConnectionID:             n.get("connectionId").str(),
		Credentials:              n.get("credentials").str(),
		PassthroughBehavior:      strings.ToUpper(n.get("passthroughBehavior").str()),
		ContentHandling:          strings.ToUpper(n.get("contentHandling").str()),
		TimeoutMillis:            maxTimeout,
		CacheNamespace:           n.get("cacheNamespace").str(),
		CacheKeyParameters:       n.get("cacheKeyParameters").list(),
		RequestParameters:        n.get("requestParameters").texts(),
		RequestTemplates:         n.get("requestTemplates").texts(),
		InsecureSkipVerification: n.get("tlsConfig", "insecureSkipVerification").isTrue(),
		ResponseTransferMode:     strings.ToUpper(n.get("responseTransferMode").str()),
	}
	if integration.Type == typeMock {
		// AWS: a MOCK loses its method on import
		// (test_import_with_http_method_integration).
		integration.HTTPMethod = ""
	}
	if t := n.get("timeoutInMillis"); t != nil {
		integration.TimeoutMillis, _ = strconv.Atoi(t.str())
	}
	if err := i.api.putIntegration(r, m, integration); err != nil {
		i.fail("Unable to put integration on %s: %s", at, message(err))
		return
	}
	i.each(n.get("responses"), func(pattern string, response *node) {
		i.readIntegrationResponse(m, at, pattern, response)
	})
}

// readIntegrationResponse adds the response for a pattern; that for "default"
// has none.
func (i *importer) readIntegrationResponse(m *plan.Method, at, pattern string, n *node) {
	r := &plan.IntegrationResponse{
		StatusCode:         n.get("statusCode").str(),
		ContentHandling:    strings.ToUpper(n.get("contentHandling").str()),
		ResponseParameters: n.get("responseParameters").texts(),
		ResponseTemplates:  n.get("responseTemplates").texts(),
	}
	if pattern != "default" {
		r.SelectionPattern = &pattern
	}
	var err error = badRequest("Invalid Response status code specified")
	if statusCode.MatchString(r.StatusCode) {
		err = putIntegrationResponse(m, r)
	}
	if err != nil {
		i.fail("Unable to put integration response on %s: %s", at, message(err))
	}
}
