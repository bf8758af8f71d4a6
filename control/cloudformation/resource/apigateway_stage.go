package resource

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

type stage struct{ client APIGateway }

// stageSettings are the properties that a Stage has in common with the
// StageDescription of a Deployment.
func stageSettings() Properties {
	return Properties{
		"AccessLogSetting":     {Kind: Object, Members: Properties{"DestinationArn": {}, "Format": {}}},
		"CacheClusterEnabled":  {Kind: Boolean},
		"CacheClusterSize":     {},
		"ClientCertificateId":  {},
		"Description":          {},
		"DocumentationVersion": {},
		"MethodSettings":       objects(methodSettings()),
		"TracingEnabled":       {Kind: Boolean},
		"Variables":            {Kind: Map},
	}
}

// stageDescription are the settings of a Deployment's stage: there the caching
// of all methods is set beside them.
func stageDescription() Properties {
	p := stageSettings()
	for name, property := range methodSettings() {
		if name != "HttpMethod" && name != "ResourcePath" {
			p[name] = property
		}
	}
	p["CanarySetting"], p["Tags"] = Property{Kind: Object, Members: canarySettings()}, tags()
	return p
}

// canarySettings are those that a Deployment can set on a stage.
func canarySettings() Properties {
	return Properties{
		"PercentTraffic": {Kind: Double}, "StageVariableOverrides": {Kind: Map}, "UseStageCache": {Kind: Boolean},
	}
}

func methodSettings() Properties {
	return Properties{
		"CacheDataEncrypted": {Kind: Boolean}, "CacheTtlInSeconds": {Kind: Integer}, "CachingEnabled": {Kind: Boolean},
		"DataTraceEnabled": {Kind: Boolean}, "HttpMethod": {}, "LoggingLevel": {}, "MetricsEnabled": {Kind: Boolean},
		"ResourcePath": {}, "ThrottlingBurstLimit": {Kind: Integer}, "ThrottlingRateLimit": {Kind: Double},
	}
}

func stageType(client APIGateway) *Type {
	s := stage{client}
	p := stageSettings()
	canary := canarySettings()
	canary["DeploymentId"] = Property{}
	p["CanarySetting"] = Property{Kind: Object, Members: canary}
	p["Tags"] = tags()
	p["DeploymentId"] = Property{}
	p["RestApiId"] = Property{Required: true, Replace: true}
	p["StageName"] = Property{Required: true, Replace: true}
	return &Type{
		Name:        "AWS::ApiGateway::Stage",
		Properties:  p,
		Identifiers: []string{"RestApiId", "StageName"},
		Named:       func(r *Request) string { return r.text("StageName") },
		Find:        s.find, Create: s.create, Update: s.update, Delete: s.delete,
	}
}

func (s stage) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := s.client.GetStage(ctx, &apigateway.GetStageRequest{RestApiId: new(r.text("RestApiId")), StageName: &r.PhysicalID})
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func (s stage) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateStageRequest{Tags: r.allTags()}
	if err := fill(in, r.Properties, "Tags", "AccessLogSetting", "CanarySetting", "ClientCertificateId", "MethodSettings"); err != nil {
		return nil, err
	}
	if _, err := s.client.CreateStage(ctx, in); err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: r.PhysicalID}, settleStage(ctx, s.client, r.text("RestApiId"), r.PhysicalID, r.Properties, r.text("DeploymentId"))
}

func (s stage) update(ctx context.Context, r *Request) (*Outcome, error) {
	out := &Outcome{PhysicalID: r.PhysicalID}
	if err := settleStage(ctx, s.client, r.text("RestApiId"), r.PhysicalID, r.Properties, r.text("DeploymentId")); err != nil {
		return out, err
	}
	return out, retagAPI(ctx, s.client, r, "/restapis/"+r.text("RestApiId")+"/stages/"+r.PhysicalID)
}

func (s stage) delete(ctx context.Context, r *Request) error {
	_, err := s.client.DeleteStage(ctx, &apigateway.DeleteStageRequest{RestApiId: new(r.text("RestApiId")), StageName: &r.PhysicalID})
	return gone(err)
}

