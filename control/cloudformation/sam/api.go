package sam

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A restAPI is an AWS::Serverless::Api on its way, or the implicit API.
type restAPI struct {
	id         string
	pos        template.Pos
	from       *template.Node // as declared; nil for the implicit one
	properties *template.Node // with the globals
	stage      *template.Node // the stage's name
	routes     []*route
}

// declareAPIs notes the APIs of the template, which events refer to.
func (t *transformer) declareAPIs(resources *template.Node) {
	for _, f := range resources.Fields {
		if f.Value.Get("Type").IsString(apiType) {
			t.apis[f.Key] = t.newAPI(f.Key, f.Pos, f.Value)
		}
	}
}

func (t *transformer) newAPI(id string, pos template.Pos, from *template.Node) *restAPI {
	a := &restAPI{id: id, pos: pos, from: from, properties: t.globals.with("Api", from.Get("Properties"))}
	apiProperties().check(a.properties, func(pos template.Pos, format string, args ...any) { t.resource(id, pos, format, args...) }, apiType)
	a.stage = t.literal(a.properties.Get("StageName"))
	switch {
	case from == nil:
		a.stage = text(pos, "Prod")
	case a.stage == nil:
		t.resource(id, pos, "Missing required property 'StageName'.")
		a.stage = text(pos, "Prod")
	}
	if from != nil {
		for _, attribute := range from.Fields {
			switch attribute.Key {
			case "Type", "Properties", "Metadata", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy":
			default:
				t.resource(id, attribute.Pos, "lamgate does not support the attribute %s", attribute.Key)
			}
		}
	}
	return a
}

// order returns the APIs' IDs: those of the template in its order, the implicit
// one last.
func (t *transformer) order(resources *template.Node) []string {
	var ids []string
	for _, f := range resources.Fields {
		if t.apis[f.Key] != nil && t.apis[f.Key].from != nil {
			ids = append(ids, f.Key)
		}
	}
	if a := t.apis[implicitAPI]; a != nil && a.from == nil {
		ids = append(ids, implicitAPI)
	}
	return ids
}

func (a *restAPI) route(path, method string) *route {
	for _, r := range a.routes {
		if r.path == path && r.method == method {
			return r
		}
	}
	return nil
}

// resources returns the API, its deployment and its stage.
func (a *restAPI) resources(t *transformer) []template.Field {
	properties := template.NewMap(a.pos)
	set := func(name string, value *template.Node) {
		if value != nil {
			properties.Fields = append(properties.Fields, template.F(name, value))
		}
	}
	body, location := a.definition(t)
	set("Body", body)
	set("BodyS3Location", location)
	for _, name := range []string{"ApiKeySourceType", "Description", "DisableExecuteApiEndpoint", "FailOnWarnings", "MinimumCompressionSize", "Mode", "Name"} {
		set(name, a.properties.Get(name))
	}
	if types := a.properties.Get("BinaryMediaTypes"); types != nil {
		set("BinaryMediaTypes", unescapeTypes(types))
	}
	if endpoint := a.properties.Get("EndpointConfiguration"); endpoint != nil {
		set("EndpointConfiguration", a.endpoint(t, endpoint))
	}
	tags := a.properties.Get("Tags")
	if tags != nil {
		// An API bears the tags that are given, and no other.
		list := t.tags(a.id, a.pos, tags)
		tags = template.NewList(list.Pos, list.Items[1:]...)
		set("Tags", tags)
	}
	from := a.from
	if from == nil {
		from = a.condition(t)
	}
	api := declare(a.id, "AWS::ApiGateway::RestApi", from, a.pos, properties, "Metadata", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy")
	seed := hash(properties.Get("Body").JSON() + properties.Get("BodyS3Location").JSON())
	deploymentID := a.id + "Deployment" + seed[:10]
	deployment := template.NewMap(a.pos,
		template.F("Description", text(a.pos, "RestApi deployment id: "+seed)), template.F("RestApiId", ref(a.pos, a.id)))
	if a.properties.Get("OpenApiVersion") == nil {
		// AWS: without OpenApiVersion, SAM makes a second stage of this name.
		deployment.Fields = append(deployment.Fields, template.F("StageName", text(a.pos, "Stage")))
	}
	stageID := a.id + "Stage"
	if a.stage.Scalar() {
		if stageID = a.id + a.stage.Text + "Stage"; logicalID("", a.stage.Text) != a.stage.Text {
			stageID = a.id + "Stage" + hash(a.stage.Text)[:10]
		}
	}
	stage := template.NewMap(a.pos, template.F("DeploymentId", ref(a.pos, deploymentID)), template.F("RestApiId", ref(a.pos, a.id)),
		template.F("StageName", a.stage), template.F("Tags", tags))
	for _, name := range []string{"AccessLogSetting", "CacheClusterEnabled", "CacheClusterSize", "CanarySetting", "MethodSettings", "TracingEnabled", "Variables"} {
		if v := a.properties.Get(name); v != nil {
			stage.Fields = append(stage.Fields, template.F(name, v))
		}
	}
	t.aliases[a.id+".Stage"], t.aliases[a.id+".Deployment"] = stageID, deploymentID
	return []template.Field{
		api,
		declare(deploymentID, "AWS::ApiGateway::Deployment", from, a.pos, deployment, "Condition"),
		declare(stageID, "AWS::ApiGateway::Stage", from, a.pos, stage, "Condition"),
	}
}

// unescapeTypes turns image~1png into image/png, as SAM does.
func unescapeTypes(n *template.Node) *template.Node {
	out := template.NewList(n.Pos)
	for _, item := range n.Items {
		if item.Kind == template.String {
			item = text(item.Pos, strings.ReplaceAll(item.Text, "~1", "/"))
		}
		out.Items = append(out.Items, item)
	}
	return out
}

// endpoint takes SAM's forms of EndpointConfiguration: a type, or an object.
func (a *restAPI) endpoint(t *transformer, n *template.Node) *template.Node {
	if n.Kind != template.Map || isFunction(n) {
		return template.NewMap(n.Pos, template.F("Types", template.NewList(n.Pos, n)))
	}
	out := template.NewMap(n.Pos)
	for _, f := range n.Fields {
		switch f.Key {
		case "Type":
			out.Fields = append(out.Fields, template.F("Types", template.NewList(f.Value.Pos, f.Value)))
		case "IpAddressType":
			out.Fields = append(out.Fields, f)
		default:
			t.resource(a.id, f.Pos, "lamgate does not support the property %s of EndpointConfiguration", f.Key)
		}
	}
	return out
}

// condition returns what the implicit API takes from its functions: if all of
// them are conditional, so is the API.
func (a *restAPI) condition(t *transformer) *template.Node {
	var names []string
	for _, r := range a.routes {
		if r.condition == nil {
			return nil
		}
		if !slices.Contains(names, r.condition.Text) {
			names = append(names, r.condition.Text)
		}
	}
	switch {
	case len(names) == 0:
		return nil
	case len(names) > 10:
		t.resource(a.id, a.pos, "lamgate does not support more than ten different conditions of the implicit API's functions")
		return nil
	}
	name := names[0]
	if len(names) > 1 {
		name = implicitAPI + "ApiCondition"
		any := template.NewList(a.pos)
		for _, n := range names {
			any.Items = append(any.Items, template.NewMap(a.pos, template.F("Condition", text(a.pos, n))))
		}
		t.conditions = append(t.conditions, template.Field{Key: name, Pos: a.pos, Value: template.NewMap(a.pos, template.F("Fn::Or", any))})
	}
	return template.NewMap(a.pos, template.F("Condition", text(a.pos, name)))
}
