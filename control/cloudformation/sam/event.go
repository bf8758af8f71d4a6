package sam

import (
	"regexp"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A route is an event of the kind Api: a method of an API that a function
// serves.
type route struct {
	function  *function
	event     string
	pos       template.Pos
	path      string
	method    string // lower case; any
	timeout   *template.Node
	condition *template.Node // the function's, nil without one

	model      *template.Node // RequestModel; nil without one
	parameters *template.Node // RequestParameters; nil without any
}

// events adds a function's events to their APIs and returns the permissions
// that they need.
func (t *transformer) events(fn *function) []template.Field {
	events := fn.properties.Get("Events")
	if events == nil {
		return nil
	}
	if events.Kind != template.Map {
		t.resource(fn.id, events.Pos, "Type of property 'Events' is invalid.")
		return nil
	}
	var made []template.Field
	for _, e := range events.Fields {
		kind := e.Value.Get("Type")
		switch {
		case kind == nil:
			t.event(fn.id, e.Key, e.Pos, "Missing required property 'Type'.")
		case kind.IsString("Api"):
			made = append(made, t.apiEvent(fn, e)...)
		default:
			t.event(fn.id, e.Key, kind.Pos, "lamgate does not support the event type %s", kind.Text)
		}
	}
	return made
}

func (t *transformer) apiEvent(fn *function, e template.Field) []template.Field {
	properties := e.Value.Get("Properties")
	if properties == nil || properties.Kind != template.Map {
		t.event(fn.id, e.Key, e.Pos, "Missing required properties 'Path' and 'Method'.")
		return nil
	}
	apiEventProperties().check(properties, func(pos template.Pos, format string, args ...any) {
		t.event(fn.id, e.Key, pos, format, args...)
	}, "an Api event")
	path, method := t.literal(properties.Get("Path")), t.literal(properties.Get("Method"))
	if !path.Scalar() || !method.Scalar() {
		t.event(fn.id, e.Key, properties.Pos, "Path and Method must be strings.")
		return nil
	}
	api := t.apiOf(fn, e.Key, properties)
	if api == nil {
		return nil
	}
	r := &route{
		function: fn, event: e.Key, pos: e.Pos, path: path.Text, method: strings.ToLower(method.Text),
		timeout: properties.Get("TimeoutInMillis"), condition: fn.from.Get("Condition"),
		model: properties.Get("RequestModel"), parameters: properties.Get("RequestParameters"),
	}
	if other := api.route(r.path, r.method); other != nil {
		t.event(fn.id, e.Key, e.Pos, "API method %q defined multiple times for path %q.", r.method, r.path)
		return nil
	}
	api.routes = append(api.routes, r)
	return []template.Field{t.permission(api, r)}
}

// apiOf returns the API that an event names, or the implicit one.
func (t *transformer) apiOf(fn *function, event string, properties *template.Node) *restAPI {
	named := properties.Get("RestApiId")
	if named == nil {
		if t.apis[implicitAPI] == nil {
			t.apis[implicitAPI] = t.newAPI(implicitAPI, fn.pos, nil)
		}
		return t.apis[implicitAPI]
	}
	id := ""
	if name, arg := named.Function(); name == "Ref" {
		id = arg.Text
	} else if named.Kind == template.String {
		id = named.Text
	}
	api := t.apis[id]
	if api == nil || id == implicitAPI && api.from == nil {
		t.event(fn.id, event, named.Pos, "RestApiId must be a valid reference to an 'AWS::Serverless::Api' in same template.")
		return nil
	}
	return api
}

var pathParameter = regexp.MustCompile(`\{[^{}]*\}`)

// permission lets the API invoke the function on one route, at every stage.
func (t *transformer) permission(api *restAPI, r *route) template.Field {
	fn := r.function
	method := strings.ToUpper(r.method)
	if r.method == "any" {
		method = "*"
	}
	path := pathParameter.ReplaceAllString(r.path, "*")
	target := ref(r.pos, fn.id)
	if fn.alias != "" {
		target = ref(r.pos, fn.alias)
	}
	suffix := "Stage"
	if api.stage.Scalar() {
		suffix = api.stage.Text
	}
	source := template.NewMap(r.pos, template.F("Fn::Sub", template.NewList(r.pos,
		text(r.pos, "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/"+method+path),
		template.NewMap(r.pos, template.F("__ApiId__", ref(r.pos, api.id)), template.F("__Stage__", text(r.pos, "*"))))))
	return declare(logicalID(fn.id+r.event+"Permission", suffix), "AWS::Lambda::Permission", fn.from, r.pos, template.NewMap(r.pos,
		template.F("Action", text(r.pos, "lambda:InvokeFunction")), template.F("FunctionName", target),
		template.F("Principal", text(r.pos, "apigateway.amazonaws.com")), template.F("SourceArn", source)), "Condition")
}
