package apigateway_test

import (
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/gateway/plan"
)

func (s *scenario) deploy(rest *string) *api.Deployment {
	s.t.Helper()
	s.clock.Advance(1e9)
	return do(s.bench, s.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest})
}

func (s *scenario) stage(step string, in api.CreateStageRequest) {
	s.t.Helper()
	call[api.Stage](s, step)(s.CreateStage(s.ctx, &in))
}

func (s *scenario) updateStage(step string, rest *string, name string, ops ...api.PatchOperation) {
	s.t.Helper()
	call[api.Stage](s, step)(s.UpdateStage(s.ctx, &api.UpdateStageRequest{RestApiId: rest, StageName: &name, PatchOperations: ops}))
}

func (s *scenario) getStage(step string, rest *string, name string) {
	s.t.Helper()
	call[api.Stage](s, step)(s.GetStage(s.ctx, &api.GetStageRequest{RestApiId: rest, StageName: &name}))
}

func (s *scenario) stages(step string, rest, deployment *string) {
	s.t.Helper()
	call[api.Stages](s, step)(s.GetStages(s.ctx, &api.GetStagesRequest{RestApiId: rest, DeploymentId: deployment}))
}

// mayLog lets stages of the account log.
func (b *bench) mayLog() {
	b.t.Helper()
	do(b, b.UpdateAccount, api.UpdateAccountRequest{PatchOperations: []api.PatchOperation{replace("/cloudwatchRoleArn", "arn:aws:iam::111111111111:role/logs")}})
}

