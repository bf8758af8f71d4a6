package apigateway_test

import (
	"maps"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

func copyOp(from, path string) api.PatchOperation {
	return api.PatchOperation{Op: new("copy"), From: &from, Path: &path}
}

// A published is a stage under test.
type published struct {
	*bench
	rest *string
}

func publish(t *testing.T, variables map[string]string) published {
	b := newBench(t)
	rest := b.mockAPI()
	do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest, StageName: new("dev"), Variables: variables})
	return published{b, rest}
}

func (p published) request(ops ...api.PatchOperation) api.UpdateStageRequest {
	return api.UpdateStageRequest{RestApiId: p.rest, StageName: new("dev"), PatchOperations: ops}
}

func (p published) update(ops ...api.PatchOperation) *api.Stage {
	p.t.Helper()
	return do(p.bench, p.UpdateStage, p.request(ops...))
}

func (p published) stage() *api.Stage {
	p.t.Helper()
	return do(p.bench, p.GetStage, api.GetStageRequest{RestApiId: p.rest, StageName: new("dev")})
}

// checkCanary compares a stage's canary; an empty deployment is not compared.
func checkCanary(t *testing.T, st *api.Stage, deployment string, percent float64, overrides map[string]string, useStageCache bool) {
	t.Helper()
	c := st.CanarySettings
	if c == nil {
		t.Fatal("the stage has no canary")
	}
	if *c.DeploymentId != deployment || *c.PercentTraffic != percent || !maps.Equal(c.StageVariableOverrides, overrides) || *c.UseStageCache != useStageCache {
		t.Errorf("the canary is %s of %v%% with %v, stage's cache: %v", *c.DeploymentId, *c.PercentTraffic, c.StageVariableOverrides, *c.UseStageCache)
	}
}

func TestADeploymentGoesToTheCanary(t *testing.T) {
	p := publish(t, map[string]string{"v": "stage"})
	first := *p.stage().DeploymentId
	in := api.CreateDeploymentRequest{RestApiId: p.rest, StageName: new("dev"),
		CanarySettings: &api.DeploymentCanarySettings{PercentTraffic: new(50.0), StageVariableOverrides: map[string]string{"v": "canary"}}}
	second := *do(p.bench, p.CreateDeployment, in).Id
	st := p.stage()
	if *st.DeploymentId != first || st.Variables["v"] != "stage" {
		t.Errorf("the stage itself became %s with %v", *st.DeploymentId, st.Variables)
	}
	checkCanary(t, st, second, 50, map[string]string{"v": "canary"}, false)

	// The next canary takes its place whole.
	in.CanarySettings = &api.DeploymentCanarySettings{UseStageCache: new(true)}
	third := *do(p.bench, p.CreateDeployment, in).Id
	checkCanary(t, p.stage(), third, 0, nil, true)

	served, err := state.Load[plan.RestAPI](p.docs, plan.RestAPIKey(*p.rest))
	if err != nil {
		t.Fatal(err)
	}
	if c := served.Stages["dev"].Canary; c == nil || c.Deployment != third || !c.UseStageCache {
		t.Errorf("the data plane reads %+v", c)
	}

	refuse(p.bench, p.DeleteDeployment, api.DeleteDeploymentRequest{RestApiId: p.rest, DeploymentId: &third}, bad, "Active stages pointing to this deployment must be moved or deleted")
	do(p.bench, p.DeleteDeployment, api.DeleteDeploymentRequest{RestApiId: p.rest, DeploymentId: &second})
}

func TestCanaryDeploymentsAreRefused(t *testing.T) {
	p := publish(t, nil)
	in := api.CreateDeploymentRequest{RestApiId: p.rest, CanarySettings: &api.DeploymentCanarySettings{PercentTraffic: new(50.0)}}
	const noName = "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is "
	refuse(p.bench, p.CreateDeployment, in, bad, noName+"null")
	in.StageName = new("")
	refuse(p.bench, p.CreateDeployment, in, bad, noName)
	in.StageName = new("non-existing")
	refuse(p.bench, p.CreateDeployment, in, bad, "Invalid deployment content specified.Stage non-existing must already be created before making a canary release deployment")
	in.StageName, in.CanarySettings.PercentTraffic = new("dev"), new(100.5)
	refuse(p.bench, p.CreateDeployment, in, bad, "Invalid percentTraffic specified: 100.5. Must be between 0.0 and 100.0")
	p.update(replace("/canarySettings/percentTraffic", "10"))
	refuse(p.bench, p.CreateDeployment, api.CreateDeploymentRequest{RestApiId: p.rest, StageName: new("dev")}, bad,
		"Invalid deployment content specified.Non canary deployment not supported on stage dev because Canary is enabled. Provide CanarySettings in deploymentInput.")
}

