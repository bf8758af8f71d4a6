package apigateway

import (
	"maps"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

// exportedMethods are a path's operations in the order in which they are
// written.
var exportedMethods = []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", anyMethod}

// path writes the methods of a resource.
func (e *exporter) path(r *plan.Resource) *node {
	item := object()
	if e.isOpenAPI3 { // Swagger 2.0 does not describe paths
		for key, f := range e.described(documentationLocation{Type: docResource, Path: r.Path}, "summary", "description").all() {
			item.set(key, f)
		}
	}
	for _, httpMethod := range exportedMethods {
		m := r.Methods[httpMethod]
		switch {
		case m == nil:
		case httpMethod == anyMethod:
			item.set(extension+"any-method", e.operation(r, m))
		default:
			item.set(strings.ToLower(httpMethod), e.operation(r, m))
		}
	}
	return item
}

// operation writes a method.
func (e *exporter) operation(r *plan.Resource, m *plan.Method) *node {
	op := object()
	for key, f := range e.described(documentationLocation{Type: docMethod, Path: r.Path, Method: m.HTTPMethod}, "tags", "summary", "description", "externalDocs").all() {
		op.set(key, f)
	}
	if m.OperationName != "" {
		op.set("operationId", text(m.OperationName))
	}
	parameters := e.parameters(r, m)
	if !e.isOpenAPI3 {
		if types := consumed(m); len(types) > 0 {
			op.set("consumes", texts(types))
		}
		op.set("produces", texts(produced(m)))
		parameters = append(parameters, e.bodyParameter(r, m)...)
	}
	if len(parameters) > 0 {
		op.set("parameters", list(parameters...))
	}
	if e.isOpenAPI3 {
		op.setUnlessNil("requestBody", e.requestBody(r, m))
	}
	if responses := e.responses(r, m); len(responses.keys) > 0 || !e.isOpenAPI3 {
		op.set("responses", responses)
	}
	op.setUnlessNil("security", e.security(m))
	if name := e.validators[m.RequestValidatorID]; e.validating && name != "" {
		op.set(extension+"request-validator", text(name))
	}
	if e.integrations && m.Integration != nil {
		op.set(extension+"integration", integrationNode(r, m.Integration))
	}
	return op
}

// consumed returns what content types a Swagger 2.0 operation consumes: those
// that have a model, else those that have a template.
func consumed(m *plan.Method) []string {
	if len(m.RequestModels) > 0 || m.Integration == nil {
		return sorted(m.RequestModels)
	}
	return sorted(m.Integration.RequestTemplates)
}

// produced returns what content types a Swagger 2.0 operation produces.
func produced(m *plan.Method) []string {
	types := map[string]bool{}
	for _, r := range m.Responses {
		for contentType := range r.ResponseModels {
			types[contentType] = true
		}
	}
	if len(types) == 0 && m.Integration != nil {
		for _, r := range m.Integration.Responses {
			for contentType := range r.ResponseTemplates {
				types[contentType] = true
			}
		}
	}
	if len(types) == 0 {
		types["application/json"] = true
	}
	return sorted(types)
}

// A place is where a document says that a parameter is.
type place struct{ in, docType string }

func placeOf(location string) place {
	switch location {
	case "path":
		return place{"path", docPathParameter}
	case "querystring", "multivaluequerystring":
		return place{"query", docQueryParameter}
	}
	return place{"header", docRequestHeader}
}

// parameters writes the parameters of a method that are not its body.
func (e *exporter) parameters(r *plan.Resource, m *plan.Method) []*node {
	var nodes []*node
	for _, key := range sorted(m.RequestParameters) {
		parts := requestParameter.FindStringSubmatch(key)
		if parts == nil {
			continue
		}
		at, name := placeOf(parts[1]), parts[2]
		p := object()
		p.set("name", text(name))
		p.set("in", text(at.in))
		documented := e.described(documentationLocation{Type: at.docType, Path: r.Path, Method: m.HTTPMethod, Name: name}, "description")
		p.setUnlessNil("description", documented.get("description"))
		required := m.RequestParameters[key] || at.in == "path"
		if required || !e.isOpenAPI3 {
			p.set("required", boolean(required))
		}
		e.typed(p, "string")
		nodes = append(nodes, p)
	}
	return nodes
}

// typed gives a parameter or a header its type.
func (e *exporter) typed(n *node, typeName string) {
	if !e.isOpenAPI3 {
		n.set("type", text(typeName))
		return
	}
	schema := object()
	schema.set("type", text(typeName))
	n.set("schema", schema)
}

// bodyParameter writes the body of a Swagger 2.0 operation. There can be only
// one: that of the first content type.
func (e *exporter) bodyParameter(r *plan.Resource, m *plan.Method) []*node {
	types := sorted(m.RequestModels)
	if len(types) == 0 {
		return nil
	}
	model := m.RequestModels[types[0]]
	p := object()
	p.set("in", text("body"))
	p.set("name", text(model))
	p.setUnlessNil("description", e.described(documentationLocation{Type: docRequestBody, Path: r.Path, Method: m.HTTPMethod}, "description").get("description"))
	p.set("required", boolean(true))
	p.set("schema", e.reference(model))
	return []*node{p}
}

func (e *exporter) requestBody(r *plan.Resource, m *plan.Method) *node {
	if len(m.RequestModels) == 0 {
		return nil
	}
	body := object()
	body.setUnlessNil("description", e.described(documentationLocation{Type: docRequestBody, Path: r.Path, Method: m.HTTPMethod}, "description").get("description"))
	body.set("content", e.content(m.RequestModels))
	body.set("required", boolean(true))
	return body
}

// content writes models by content type, as OpenAPI 3.0 does.
func (e *exporter) content(models map[string]string) *node {
	content := object()
	for _, contentType := range sorted(models) {
		c := object()
		c.set("schema", e.reference(models[contentType]))
		content.set(contentType, c)
	}
	return content
}

func (e *exporter) responses(r *plan.Resource, m *plan.Method) *node {
	nodes := object()
	for _, status := range sorted(m.Responses) {
		response := m.Responses[status]
		at := documentationLocation{Type: docResponse, Path: r.Path, Method: m.HTTPMethod, StatusCode: status}
		n := object()
		n.set("description", text(status+" response"))
		for key, f := range e.described(at, "description").all() {
			n.set(key, f)
		}
		headers := object()
		at.Type = docResponseHeader
		for _, parameter := range sorted(response.ResponseParameters) {
			name, ok := strings.CutPrefix(parameter, "method.response.header.")
			if !ok {
				continue
			}
			at.Name = name
			header := object()
			header.setUnlessNil("description", e.described(at, "description").get("description"))
			e.typed(header, "string")
			headers.set(name, header)
		}
		if e.isOpenAPI3 {
			n.setUnlessEmpty("headers", headers)
			n.set("content", e.content(response.ResponseModels))
		} else {
			if types := sorted(response.ResponseModels); len(types) > 0 {
				n.set("schema", e.reference(response.ResponseModels[types[0]]))
			}
			n.setUnlessEmpty("headers", headers)
		}
		nodes.set(status, n)
	}
	return nodes
}

// integrationNode writes an integration, without what is as it would be of
// itself.
func integrationNode(r *plan.Resource, i *plan.Integration) *node {
	n := object()
	n.setText("credentials", i.Credentials)
	if i.Type != typeMock {
		n.setText("httpMethod", i.HTTPMethod)
	}
	n.setText("uri", i.URI)
	if len(i.Responses) > 0 {
		n.set("responses", integrationResponses(i.Responses))
	}
	n.setUnlessNil("requestParameters", textMap(i.RequestParameters))
	n.setUnlessNil("requestTemplates", textMap(i.RequestTemplates))
	n.setText("passthroughBehavior", strings.ToLower(i.PassthroughBehavior))
	if i.ConnectionType != internet {
		n.setText("connectionType", i.ConnectionType)
	}
	n.setText("connectionId", i.ConnectionID)
	if i.TimeoutMillis != maxTimeout {
		n.set("timeoutInMillis", integer(i.TimeoutMillis))
	}
	if i.CacheNamespace != r.ID || len(i.CacheKeyParameters) > 0 {
		n.setText("cacheNamespace", i.CacheNamespace)
	}
	if len(i.CacheKeyParameters) > 0 {
		n.set("cacheKeyParameters", texts(i.CacheKeyParameters))
	}
	n.setText("contentHandling", i.ContentHandling)
	n.setText("responseTransferMode", i.ResponseTransferMode)
	if i.InsecureSkipVerification {
		tls := object()
		tls.set("insecureSkipVerification", boolean(true))
		n.set("tlsConfig", tls)
	}
	n.set("type", text(strings.ToLower(i.Type)))
	return n
}

// integrationResponses writes responses by their selection patterns. Of two
// with one pattern the first is served, and written.
func integrationResponses(byStatus map[string]*plan.IntegrationResponse) *node {
	patterns := map[string]*node{}
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		r := byStatus[status]
		pattern := "default"
		if r.SelectionPattern != nil && *r.SelectionPattern != "" {
			pattern = *r.SelectionPattern
		}
		if patterns[pattern] != nil {
			continue
		}
		n := object()
		n.set("statusCode", text(r.StatusCode))
		n.setUnlessNil("responseParameters", textMap(r.ResponseParameters))
		n.setUnlessNil("responseTemplates", textMap(r.ResponseTemplates))
		n.setText("contentHandling", r.ContentHandling)
		patterns[pattern] = n
	}
	nodes := object()
	for _, pattern := range sorted(patterns) {
		nodes.set(pattern, patterns[pattern])
	}
	return nodes
}
