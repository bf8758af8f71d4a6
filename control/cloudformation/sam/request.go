package sam

import (
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// validation is what an event says of the requests that it takes: the names of
// the extension's validators, as SAM calls them.
func (r *route) validation() (name string, body, parameters bool) {
	body = isTrue(r.model.Get("ValidateBody"))
	parameters = isTrue(r.model.Get("ValidateParameters"))
	switch {
	case r.model.Get("ValidateBody") == nil && r.model.Get("ValidateParameters") == nil:
		return "", false, false
	case body && parameters:
		return "body-and-params", body, parameters
	case body:
		return "body-only", body, parameters
	case parameters:
		return "params-only", body, parameters
	}
	return "no-validation", body, parameters
}

// request adds to an operation what the event says of its request, and to its
// integration the parameters that a cache distinguishes.
func (r *route) request(t *transformer, api *restAPI, operation, integration *template.Node, openAPI3 bool) {
	parameters := template.NewList(r.pos)
	if model := r.model.Get("Model"); model != nil {
		if given := api.properties.Get("Models"); given.Get(model.Text) == nil {
			t.event(r.function.id, r.event, model.Pos, "Unable to set RequestModel [%s] on API method [%s] for path [%s] because it wasn't defined in the API's Models.", model.Text, r.method, r.path)
			return
		}
		required := r.model.Get("Required")
		if openAPI3 {
			schema := template.NewMap(r.pos, template.F("$ref", text(r.pos, "#/components/schemas/"+model.Text)))
			operation.Fields = append(operation.Fields, template.F("requestBody", template.NewMap(r.pos,
				template.F("content", template.NewMap(r.pos, template.F("application/json", template.NewMap(r.pos, template.F("schema", schema))))),
				template.F("required", required))))
		} else {
			schema := template.NewMap(r.pos, template.F("$ref", text(r.pos, "#/definitions/"+model.Text)))
			parameters.Items = append(parameters.Items, template.NewMap(r.pos, template.F("in", text(r.pos, "body")),
				template.F("name", text(r.pos, strings.ToLower(model.Text))), template.F("schema", schema), template.F("required", required)))
		}
	}
	if name, _, _ := r.validation(); name != "" {
		operation.Fields = append(operation.Fields, template.F("x-amazon-apigateway-request-validator", text(r.pos, name)))
	}
	cached := template.NewList(r.pos)
	if r.parameters != nil {
		for _, item := range r.parameters.Items {
			r.parameter(t, item, parameters, cached, openAPI3)
		}
	}
	if len(parameters.Items) > 0 {
		operation.Fields = append(operation.Fields, template.F("parameters", parameters))
	}
	if len(cached.Items) > 0 {
		integration.Fields = append(integration.Fields, template.F("cacheKeyParameters", cached))
	}
}

// parameter takes one of RequestParameters: a name, or a name with settings.
func (r *route) parameter(t *transformer, item, parameters, cached *template.Node, openAPI3 bool) {
	name, settings := item.Text, (*template.Node)(nil)
	if item.Kind == template.Map && len(item.Fields) == 1 {
		name, settings = item.Fields[0].Key, item.Fields[0].Value
	}
	place, parameter, ok := strings.Cut(strings.TrimPrefix(name, "method.request."), ".")
	if !ok || !strings.HasPrefix(name, "method.request.") || place != "querystring" && place != "path" && place != "header" {
		t.event(r.function.id, r.event, item.Pos, "Invalid value for 'RequestParameters' property. Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.")
		return
	}
	if place == "querystring" {
		place = "query"
	}
	required := settings.Get("Required")
	if place == "path" && required == nil {
		required = &template.Node{Pos: item.Pos, Kind: template.Bool, Text: "true"}
	}
	kind := template.F("type", text(item.Pos, "string"))
	if openAPI3 {
		kind = template.F("schema", template.NewMap(item.Pos, kind))
	}
	parameters.Items = append(parameters.Items, template.NewMap(item.Pos,
		template.F("in", text(item.Pos, place)), template.F("name", text(item.Pos, parameter)), template.F("required", required), kind))
	if isTrue(settings.Get("Caching")) {
		cached.Items = append(cached.Items, text(item.Pos, name))
	}
}

// validators are the extension's validators of all routes.
func (a *restAPI) validators() *template.Node {
	out := template.NewMap(a.pos)
	flag := func(v bool) *template.Node {
		n := &template.Node{Pos: a.pos, Kind: template.Bool, Text: "false"}
		if v {
			n.Text = "true"
		}
		return n
	}
	for _, r := range a.routes {
		if name, body, parameters := r.validation(); name != "" && out.Get(name) == nil {
			out.Fields = append(out.Fields, template.F(name, template.NewMap(a.pos,
				template.F("validateRequestBody", flag(body)), template.F("validateRequestParameters", flag(parameters)))))
		}
	}
	if len(out.Fields) == 0 {
		return nil
	}
	return out
}

func isTrue(n *template.Node) bool { return n.Scalar() && strings.EqualFold(n.Text, "true") }