func TestStageScenarios(t *testing.T) {
	play(t, "test_create_update_stages", func(s *scenario) {
		m := s.mock()
		do(s.bench, s.CreateDocumentationVersion, api.CreateDocumentationVersionRequest{RestApiId: m.rest, DocumentationVersion: new("v123")})
		s.stage("create-stage", api.CreateStageRequest{RestApiId: m.rest, StageName: new("s1"), DeploymentId: s.deploy(m.rest).Id,
			Description: new("my stage"), DocumentationVersion: new("v123")})
		s.updateStage("error-update-doc-version", m.rest, "s1", replace("/documentation_version", "123"))
		s.updateStage("error-update-tags", m.rest, "s1", replace("/tags/tag1", "value1"))
		s.updateStage("update-stage", m.rest, "s1", replace("/description", "stage new"), replace("/variables/var1", "test"), replace("/variables/var2", "test2"),
			replace("/*/*/throttling/burstLimit", "123"), replace("/*/*/caching/enabled", "true"), replace("/tracingEnabled", "true"),
			replace("/test/GET/throttling/burstLimit", "124"))
		s.getStage("get-stage", m.rest, "s1")
		s.updateStage("update-stage-override", m.rest, "s1", replace("/*/*/throttling/burstLimit", "100"))
	})
	play(t, "test_update_stage_remove_wildcard", func(s *scenario) {
		m := s.mock()
		do(s.bench, s.CreateDocumentationVersion, api.CreateDocumentationVersionRequest{RestApiId: m.rest, DocumentationVersion: new("v123")})
		s.stage("create-stage", api.CreateStageRequest{RestApiId: m.rest, StageName: new("s1"), DeploymentId: s.deploy(m.rest).Id,
			Description: new("my stage"), DocumentationVersion: new("v123")})
		s.getStage("get-stage", m.rest, "s1")
		s.updateStage("delete-error", m.rest, "s1", remove("/*/*"))
		s.updateStage("update-stage", m.rest, "s1", replace("/*/*/caching/enabled", "true"))
		s.updateStage("update-stage-reset", m.rest, "s1", remove("/*/*"))
		s.getStage("get-stage-after-reset", m.rest, "s1")
	})
	play(t, "test_get_stages_filters_by_deployment_id", func(s *scenario) {
		m := s.mock()
		one, two := s.deploy(m.rest).Id, s.deploy(m.rest).Id
		do(s.bench, s.CreateStage, api.CreateStageRequest{RestApiId: m.rest, StageName: new("stage1"), DeploymentId: one})
		do(s.bench, s.CreateStage, api.CreateStageRequest{RestApiId: m.rest, StageName: new("stage2"), DeploymentId: two})
		s.stages("all-stages", m.rest, nil)
		s.stages("stages-deploy1", m.rest, one)
		s.stages("stages-deploy2", m.rest, two)
	})
	const group = "arn:aws:logs:us-east-1:111111111111:log-group:access"
	prepare := func(s *scenario) *string {
		s.mayLog()
		m := s.mock()
		d := call[api.Deployment](s, "create-deployment")(s.CreateDeployment(s.ctx, &api.CreateDeploymentRequest{RestApiId: m.rest}))
		s.stage("create-stage", api.CreateStageRequest{RestApiId: m.rest, StageName: new("dev"), DeploymentId: d.Id, Description: new("dev stage")})
		return m.rest
	}
	play(t, "test_stage_access_log_settings", func(s *scenario) {
		rest := prepare(s)
		s.updateStage("update-stage-access-log-dest-add", rest, "dev", add("/accessLogSettings/destinationArn", group))
		s.updateStage("update-stage-access-log-dest-replace", rest, "dev", replace("/accessLogSettings/destinationArn", group+"a"))
		s.updateStage("update-stage-access-log-format-add", rest, "dev", add("/accessLogSettings/format", "$context.requestId $context.identity.sourceIp"))
		s.updateStage("update-stage-access-log-remove-all", rest, "dev", remove("/accessLogSettings"))
	})
	play(t, "test_stage_access_log_settings_validation", func(s *scenario) {
		rest := prepare(s)
		s.updateStage("invalid-path-add", rest, "dev", add("/accessLogSettings/randomValue", "v"))
		s.updateStage("invalid-path-remove", rest, "dev", remove("/accessLogSettings/randomValue"))
		s.updateStage("invalid-path-replace", rest, "dev", replace("/accessLogSettings/randomValue", "v"))
		s.updateStage("star-and-add", rest, "dev", add("/accessLogSettings/*", "v"))
		s.updateStage("star-and-remove", rest, "dev", remove("/accessLogSettings/*"))
		s.updateStage("star-and-replace", rest, "dev", replace("/accessLogSettings/*", "v"))
		s.updateStage("root-and-add", rest, "dev", add("/accessLogSettings", "v"))
		s.updateStage("root-and-replace", rest, "dev", replace("/accessLogSettings", "v"))
		s.updateStage("update-stage-access-log-dest-add", rest, "dev", add("/accessLogSettings/destinationArn", group))
		s.updateStage("update-stage-access-log-destinationArn-empty", rest, "dev", replace("/accessLogSettings/destinationArn", ""))
		s.updateStage("update-stage-access-log-format-empty", rest, "dev", replace("/accessLogSettings/format", ""))
		s.updateStage("update-stage-access-log-dest-remove", rest, "dev", remove("/accessLogSettings/destinationArn"))
	})
}

