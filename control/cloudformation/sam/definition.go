package sam

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

const (
	integrationKey = "x-amazon-apigateway-integration"
	anyMethod      = "x-amazon-apigateway-any-method"
)

// definition returns the API's OpenAPI definition, as given, where it lies in
// S3, or generated from the events.
func (a *restAPI) definition(t *transformer) (body, location *template.Node) {
	given, uri := a.properties.Get("DefinitionBody"), a.properties.Get("DefinitionUri")
	switch {
	case given != nil && uri != nil:
		t.resource(a.id, uri.Pos, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
	case given != nil:
		return a.extend(t, given), nil
	case uri != nil:
		return nil, a.definitionIn(t, uri)
	}
	return a.generate(t), nil
}

func (a *restAPI) definitionIn(t *transformer, uri *template.Node) *template.Node {
	if cors := a.properties.Get("Cors"); cors != nil {
		t.resource(a.id, cors.Pos, "Cors works only with inline Swagger specified in 'DefinitionBody' property.")
	}
	for _, name := range []string{"GatewayResponses", "Models"} {
		if given := a.properties.Get(name); given != nil {
			t.resource(a.id, given.Pos, "%s works only with inline Swagger specified in 'DefinitionBody' property.", name)
		}
	}
	if uri.Kind == template.Map && !isFunction(uri) {
		return uri
	}
	if location := s3Location(t.literal(uri), "Bucket", "Key", "Version"); location != nil {
		return location
	}
	t.resource(a.id, uri.Pos, "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.")
	return nil
}

// generate writes a definition in which every route is a Lambda proxy.
func (a *restAPI) generate(t *transformer) *template.Node {
	pos := a.pos
	info := template.NewMap(pos, template.F("version", text(pos, "1.0")), template.F("title", ref(pos, "AWS::StackName")))
	openAPI3 := strings.HasPrefix(scalarText(t.literal(a.properties.Get("OpenApiVersion"))), "3.")
	paths := template.NewMap(pos)
	for _, path := range a.paths() {
		item := template.NewMap(pos)
		for _, r := range a.routes {
			if r.path == path {
				item.Fields = append(item.Fields, r.operation(t, a, openAPI3))
			}
		}
		paths.Fields = append(paths.Fields, template.Field{Key: path, Pos: pos, Value: item})
	}
	version := template.F("swagger", text(pos, "2.0"))
	if v := t.literal(a.properties.Get("OpenApiVersion")); v != nil {
		if !v.Scalar() || !strings.HasPrefix(v.Text, "3.") && v.Text != "2.0" {
			t.resource(a.id, v.Pos, "The OpenApiVersion value must be of the format \"3.0.0\".")
		} else if v.Text != "2.0" {
			version = template.F("openapi", text(v.Pos, v.Text))
		}
	}
	return a.extend(t, template.NewMap(pos, version, template.F("info", info), template.F("paths", paths),
		template.F("x-amazon-apigateway-request-validators", a.validators())))
}

// extend adds to a definition what the properties say of it: Cors, Models and
// GatewayResponses.
func (a *restAPI) extend(t *transformer, body *template.Node) *template.Node {
	if body.Kind != template.Map || isFunction(body) {
		for _, name := range []string{"Cors", "GatewayResponses", "Models"} {
			if given := a.properties.Get(name); given != nil {
				t.resource(a.id, given.Pos, "%s works only with inline Swagger specified in 'DefinitionBody' property.", name)
			}
		}
		return body
	}
	if cors := a.properties.Get("Cors"); cors != nil && body.Get("paths") != nil {
		paths := template.NewMap(body.Get("paths").Pos)
		for _, path := range body.Get("paths").Fields {
			if item := path.Value; item.Get("options") == nil && !isFunction(item) {
				preflight := a.preflight(t, cors, item)
				path.Value = item.With(preflight.Key, preflight.Value)
			}
			paths.Fields = append(paths.Fields, path)
		}
		body = body.With("paths", paths)
	}
	if models := a.properties.Get("Models"); models != nil {
		if body.Get("openapi") != nil {
			components := body.Get("components")
			if components == nil {
				components = template.NewMap(models.Pos)
			}
			body = body.With("components", components.With("schemas", over(components.Get("schemas"), models)))
		} else {
			body = body.With("definitions", over(body.Get("definitions"), models))
		}
	}
	if responses := a.gatewayResponses(t); responses != nil {
		const key = "x-amazon-apigateway-gateway-responses"
		body = body.With(key, over(body.Get(key), responses))
	}
	return body
}

// over puts the members of one map over those of another, which may be nil.
func over(below, above *template.Node) *template.Node {
	if below == nil {
		return above
	}
	for _, f := range above.Fields {
		below = below.With(f.Key, f.Value)
	}
	return below
}

func scalarText(n *template.Node) string {
	if n.Scalar() {
		return n.Text
	}
	return ""
}

// paths returns the paths of the routes, in their order.
func (a *restAPI) paths() []string {
	var paths []string
	for _, r := range a.routes {
		if !slices.Contains(paths, r.path) {
			paths = append(paths, r.path)
		}
	}
	return paths
}

// operation is the route as an OpenAPI operation.
func (r *route) operation(t *transformer, api *restAPI, openAPI3 bool) template.Field {
	target := r.function.id + ".Arn"
	if r.function.alias != "" {
		target = r.function.alias
	}
	integration := template.NewMap(r.pos, template.F("httpMethod", text(r.pos, "POST")), template.F("type", text(r.pos, "aws_proxy")),
		template.F("uri", sub(r.pos, "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${"+target+"}/invocations")),
		template.F("timeoutInMillis", r.timeout))
	operation := template.NewMap(r.pos, template.F(integrationKey, integration), template.F("responses", template.NewMap(r.pos)))
	r.request(t, api, operation, integration, openAPI3)
	if r.condition != nil {
		operation = template.NewMap(r.pos, template.F("Fn::If", template.NewList(r.pos, r.condition, operation, ref(r.pos, "AWS::NoValue"))))
	}
	key := r.method
	if key == "any" {
		key = anyMethod
	}
	return template.Field{Key: key, Pos: r.pos, Value: operation}
}

// preflight is the operation that answers a browser's question whether it may.
func (a *restAPI) preflight(t *transformer, cors, item *template.Node) template.Field {
	pos := cors.Pos
	settings := cors
	if cors.Kind != template.Map || isFunction(cors) {
		settings = template.NewMap(pos, template.F("AllowOrigin", cors))
	}
	headers := map[string]*template.Node{}
	for _, f := range settings.Fields {
		switch f.Key {
		case "AllowOrigin":
			headers["Access-Control-Allow-Origin"] = f.Value
		case "AllowHeaders":
			headers["Access-Control-Allow-Headers"] = f.Value
		case "AllowMethods":
			headers["Access-Control-Allow-Methods"] = f.Value
		case "MaxAge":
			headers["Access-Control-Max-Age"] = f.Value
		case "AllowCredentials":
			if f.Value.Text == "true" {
				headers["Access-Control-Allow-Credentials"] = text(f.Value.Pos, "'true'")
			}
		default:
			t.resource(a.id, f.Pos, "Invalid value for 'Cors' property: %s", f.Key)
		}
	}
	if headers["Access-Control-Allow-Origin"] == nil {
		t.resource(a.id, pos, "Cors needs AllowOrigin.")
	}
	if headers["Access-Control-Allow-Methods"] == nil {
		headers["Access-Control-Allow-Methods"] = text(pos, "'"+strings.Join(allowedMethods(item), ",")+"'")
	}
	parameters, declared := template.NewMap(pos), template.NewMap(pos)
	for _, name := range []string{
		"Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
		"Access-Control-Allow-Origin", "Access-Control-Max-Age",
	} {
		if v := headers[name]; v != nil {
			parameters.Fields = append(parameters.Fields, template.F("method.response.header."+name, v))
			declared.Fields = append(declared.Fields, template.F(name, template.NewMap(pos, template.F("type", text(pos, "string")))))
		}
	}
	json := func(body string) *template.Node {
		return template.NewMap(pos, template.F("application/json", text(pos, body)))
	}
	integration := template.NewMap(pos, template.F("type", text(pos, "mock")),
		template.F("requestTemplates", json("{\n  \"statusCode\" : 200\n}\n")),
		template.F("responses", template.NewMap(pos, template.F("default", template.NewMap(pos,
			template.F("statusCode", text(pos, "200")), template.F("responseParameters", parameters), template.F("responseTemplates", json("{}\n")))))))
	return template.Field{Key: "options", Pos: pos, Value: template.NewMap(pos,
		template.F("summary", text(pos, "CORS support")),
		template.F("consumes", template.NewStrings(pos, "application/json")), template.F("produces", template.NewStrings(pos, "application/json")),
		template.F(integrationKey, integration),
		template.F("responses", template.NewMap(pos, template.F("200", template.NewMap(pos,
			template.F("description", text(pos, "Default response for CORS method")), template.F("headers", declared))))))}
}

// allowedMethods are the methods of a path, and OPTIONS.
func allowedMethods(item *template.Node) []string {
	methods := []string{"OPTIONS"}
	for _, f := range item.Fields {
		if f.Key == anyMethod {
			return []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
		}
		methods = append(methods, strings.ToUpper(f.Key))
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}