func TestAStageIsCreatedWithACanary(t *testing.T) {
	p := publish(t, nil)
	one := *p.stage().DeploymentId
	two := *do(p.bench, p.CreateDeployment, api.CreateDeploymentRequest{RestApiId: p.rest}).Id
	in := api.CreateStageRequest{RestApiId: p.rest, StageName: new("s1"), DeploymentId: &one,
		CanarySettings: &api.CanarySettings{DeploymentId: &two, PercentTraffic: new(40.0), StageVariableOverrides: map[string]string{"v": "1"}}}
	checkCanary(t, do(p.bench, p.CreateStage, in), two, 40, map[string]string{"v": "1"}, false)
	in.StageName, in.CanarySettings = new("s2"), &api.CanarySettings{}
	checkCanary(t, do(p.bench, p.CreateStage, in), one, 0, nil, false)
	in.StageName, in.CanarySettings = new("s3"), &api.CanarySettings{DeploymentId: new("none00")}
	refuse(p.bench, p.CreateStage, in, bad, "Deployment id does not exist")
}

func TestCanarySettingsArePatched(t *testing.T) {
	p := publish(t, nil)
	one := *p.stage().DeploymentId
	two := *do(p.bench, p.CreateDeployment, api.CreateDeploymentRequest{RestApiId: p.rest}).Id

	// Replacing a setting makes a canary of a stage that has none.
	checkCanary(t, p.update(replace("/canarySettings/deploymentId", two)), two, 0, nil, false)
	if st := p.update(remove("/canarySettings")); st.CanarySettings != nil {
		t.Errorf("the canary is left: %+v", st.CanarySettings)
	}
	checkCanary(t, p.update(replace("/canarySettings/percentTraffic", "50")), one, 50, nil, false)
	checkCanary(t, p.update(
		replace("/canarySettings/percentTraffic", "10.5"), replace("/canarySettings/useStageCache", "true"),
		replace("/canarySettings/stageVariableOverrides/a", "1"), replace("/canarySettings/stageVariableOverrides/b", "2")),
		one, 10.5, map[string]string{"a": "1", "b": "2"}, true)
	checkCanary(t, p.update(remove("/canarySettings/stageVariableOverrides/a")), one, 10.5, map[string]string{"b": "2"}, true)
	checkCanary(t, p.update(remove("/canarySettings/stageVariableOverrides")), one, 10.5, nil, true)
	for op, message := range map[api.PatchOperation]string{
		remove("/canarySettings/stageVariableOverrides"):         "Cannot remove method setting canarySettings/stageVariableOverrides because there is no method setting for this method ",
		remove("/canarySettings/badPath"):                        "Cannot remove method setting canarySettings/badPath because there is no method setting for this method ",
		add("/canarySettings/deploymentId", two):                 "Invalid add operation with path: /canarySettings/deploymentId",
		replace("/canarySettings/deploymentId", "deploy"):        "Deployment id does not exist",
		replace("/canarySettings/stageVariableOverrides/-", "a"): "Invalid stage variable name: -.  Please use names with only word characters.",
	} {
		refuse(p.bench, p.UpdateStage, p.request(op), bad, message)
	}
	for _, op := range []api.PatchOperation{replace("/canarySettings/badPath", "a"), replace("/canarySettings", "a"), add("/canarySettings", "a")} {
		in := p.request(op)
		if _, err := p.UpdateStage(p.ctx, &in); err == nil {
			t.Errorf("%s is taken", *op.Path)
		}
	}
}

func TestACanaryIsPromoted(t *testing.T) {
	p := publish(t, map[string]string{"a": "stage", "b": "stage"})
	promote := []api.PatchOperation{
		copyOp("/canarySettings/stageVariableOverrides", "/variables"),
		copyOp("/canarySettings/deploymentId", "/deploymentId"),
	}
	refuse(p.bench, p.UpdateStage, p.request(promote...), bad, "Promotion not available. Canary does not exist.")
	refuse(p.bench, p.UpdateStage, p.request(copyOp("/variables", "/canarySettings/stageVariableOverrides")), bad,
		"Invalid copy operation with path: /canarySettings/stageVariableOverrides and from /variables. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]")
	d := *do(p.bench, p.CreateDeployment, api.CreateDeploymentRequest{RestApiId: p.rest, StageName: new("dev"),
		CanarySettings: &api.DeploymentCanarySettings{PercentTraffic: new(50.0), StageVariableOverrides: map[string]string{"a": "canary"}}}).Id
	st := p.update(append(promote, replace("/canarySettings/percentTraffic", "0.0"))...)
	if *st.DeploymentId != d || !maps.Equal(st.Variables, map[string]string{"a": "canary", "b": "stage"}) {
		t.Errorf("the stage is %s with %v", *st.DeploymentId, st.Variables)
	}
	checkCanary(t, st, d, 0, map[string]string{"a": "canary"}, false)
	if st := p.update(remove("/canarySettings")); st.CanarySettings != nil || *st.DeploymentId != d {
		t.Errorf("without its canary the stage is %+v", st)
	}
}

