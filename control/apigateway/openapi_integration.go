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
	for key := range n.all() {
		if !slices.Contains(integrationFields, key) && !strings.HasPrefix(key, "x-") {
			i.fail("Unable to put integration on %s: lamgate does not support %s of an integration", at, key)
		}
	}
	if n.get("tlsConfig", "serverNameToVerify") != nil {
		i.warn("serverNameToVerify of %s applies to HTTP APIs only. Ignoring.", at)
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
		RequestParameters:        i.texts(n, "requestParameters", r, m),
		RequestTemplates:         i.texts(n, "requestTemplates", r, m),
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
	err := i.api.putIntegration(r, m, integration)
	if err == nil {
		err = i.connects(integration)
	}
	if err != nil {
		i.fail("Unable to put integration on %s: %s", at, message(err))
		return
	}
	for pattern, response := range n.get("responses").all() {
		i.readIntegrationResponse(r, m, at, pattern, response)
	}
}

// texts returns the texts of a field of a method's integration.
func (i *importer) texts(n *node, field string, r *plan.Resource, m *plan.Method) map[string]string {
	return i.mapping(n, field, "of resource '"+r.Path+"' and method '"+m.HTTPMethod+"'")
}

// mapping returns the texts of a field.
// AWS: another value is left out, with this warning
// (test_import_rest_api_with_base_path_oas30).
func (i *importer) mapping(n *node, field, where string) map[string]string {
	n = n.get(field)
	for key, f := range n.all() {
		if f.kind != textNode {
			i.warn("Invalid format for '%s'. Expected type string for property '%s' %s but got '%s'", field, key, where, f.str())
		}
	}
	return n.texts()
}

// readIntegrationResponse adds the response for a pattern; that for "default"
// has none.
func (i *importer) readIntegrationResponse(resource *plan.Resource, m *plan.Method, at, pattern string, n *node) {
	r := &plan.IntegrationResponse{
		StatusCode:         n.get("statusCode").str(),
		ContentHandling:    strings.ToUpper(n.get("contentHandling").str()),
		ResponseParameters: i.texts(n, "responseParameters", resource, m),
		ResponseTemplates:  i.texts(n, "responseTemplates", resource, m),
	}
	if pattern != "default" {
		r.SelectionPattern = &pattern
	}
	if err := putIntegrationResponse(m, r); err != nil {
		i.fail("Unable to put integration response on %s: %s", at, message(err))
	}
}
