package apigateway

import (
	"slices"
	"strconv"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// The words for deployments and canaries are those that AWS was recorded to
// say (localstack/localstack, tests/aws/services/apigateway/test_apigateway_canary.snapshot.json).

// invalidDeployment is AWS's fault for canaries and deployments that do not
// meet; no space follows its full stop.
func invalidDeployment(format string, args ...any) error {
	return badRequest("Invalid deployment content specified."+format, args...)
}

// checkCanaryDeployment refuses a canary on a stage that does not exist, and
// anything else on a stage that has one.
func (a *restAPI) checkCanaryDeployment(stage string, isCanary bool) error {
	st := a.Stages[stage]
	switch {
	case isCanary && st == nil:
		return invalidDeployment("Stage %s must already be created before making a canary release deployment", stage)
	case !isCanary && st != nil && st.Canary != nil:
		return invalidDeployment("Non canary deployment not supported on stage %s because Canary is enabled. Provide CanarySettings in deploymentInput.", stage)
	}
	return nil
}

// setCanary gives a stage a canary, in the place of the one it may have.
func setCanary(st *plan.Stage, deployment string, percent *float64, overrides map[string]string, useStageCache *bool) error {
	c := &plan.Canary{Deployment: deployment, Percent: aws.Value(percent), UseStageCache: aws.Value(useStageCache)}
	// Not a number is neither.
	if !(c.Percent >= 0 && c.Percent <= 100) {
		return invalidPercent(strconv.FormatFloat(c.Percent, 'g', -1, 64))
	}
	for _, name := range sorted(overrides) {
		if err := setVariable(&c.VariableOverrides, name, overrides[name]); err != nil {
			return err
		}
	}
	st.Canary = c
	return nil
}

func invalidPercent(text string) error {
	return badRequest("Invalid percentTraffic specified: %s. Must be between 0.0 and 100.0", text)
}

// patchCanary applies an operation on /canarySettings. AWS: settings are only
// replaced, and replacing one of a stage without a canary makes one, of the
// stage's own deployment and with no traffic.
func (a *restAPI) patchCanary(st *plan.Stage, p patch) error {
	if p.op == "remove" {
		return removeCanary(st, p)
	}
	override, isOverride := canaryOverride(p)
	known := []string{"/canarySettings/deploymentId", "/canarySettings/percentTraffic", "/canarySettings/useStageCache"}
	switch {
	case !isOverride && !slices.Contains(known, p.path):
		return unknownStagePath(p)
	case p.op != "replace":
		return badRequest("Invalid %s operation with path: %s", p.op, p.path)
	}
	c := plan.Canary{Deployment: st.Deployment}
	if st.Canary != nil {
		c = *st.Canary
	}
	switch p.segments[1] {
	case "deploymentId":
		c.Deployment = p.value
	case "useStageCache":
		c.UseStageCache = p.isTrue()
	case "percentTraffic":
		percent, err := strconv.ParseFloat(p.value, 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return invalidPercent(p.value)
		}
		c.Percent = percent
	default:
		if !p.hasValue {
			return invalidVariable("null")
		}
		if err := setVariable(&c.VariableOverrides, override, p.value); err != nil {
			return err
		}
	}
	st.Canary = &c
	return a.checkDeployment(c.Deployment)
}

// canaryOverride returns the variable of /canarySettings/stageVariableOverrides/NAME.
func canaryOverride(p patch) (name string, ok bool) {
	if len(p.segments) != 3 || p.segments[1] != "stageVariableOverrides" || p.segments[2] == "" {
		return "", false
	}
	return p.segments[2], true
}

// removeCanary removes a stage's canary, or its overrides of variables. AWS:
// removing anything else is taken for the removal of method settings.
func removeCanary(st *plan.Stage, p patch) error {
	if p.is("canarySettings") {
		st.Canary = nil
		return nil
	}
	none := noMethodSettings(strings.TrimPrefix(p.path, "/"))
	if st.Canary == nil || len(st.Canary.VariableOverrides) == 0 {
		return none
	}
	if name, ok := canaryOverride(p); ok {
		delete(st.Canary.VariableOverrides, name)
		return nil
	}
	if p.path == "/canarySettings/stageVariableOverrides" {
		st.Canary.VariableOverrides = nil
		return nil
	}
	return none
}

// promote applies a copy: a canary's deployment becomes the stage's, or its
// variables join the stage's. The canary stays.
func promote(st *plan.Stage, p patch) error {
	deployment := p.path == "/deploymentId" && p.from == "/canarySettings/deploymentId"
	variables := p.path == "/variables" && p.from == "/canarySettings/stageVariableOverrides"
	if !deployment && !variables {
		return badRequest("Invalid copy operation with path: %s and from %s. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]", p.path, p.from)
	}
	if st.Canary == nil {
		return badRequest("Promotion not available. Canary does not exist.")
	}
	if deployment {
		st.Deployment = st.Canary.Deployment
		return nil
	}
	for name, v := range st.Canary.VariableOverrides {
		put(&st.Variables, name, v)
	}
	return nil
}

func describeCanary(c *plan.Canary) *api.CanarySettings {
	out := &api.CanarySettings{PercentTraffic: &c.Percent, DeploymentId: &c.Deployment, UseStageCache: &c.UseStageCache}
	if len(c.VariableOverrides) > 0 {
		out.StageVariableOverrides = c.VariableOverrides
	}
	return out
}