func TestACacheIsFlushed(t *testing.T) {
	p := publish(t, nil)
	flush := api.FlushStageCacheRequest{RestApiId: p.rest, StageName: new("dev")}
	refuse(p.bench, p.FlushStageCache, flush, bad, "Cache cluster is not enabled for stage dev")
	flushed := func() bool {
		t.Helper()
		served, err := state.Load[plan.RestAPI](p.docs, plan.RestAPIKey(*p.rest))
		if err != nil {
			t.Fatal(err)
		}
		return served.Stages["dev"].CacheFlushed.Equal(p.clock.Now())
	}
	for _, change := range []struct {
		name    string
		do      func()
		flushes bool
	}{
		{"enabled", func() { p.update(replace("/cacheClusterEnabled", "true"), replace("/cacheClusterSize", "1.6")) }, true},
		{"described", func() { p.update(replace("/description", "a")) }, false},
		{"left as it is", func() { p.update(replace("/cacheClusterEnabled", "true"), replace("/cacheClusterSize", "1.6")) }, false},
		{"resized", func() { p.update(replace("/cacheClusterSize", "6.1")) }, true},
		{"flushed", func() { do(p.bench, p.FlushStageCache, flush) }, true},
	} {
		p.clock.Advance(1e9)
		change.do()
		if got := flushed(); got != change.flushes {
			t.Errorf("a cache that is %s is flushed: %v", change.name, got)
		}
	}
	if st := p.stage(); *st.CacheClusterStatus != "AVAILABLE" || *st.CacheClusterSize != "6.1" {
		t.Errorf("the cache of %s is %s", *st.CacheClusterSize, *st.CacheClusterStatus)
	}
	if st := p.update(replace("/cacheClusterEnabled", "false")); *st.CacheClusterStatus != "NOT_AVAILABLE" || st.CacheClusterSize != nil {
		t.Errorf("the disabled cache is %s", *st.CacheClusterStatus)
	}
	do(p.bench, p.FlushStageAuthorizersCache, api.FlushStageAuthorizersCacheRequest{RestApiId: p.rest, StageName: new("dev")})
	flush.StageName = new("none")
	refuse(p.bench, p.FlushStageCache, flush, missing, "Invalid stage identifier specified")
	refuse(p.bench, p.FlushStageAuthorizersCache, api.FlushStageAuthorizersCacheRequest{RestApiId: p.rest, StageName: new("none")}, missing, "Invalid stage identifier specified")
}

func TestFormatsOfAccessLogs(t *testing.T) {
	p := publish(t, nil)
	p.mayLog()
	for _, format := range []string{"$context.requestId", "a $context.extendedRequestId,b\n", `{"id":"${context.requestId}"}`} {
		p.update(replace("/accessLogSettings/format", format))
	}
	for format, message := range map[string]string{
		"$context.status":                "Access Log format must include either $context.requestId or $context.extendedRequestId : '$context.status'",
		"$context.requestIdX":            "Access Log format must include either $context.requestId or $context.extendedRequestId : '$context.requestIdX'",
		"$context.requestId\n$context.a": "Access Log format must be single line, new line character is allowed only at end of the format: '$context.requestId\n$context.a'",
	} {
		refuse(p.bench, p.UpdateStage, p.request(replace("/accessLogSettings/format", format)), bad, message)
	}
	p.update(replace("/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:111111111111:log-group:g:*"))
	const stream = "arn:aws:firehose:us-east-1:111111111111:deliverystream/amazon-apigateway-a"
	refuse(p.bench, p.UpdateStage, p.request(replace("/accessLogSettings/destinationArn", stream)), bad, "lamgate does not build access logs to Firehose ("+stream+") yet")
	for _, arn := range []string{"a", "arn:aws:s3:::bucket", "arn:aws:firehose:us-east-1:111111111111:deliverystream/other", "arn:aws:logs:us-east-1:111111111111:destination:a"} {
		refuse(p.bench, p.UpdateStage, p.request(replace("/accessLogSettings/destinationArn", arn)), bad, "Invalid ARN specified in the request")
	}
}