func TestDeploymentScenarios(t *testing.T) {
	drop := func(s *scenario, step string, rest, id *string) {
		s.t.Helper()
		call[api.DeleteDeploymentOutput](s, step)(s.DeleteDeployment(s.ctx, &api.DeleteDeploymentRequest{RestApiId: rest, DeploymentId: id}))
	}
	get := func(s *scenario, step string, rest, id *string) {
		s.t.Helper()
		call[api.Deployment](s, step)(s.GetDeployment(s.ctx, &api.GetDeploymentRequest{RestApiId: rest, DeploymentId: id}))
	}
	for _, test := range []string{"test_create_delete_deployments[True]", "test_create_delete_deployments[False]"} {
		play(t, test, func(s *scenario) {
			m := s.mock()
			deployTo := func() *string {
				s.clock.Advance(1e9)
				if strings.Contains(test, "True") {
					return do(s.bench, s.CreateDeployment, api.CreateDeploymentRequest{RestApiId: m.rest, StageName: new("s1")}).Id
				}
				id := s.deploy(m.rest).Id
				in := api.CreateStageRequest{RestApiId: m.rest, StageName: new("s1"), DeploymentId: id}
				if _, err := s.CreateStage(s.ctx, &in); err != nil {
					do(s.bench, s.UpdateStage, api.UpdateStageRequest{RestApiId: m.rest, StageName: new("s1"), PatchOperations: []api.PatchOperation{replace("/deploymentId", *id)}})
				}
				return id
			}
			id := deployTo()
			get(s, "get-deployment", m.rest, id)
			s.stages("get-stages", m.rest, nil)
			for _, n := range []string{"0", "1", "2"} {
				drop(s, "delete-deployment-error-"+n, m.rest, id)
				old := id
				id = deployTo()
				do(s.bench, s.DeleteDeployment, api.DeleteDeploymentRequest{RestApiId: m.rest, DeploymentId: old})
				call[api.Deployments](s, "get-deployments-"+n)(s.GetDeployments(s.ctx, &api.GetDeploymentsRequest{RestApiId: m.rest}))
				s.stages("get-stages-"+n, m.rest, nil)
			}
		})
	}
	play(t, "test_create_update_deployments", func(s *scenario) {
		m := s.mock()
		one := s.deploy(m.rest).Id
		do(s.bench, s.CreateStage, api.CreateStageRequest{RestApiId: m.rest, StageName: new("s1"), DeploymentId: one})
		get(s, "get-deployment-1", m.rest, one)
		s.stages("get-stages", m.rest, nil)
		drop(s, "delete-deployment-error", m.rest, one)
		two := s.deploy(m.rest).Id
		do(s.bench, s.UpdateStage, api.UpdateStageRequest{RestApiId: m.rest, StageName: new("s1"), PatchOperations: []api.PatchOperation{replace("/deploymentId", *two)}})
		get(s, "get-deployment-1-after-update", m.rest, one)
		get(s, "get-deployment-2", m.rest, two)
		s.stages("get-stages-after-update", m.rest, nil)
		drop(s, "delete-deployment-1", m.rest, one)
		drop(s, "delete-deployment-2-error", m.rest, two)
	})
}

func TestDeploymentsAreRefused(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	in := api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("s1")}
	refuse(b, b.CreateDeployment, in, bad, "The REST API doesn't contain any methods")
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	refuse(b, b.CreateDeployment, in, bad, "No integration defined for method")
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("MOCK")})

	in.StageName = new("a stage")
	refuse(b, b.CreateDeployment, in, bad, "Stage name only allows a-zA-Z0-9_-")
	in.StageName, in.Variables = new("s1"), map[string]string{"a-b": "c"}
	refuse(b, b.CreateDeployment, in, bad, "Invalid stage variable name: a-b.  Please use names with only word characters.")
	in.Variables, in.CanarySettings = nil, &api.DeploymentCanarySettings{}
	refuse(b, b.CreateDeployment, in, bad, "Invalid deployment content specified.Stage s1 must already be created before making a canary release deployment")

	if left := b.docs.List(plan.DeploymentsPrefix); len(left) != 0 {
		t.Errorf("refused deployments left %d documents", len(left))
	}
	if list := do(b, b.GetDeployments, api.GetDeploymentsRequest{RestApiId: rest.Id}); len(list.Items) != 0 {
		t.Errorf("refused deployments are listed: %v", list.Items)
	}
}