// settleStage patches a stage from what it is to what the settings say.
func settleStage(ctx context.Context, client APIGateway, api, name string, settings *template.Node, deployment string) error {
	have, err := client.GetStage(ctx, &apigateway.GetStageRequest{RestApiId: &api, StageName: &name})
	if err != nil {
		return err
	}
	text := func(key string) string {
		if n := settings.Get(key); n.Scalar() {
			return n.Text
		}
		return ""
	}
	var p patches
	if deployment != "" {
		p.replace("/deploymentId", aws.Value(have.DeploymentId), deployment)
	}
	p.replace("/description", aws.Value(have.Description), text("Description"))
	p.replace("/tracingEnabled", strconv.FormatBool(aws.Value(have.TracingEnabled)), strconv.FormatBool(strings.EqualFold(text("TracingEnabled"), "true")))
	p.mapping("/variables", have.Variables, stringMap(settings.Get("Variables")))
	p.replace("/cacheClusterEnabled", strconv.FormatBool(aws.Value(have.CacheClusterEnabled)), strconv.FormatBool(strings.EqualFold(text("CacheClusterEnabled"), "true")))
	if size := text("CacheClusterSize"); size != "" {
		p.replace("/cacheClusterSize", aws.Value(have.CacheClusterSize), size)
	}
	p.replace("/clientCertificateId", aws.Value(have.ClientCertificateId), text("ClientCertificateId"))
	p.replace("/documentationVersion", aws.Value(have.DocumentationVersion), text("DocumentationVersion"))
	p.canary(have.CanarySettings, settings.Get("CanarySetting"))
	if log := settings.Get("AccessLogSetting"); log != nil {
		p.replace("/accessLogSettings/destinationArn", aws.Value(aws.Value(have.AccessLogSettings).DestinationArn), scalar(log.Get("DestinationArn")))
		p.replace("/accessLogSettings/format", aws.Value(aws.Value(have.AccessLogSettings).Format), scalar(log.Get("Format")))
	} else if have.AccessLogSettings != nil {
		p.add("remove", "/accessLogSettings", "")
	}
	// Method settings begin anew, so that one which is no longer given returns
	// to its default.
	for _, key := range slices.Sorted(maps.Keys(have.MethodSettings)) {
		p.add("remove", "/"+key, "")
	}
	methods := items(settings.Get("MethodSettings"))
	for _, m := range append(methods, settings) {
		path := "*/*"
		if m != settings {
			path = methodPath(scalar(m.Get("ResourcePath"))) + "/" + scalar(m.Get("HttpMethod"))
		}
		for _, setting := range [][2]string{
			{"LoggingLevel", "logging/loglevel"}, {"DataTraceEnabled", "logging/dataTrace"}, {"MetricsEnabled", "metrics/enabled"},
			{"ThrottlingBurstLimit", "throttling/burstLimit"}, {"ThrottlingRateLimit", "throttling/rateLimit"},
			{"CachingEnabled", "caching/enabled"}, {"CacheTtlInSeconds", "caching/ttlInSeconds"}, {"CacheDataEncrypted", "caching/dataEncrypted"},
		} {
			if n := m.Get(setting[0]); n != nil {
				p.add("replace", "/"+path+"/"+setting[1], n.Text)
			}
		}
	}
	if len(p) == 0 {
		return nil
	}
	_, err = client.UpdateStage(ctx, &apigateway.UpdateStageRequest{RestApiId: &api, StageName: &name, PatchOperations: p})
	return err
}

// canary adds operations that make a stage's canary what the template says.
func (p *patches) canary(have *apigateway.CanarySettings, want *template.Node) {
	const at = "/canarySettings"
	if want == nil {
		if have != nil {
			p.add("remove", at, "")
		}
		return
	}
	if have == nil {
		have = &apigateway.CanarySettings{}
	}
	p.replace(at+"/deploymentId", aws.Value(have.DeploymentId), or(scalar(want.Get("DeploymentId")), aws.Value(have.DeploymentId)))
	p.add("replace", at+"/percentTraffic", or(scalar(want.Get("PercentTraffic")), "0"))
	p.replace(at+"/useStageCache", strconv.FormatBool(aws.Value(have.UseStageCache)), strconv.FormatBool(strings.EqualFold(scalar(want.Get("UseStageCache")), "true")))
	p.mapping(at+"/stageVariableOverrides", have.StageVariableOverrides, stringMap(want.Get("StageVariableOverrides")))
}

// methodPath is a resource's path as the key of method settings has it. AWS:
// slashes are written ~1, and /* is every resource.
func methodPath(resource string) string {
	if resource == "/*" || resource == "*" {
		return "*"
	}
	return pointer(resource)
}

func scalar(n *template.Node) string {
	if n.Scalar() {
		return n.Text
	}
	return ""
}

func stringMap(n *template.Node) map[string]string {
	if n == nil {
		return nil
	}
	m := make(map[string]string, len(n.Fields))
	for _, f := range n.Fields {
		m[f.Key] = f.Value.Text
	}
	return m
}
