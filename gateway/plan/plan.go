package plan

import (
	"slices"
	"strings"
)

// A Plan is a Deployment in the form in which it is served. It never changes.
type Plan struct {
	Deployment *Deployment
	Routes     []*Route // in the order of their indexes

	tree      node
	responses map[string]*CustomResponse // by response type
}

// A Route is a method of a resource, ready to be served.
type Route struct {
	Index        int // in the Plan's Routes
	ResourceID   string
	ResourcePath string
	HTTPMethod   string // as declared: the method's name, or ANY
	Method       *Method

	// Required are the parameters that the method's validator demands, in the
	// order in which AWS names them.
	Required []Parameter

	// Models are what the method's validator holds bodies against, by media
	// type; nil if it does not look at bodies.
	Models map[string]*Schema

	Binding  Binding
	CacheKey CacheKey

	// Closed is why the route cannot be served, nil if it can.
	Closed *Closed
}

// Closed says why a route refuses every request. It is an answer to the
// caller's developer, not to the caller.
type Closed struct {
	What string // is wrong or missing
	Mend string // what to change; empty if nothing but lamgate can
}

// Explain makes a Closed the detail of a journey's step.
func (c *Closed) Explain() (what, mend string) { return c.What, c.Mend }

// Quote quotes for an explanation what its reader has written, so that it can be
// found again: nothing in it is escaped.
func Quote(s string) string { return "\"" + s + "\"" }

// Explain makes a Route the detail of a journey's step: that it was matched.
func (r *Route) Explain() (what, mend string) {
	return "matched " + r.HTTPMethod + " " + r.ResourcePath + " (resource " + r.ResourceID + ")", ""
}

// SourcePath is the end of the ARN under which a route invokes others,
// "METHOD/PATH".
//
// AWS: parameters stand as *, and so does ANY. A permission for /users/{id}
// does not match while one for /users/* does (aws/serverless-application-model
// issue 110), one for GET does not open an ANY method (aws/aws-sam-cli issue
// 289), and neither does one for the literal ANY, though Lambda's guide lists
// it (aws/serverless-application-model issues 59 and 296, pull request 449).
func (r *Route) SourcePath() string {
	method := r.HTTPMethod
	if method == AnyMethod {
		method = "*"
	}
	var b strings.Builder
	b.WriteString(method)
	for part := range strings.SplitSeq(strings.TrimPrefix(r.ResourcePath, "/"), "/") {
		b.WriteByte('/')
		if strings.HasPrefix(part, "{") {
			part = "*"
		}
		b.WriteString(part)
	}
	return b.String()
}

// AnyMethod is the method that serves those which a resource does not name.
const AnyMethod = "ANY"

// Compile makes the Plan of a Deployment.
func Compile(d *Deployment) *Plan {
	p := &Plan{Deployment: d, responses: compileGatewayResponses(d)}
	schemas := &models{deployment: d}
	for i := range d.Resources {
		resource := &d.Resources[i]
		for _, name := range sortedKeys(resource.Methods) {
			route := compileRoute(d, schemas, resource, name)
			route.Index = len(p.Routes)
			p.Routes = append(p.Routes, route)
			p.tree.add(resource.Path, route)
		}
	}
	return p
}

func compileRoute(d *Deployment, schemas *models, resource *Resource, name string) *Route {
	m := resource.Methods[name]
	r := &Route{ResourceID: resource.ID, ResourcePath: resource.Path, HTTPMethod: name, Method: m}
	if m == nil || m.Integration == nil {
		r.Method = &Method{HTTPMethod: name, AuthorizationType: "NONE"}
		if m != nil {
			r.Method = m
		}
		r.Closed = &Closed{"the method had no integration when the API was deployed", "put an integration and deploy the API again"}
		return r
	}
	r.Closed = r.validate(d, schemas)
	r.CacheKey = compileCacheKey(r.ResourceID, m.Integration)
	binding, closed := compileBinding(m)
	r.Binding = binding
	if r.Closed == nil {
		r.Closed = closed
	}
	return r
}

// validate prepares what the method's request validator asks for.
func (r *Route) validate(d *Deployment, schemas *models) *Closed {
	id := r.Method.RequestValidatorID
	if id == "" {
		return nil
	}
	v, ok := d.Validators[id]
	if !ok {
		return &Closed{"the request validator " + id + " does not exist", "name one that exists and deploy the API again"}
	}
	if v.Parameters {
		for _, location := range []string{"header", "path", "querystring"} {
			for _, key := range sortedKeys(r.Method.RequestParameters) {
				if !r.Method.RequestParameters[key] {
					continue
				}
				p, ok := parseParameter(key, "method.request.")
				if !ok {
					return &Closed{"the required request parameter " + key + " is not of the form method.request.LOCATION.NAME", "correct the name and deploy the API again"}
				}
				if string(p.Location) == location {
					r.Required = append(r.Required, p)
				}
			}
		}
	}
	if v.Body {
		for _, contentType := range sortedKeys(r.Method.RequestModels) {
			schema, err := schemas.schema(r.Method.RequestModels[contentType])
			if err != nil {
				return &Closed{"the model " + r.Method.RequestModels[contentType] + ", which the request validator " + v.Name +
					" holds bodies of " + contentType + " against, cannot be used: " + err.Error(), "correct the model and deploy the API again"}
			}
			if r.Models == nil {
				r.Models = map[string]*Schema{}
			}
			r.Models[strings.ToLower(contentType)] = schema
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
