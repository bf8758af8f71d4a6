package apigateway

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

// basePath returns what comes before the paths of the document: nothing, its
// base path, or its base path without the first part, as mode asks for.
func basePath(doc *node, mode string) (string, error) {
	base := doc.get("basePath").str()
	if servers := doc.get("servers").elements(); len(servers) > 0 {
		base = serverPath(servers[0])
	}
	base = strings.Trim(base, "/")
	switch mode {
	case "", "ignore":
		return "", nil
	case "prepend":
	case "split":
		_, base, _ = strings.Cut(base, "/")
	default:
		return "", badRequest("Invalid basepath specified: %s. Must be one of: [ignore, prepend, split]", mode)
	}
	if base != "" {
		base = "/" + base
	}
	return base, nil
}

// serverPath returns the path of a server's URL, its variables replaced by
// their defaults. AWS: a variable basePath is the path even where the URL does
// not mention it (test_import_rest_api_with_base_path_oas30).
func serverPath(server *node) string {
	text := server.get("url").str()
	variables := server.get("variables")
	if base := variables.get("basePath", "default"); base != nil && !strings.Contains(text, "{basePath}") {
		return base.str()
	}
	for name, v := range variables.all() {
		text = strings.ReplaceAll(text, "{"+name+"}", strings.TrimPrefix(v.get("default").str(), "/"))
	}
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Path
}

// operations are the fields of a path that are operations, and their methods.
var operations = map[string]string{
	"get": "GET", "put": "PUT", "post": "POST", "delete": "DELETE",
	"patch": "PATCH", "options": "OPTIONS", "head": "HEAD",
	extension + "any-method": anyMethod,
}

// readPath creates the resource of a path, and those above it, and its methods.
func (i *importer) readPath(base, path string, item *node) {
	path = base + path
	r, err := i.resource(path)
	if err != nil {
		i.fail("Unable to create resource at path '%s': %s", path, message(err))
		return
	}
	item = i.deref(item)
	i.checkExtensions(item, "path", path)
	for key, op := range item.all() {
		httpMethod, ok := operations[strings.ToLower(key)]
		switch {
		case ok:
			i.readOperation(r, httpMethod, item, op)
		case strings.EqualFold(key, "trace"):
			i.fail("Unable to put method 'TRACE' on resource at path '%s': Invalid HttpMethod specified. Valid options are %s", path, strings.Join(httpMethods, ","))
		}
	}
}

// resource returns the resource of a path, having created what is missing.
func (i *importer) resource(path string) (*plan.Resource, error) {
	r := i.api.Resources[i.api.RootID]
	path = strings.Trim(path, "/")
	if path == "" {
		return r, nil
	}
	for part := range strings.SplitSeq(path, "/") {
		siblings := i.children[r.ID]
		at := slices.IndexFunc(siblings, func(c *plan.Resource) bool { return c.PathPart == part })
		if at >= 0 {
			r = siblings[at]
			continue
		}
		if len(i.api.Resources) >= maxResources {
			return nil, badRequest("The REST API would have more than %d resources", maxResources)
		}
		next, err := i.api.addResource(r, part, siblings)
		if err != nil {
			return nil, err
		}
		put(&i.children, r.ID, append(siblings, next))
		r = next
	}
	return r, nil
}

// readOperation replaces the method of a resource by an operation.
func (i *importer) readOperation(r *plan.Resource, httpMethod string, item, op *node) {
	at := "'" + httpMethod + "' on resource at path '" + r.Path + "'"
	i.checkExtensions(op, "operation", httpMethod+" "+r.Path)
	m := &plan.Method{HTTPMethod: httpMethod, OperationName: op.get("operationId").str()}
	if err := i.secure(m, op); err != nil {
		i.fail("Unable to put method %s: %s", at, message(err))
		return
	}
	i.readParameters(m, r.Path, item.get("parameters"), op.get("parameters"), op)
	i.readRequestBody(m, op)
	if err := i.validate(m, op); err != nil {
		i.fail("Unable to put method %s: %s", at, message(err))
		return
	}
	delete(r.Methods, httpMethod)
	if err := i.api.putMethod(r, m); err != nil {
		i.fail("Unable to put method %s: %s", at, message(err))
		return
	}
	i.readResponses(m, r.Path, at, op)
	i.readIntegration(r, m, i.extension(op, "integration"))
}

