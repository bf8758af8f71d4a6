package sam

import (
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// gatewayResponses returns the property GatewayResponses as the definition's
// extension has it, or nil.
func (a *restAPI) gatewayResponses(t *transformer) *template.Node {
	given := a.properties.Get("GatewayResponses")
	if given == nil {
		return nil
	}
	if given.Kind != template.Map || isFunction(given) {
		t.resource(a.id, given.Pos, "Invalid value for 'GatewayResponses', must be a dictionary.")
		return nil
	}
	out := template.NewMap(given.Pos)
	for _, f := range given.Fields {
		out.Fields = append(out.Fields, template.Field{Key: f.Key, Pos: f.Pos, Value: a.gatewayResponse(t, f)})
	}
	return out
}

func (a *restAPI) gatewayResponse(t *transformer, response template.Field) *template.Node {
	out := template.NewMap(response.Pos)
	for _, f := range response.Value.Fields {
		switch f.Key {
		case "StatusCode":
			out.Fields = append(out.Fields, template.F("statusCode", f.Value))
		case "ResponseTemplates":
			out.Fields = append(out.Fields, template.F("responseTemplates", f.Value))
		case "ResponseParameters":
			out.Fields = append(out.Fields, template.F("responseParameters", a.responseParameters(t, f.Value)))
		default:
			t.resource(a.id, f.Pos, "Invalid property %s in 'GatewayResponses' property %s.", f.Key, response.Key)
		}
	}
	return out
}

// responseParameters writes SAM's groups of parameters as the single map of
// API Gateway.
func (a *restAPI) responseParameters(t *transformer, n *template.Node) *template.Node {
	places := map[string]string{"Headers": "header", "Paths": "path", "QueryStrings": "querystring"}
	out := template.NewMap(n.Pos)
	for _, group := range n.Fields {
		place, ok := places[group.Key]
		if !ok {
			t.resource(a.id, group.Pos, "Invalid gateway response parameter '%s'", group.Key)
			continue
		}
		for _, f := range group.Value.Fields {
			out.Fields = append(out.Fields, template.Field{Key: "gatewayresponse." + place + "." + f.Key, Pos: f.Pos, Value: f.Value})
		}
	}
	return out
}