func TestStagesAreRefused(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("MOCK")})
	refuse(b, b.CreateStage, api.CreateStageRequest{RestApiId: rest.Id, StageName: new("s1"), DeploymentId: new("abc123")}, bad, "Deployment id does not exist")
	do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("s1")})
	d := do(b, b.GetStage, api.GetStageRequest{RestApiId: rest.Id, StageName: new("s1")}).DeploymentId
	refuse(b, b.CreateStage, api.CreateStageRequest{RestApiId: rest.Id, StageName: new("s1"), DeploymentId: d}, clash, "Stage already exists")
	refuse(b, b.GetStage, api.GetStageRequest{RestApiId: rest.Id, StageName: new("s2")}, missing, "Invalid stage identifier specified")
	for op, message := range map[api.PatchOperation]string{
		replace("/*/*/logging/loglevel", "INFO"):           "CloudWatch Logs role ARN must be set in account settings to enable logging",
		replace("/*/*/throttling/rateLimit", "fast"):       "Invalid value for method setting /*/*/throttling/rateLimit: fast",
		replace("/canarySettings/percentTraffic", "101"):   "Invalid percentTraffic specified: 101. Must be between 0.0 and 100.0",
		replace("/canarySettings/percentTraffic", "NaN"):   "Invalid percentTraffic specified: NaN. Must be between 0.0 and 100.0",
		replace("/cacheClusterSize", "0.7"):                "Invalid cache cluster size: 0.7. Must be one of: [0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118, 237]",
		replace("/deploymentId", "abc123"):                 "Deployment id does not exist",
		{Op: new("replace"), Path: new("/variables/name")}: "Invalid stage variable value: null.  Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.",
	} {
		refuse(b, b.UpdateStage, api.UpdateStageRequest{RestApiId: rest.Id, StageName: new("s1"), PatchOperations: []api.PatchOperation{op}}, bad, message)
	}
}

func TestADeploymentIsSummarised(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("AWS_IAM"), ApiKeyRequired: new(true)})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("MOCK")})
	d := do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id})
	got := do(b, b.GetDeployment, api.GetDeploymentRequest{RestApiId: rest.Id, DeploymentId: d.Id, Embed: []string{"apisummary"}}).ApiSummary["/"]["GET"]
	if *got.AuthorizationType != "AWS_IAM" || !*got.ApiKeyRequired {
		t.Errorf("GET / is summarised as %s, %v", *got.AuthorizationType, *got.ApiKeyRequired)
	}
}

func TestNothingIsLeftOfADeletedAPI(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	do(b, b.PutIntegration, api.PutIntegrationRequest{RestApiId: rest.Id, ResourceId: rest.RootResourceId, HttpMethod: new("GET"), Type: new("MOCK")})
	for range 3 {
		do(b, b.CreateDeployment, api.CreateDeploymentRequest{RestApiId: rest.Id, StageName: new("s1")})
	}
	do(b, b.DeleteRestApi, api.DeleteRestApiRequest{RestApiId: rest.Id})
	if left := len(b.docs.List(plan.DeploymentsPrefix)) + len(b.docs.List(plan.RestAPIsPrefix)); left != 0 {
		t.Errorf("%d documents are left", left)
	}
}

// Terraform's provider says -1 of each limit that its user has not set.
func TestMethodSettingsHaveBounds(t *testing.T) {
	p := publish(t, nil)
	st := p.update(replace("/*/*/throttling/rateLimit", "-1.000000"), replace("/*/*/throttling/burstLimit", "-1"), replace("/*/*/caching/ttlInSeconds", "0"))
	if m := st.MethodSettings["*/*"]; *m.ThrottlingRateLimit != -1 || *m.ThrottlingBurstLimit != -1 || *m.CacheTtlInSeconds != 0 {
		t.Errorf("the settings are %+v", m)
	}
	for path, values := range map[string][]string{
		"/*/*/throttling/rateLimit":  {"-2", "-0.5", "Inf", "NaN", "many"},
		"/*/*/throttling/burstLimit": {"-2", "1.5", "2147483648"},
		"/*/*/caching/ttlInSeconds":  {"-1", "3601"},
		"/*/*/logging/loglevel":      {"DEBUG"},
	} {
		for _, v := range values {
			refuse(p.bench, p.UpdateStage, p.request(replace(path, v)), bad, "Invalid value for method setting "+path+": "+v)
		}
	}
}