// validate names the request validator of a method: the operation's, else the
// document's.
func (i *importer) validate(m *plan.Method, op *node) error {
	v := i.extension(op, "request-validator")
	if v == nil {
		v = i.extension(i.doc, "request-validator")
	}
	if v == nil || v.str() == "" {
		return nil
	}
	id, ok := i.validators[v.str()]
	if !ok {
		return badRequest("Invalid Request Validator name specified: %s", v.str())
	}
	m.RequestValidatorID = id
	return nil
}

var pathVariable = regexp.MustCompile(`\{([^{}+]+)\+?\}`)

// readParameters declares the parameters of a method: first those of its path.
// AWS: the variables of a path are required parameters even where the document
// does not list them (test_import_with_global_api_key_authorizer).
func (i *importer) readParameters(m *plan.Method, path string, shared, own, op *node) {
	for _, v := range pathVariable.FindAllStringSubmatch(path, -1) {
		put(&m.RequestParameters, "method.request.path."+v[1], true)
	}
	for _, list := range []*node{shared, own} {
		for _, p := range list.elements() {
			p = i.deref(p)
			name, required := p.get("name").str(), p.get("required").isTrue()
			switch in := p.get("in").str(); in {
			case "path":
				// AWS: a parameter that no part of the path has is kept, too.
				put(&m.RequestParameters, "method.request.path."+name, true)
			case "query":
				put(&m.RequestParameters, "method.request.querystring."+name, required)
			case "header":
				put(&m.RequestParameters, "method.request.header."+name, required)
			case "body":
				i.setRequestModel(m, p.get("schema"), i.contentTypes(op, "consumes"))
			case "":
			default:
				i.warn("Parameter '%s' in '%s' of %s %s is ignored", name, in, m.HTTPMethod, path)
			}
		}
	}
}

// contentTypes returns what a Swagger 2.0 operation consumes or produces.
func (i *importer) contentTypes(op *node, field string) []string {
	for _, n := range []*node{op, i.doc} {
		if types := n.get(field).list(); len(types) > 0 {
			return types
		}
	}
	return []string{"application/json"}
}

func (i *importer) readRequestBody(m *plan.Method, op *node) {
	content := i.deref(op.get("requestBody")).get("content")
	for contentType, c := range content.all() {
		i.setRequestModel(m, c.get("schema"), []string{contentType})
	}
}

func (i *importer) setRequestModel(m *plan.Method, schema *node, contentTypes []string) {
	if model := i.model(schema); model != "" {
		for _, contentType := range contentTypes {
			put(&m.RequestModels, contentType, model)
		}
	}
}

// readResponses declares the responses of a method that have a status.
func (i *importer) readResponses(m *plan.Method, path, at string, op *node) {
	for status, n := range op.get("responses").all() {
		if !statusCode.MatchString(status) {
			continue // "default" and ranges have no counterpart
		}
		n = i.deref(n)
		r := &plan.MethodResponse{StatusCode: status}
		for name := range n.get("headers").all() {
			put(&r.ResponseParameters, "method.response.header."+name, false)
		}
		if model := i.responseModel(n.get("schema"), status, m.HTTPMethod, path); model != "" {
			for _, contentType := range i.contentTypes(op, "produces") {
				put(&r.ResponseModels, contentType, model)
			}
		}
		for contentType, c := range n.get("content").all() {
			if model := i.responseModel(c.get("schema"), status, m.HTTPMethod, path); model != "" {
				put(&r.ResponseModels, contentType, model)
			}
		}
		if err := i.api.checkMethodResponse(r); err != nil {
			i.fail("Unable to put method response '%s' for method %s: %s", status, at, message(err))
			continue
		}
		put(&m.Responses, status, r)
	}
}
