package apigateway

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

var noStage = notFound("Invalid stage identifier specified")

var stageName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)

func checkStageName(name string) error {
	if !stageName.MatchString(name) {
		return badRequest("Stage name only allows a-zA-Z0-9_-")
	}
	return nil
}

var (
	variableName  = regexp.MustCompile(`^\w+$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9 ._~:/?#&=,-]+$`)
)

// setVariable sets one of a stage's variables, or of its canary's. AWS: the words, with their two spaces and
// the quote that is missing, as AWS's clients report them.
func setVariable(variables *map[string]string, name, v string) error {
	if !variableName.MatchString(name) {
		return badRequest("Invalid stage variable name: %s.  Please use names with only word characters.", name)
	}
	if !variableValue.MatchString(v) {
		return invalidVariable(v)
	}
	put(variables, name, v)
	return nil
}

func invalidVariable(v string) error {
	return badRequest("Invalid stage variable value: %s.  Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.", v)
}

// cacheSizes are the sizes of caches, in GB.
var cacheSizes = []string{"0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"}

// setCacheSize sets the size of a stage's cache; none leaves it to the default.
// AWS: a cache of another size begins empty (API Gateway's guide on caching).
func (s *Service) setCacheSize(st *plan.Stage, size string) error {
	if size != "" && !slices.Contains(cacheSizes, size) {
		return badRequest("Invalid cache cluster size: %s. Must be one of: [%s]", size, strings.Join(cacheSizes, ", "))
	}
	if size != st.CacheClusterSize {
		st.CacheFlushed = s.clock.Now()
	}
	st.CacheClusterSize = size
	if size == "" && st.CacheClusterEnabled {
		st.CacheClusterSize = cacheSizes[0]
	}
	return nil
}

// enableCache gives a stage a cache, which begins empty, or takes it.
func (s *Service) enableCache(st *plan.Stage, enabled bool) {
	if !enabled {
		st.CacheClusterEnabled, st.CacheClusterStatus = false, cacheNotAvailable
		return
	}
	if !st.CacheClusterEnabled {
		st.CacheFlushed = s.clock.Now()
	}
	st.CacheClusterEnabled, st.CacheClusterStatus = true, "AVAILABLE"
	if st.CacheClusterSize == "" {
		st.CacheClusterSize = cacheSizes[0]
	}
}

const cacheNotAvailable = "NOT_AVAILABLE"

func (s *Service) newStage(name string) *plan.Stage {
	now := s.now()
	return &plan.Stage{Name: name, Created: now, Updated: now, CacheClusterStatus: cacheNotAvailable}
}

// CreateStage implements apigateway.CreateStageAPI.
func (s *Service) CreateStage(ctx context.Context, in *api.CreateStageRequest) (*api.Stage, error) {
	if err := checkStageName(aws.Value(in.StageName)); err != nil {
		return nil, err
	}
	st := s.newStage(aws.Value(in.StageName))
	st.Deployment = aws.Value(in.DeploymentId)
	st.Description = aws.Value(in.Description)
	st.DocumentationVersion = aws.Value(in.DocumentationVersion)
	st.TracingEnabled = aws.Value(in.TracingEnabled)
	st.Tags = maps.Clone(in.Tags)
	if err := checkTags(st.Tags); err != nil {
		return nil, err
	}
	if err := s.setCacheSize(st, aws.Value(in.CacheClusterSize)); err != nil {
		return nil, err
	}
	s.enableCache(st, aws.Value(in.CacheClusterEnabled))
	for _, name := range sorted(in.Variables) {
		if err := setVariable(&st.Variables, name, in.Variables[name]); err != nil {
			return nil, err
		}
	}
	if c := in.CanarySettings; c != nil {
		// AWS: a canary without a deployment of its own has the stage's.
		deployment := cmp.Or(aws.Value(c.DeploymentId), st.Deployment)
		if err := setCanary(st, deployment, c.PercentTraffic, c.StageVariableOverrides, c.UseStageCache); err != nil {
			return nil, err
		}
	}
	id := aws.Value(in.RestApiId)
	err := s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		if a.Stages[st.Name] != nil {
			return conflict("Stage already exists")
		}
		if err := a.checkDeployment(st.Deployment); err != nil {
			return err
		}
		if st.Canary != nil {
			if err := a.checkDeployment(st.Canary.Deployment); err != nil {
				return err
			}
		}
		if err := a.checkDocumentationVersion(st.DocumentationVersion); err != nil {
			return err
		}
		put(&a.Stages, st.Name, st)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return describeStage(st), nil
}

func (a *restAPI) checkDeployment(id string) error {
	if a.Deployments[id] == nil {
		return badRequest("Deployment id does not exist")
	}
	return nil
}

// GetStage implements apigateway.GetStageAPI.
func (s *Service) GetStage(ctx context.Context, in *api.GetStageRequest) (*api.Stage, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noStage)
	if err != nil {
		return nil, err
	}
	st := a.Stages[aws.Value(in.StageName)]
	if st == nil {
		return nil, noStage
	}
	return describeStage(st), nil
}

// GetStages implements apigateway.GetStagesAPI.
func (s *Service) GetStages(ctx context.Context, in *api.GetStagesRequest) (*api.Stages, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	out := &api.Stages{Item: []api.Stage{}}
	for _, name := range sorted(a.Stages) {
		st := a.Stages[name]
		if in.DeploymentId == nil || *in.DeploymentId == st.Deployment {
			out.Item = append(out.Item, *describeStage(st))
		}
	}
	return out, nil
}

// DeleteStage implements apigateway.DeleteStageAPI.
func (s *Service) DeleteStage(ctx context.Context, in *api.DeleteStageRequest) (*api.DeleteStageOutput, error) {
	err := s.change(ctx, aws.Value(in.RestApiId), noStage, func(a *restAPI) error {
		if a.Stages[aws.Value(in.StageName)] == nil {
			return noStage
		}
		delete(a.Stages, aws.Value(in.StageName))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteStageOutput{}, nil
}

func describeStage(st *plan.Stage) *api.Stage {
	out := &api.Stage{
		DeploymentId:         &st.Deployment,
		StageName:            &st.Name,
		Description:          optional(st.Description),
		ClientCertificateId:  optional(st.ClientCertificateID),
		DocumentationVersion: optional(st.DocumentationVersion),
		CacheClusterEnabled:  &st.CacheClusterEnabled,
		CacheClusterStatus:   &st.CacheClusterStatus,
		TracingEnabled:       &st.TracingEnabled,
		WebAclArn:            optional(st.WebACLARN),
		CreatedDate:          &st.Created,
		LastUpdatedDate:      &st.Updated,
		MethodSettings:       map[string]api.MethodSetting{},
	}
	if st.CacheClusterEnabled {
		out.CacheClusterSize = optional(st.CacheClusterSize)
	}
	if len(st.Variables) > 0 {
		out.Variables = st.Variables
	}
	if len(st.Tags) > 0 {
		out.Tags = st.Tags
	}
	if st.Canary != nil {
		out.CanarySettings = describeCanary(st.Canary)
	}
	if st.AccessLog != nil {
		out.AccessLogSettings = &api.AccessLogSettings{
			DestinationArn: optional(st.AccessLog.DestinationARN),
			Format:         optional(st.AccessLog.Format),
		}
	}
	for key, m := range st.MethodSettings {
		out.MethodSettings[key] = describeMethodSettings(m)
	}
	return out
}

func describeMethodSettings(m plan.MethodSettings) api.MethodSetting {
	return api.MethodSetting{
		MetricsEnabled:                         &m.MetricsEnabled,
		LoggingLevel:                           optional(m.LoggingLevel),
		DataTraceEnabled:                       &m.DataTraceEnabled,
		ThrottlingBurstLimit:                   new(int32(m.ThrottlingBurstLimit)),
		ThrottlingRateLimit:                    &m.ThrottlingRateLimit,
		CachingEnabled:                         &m.CachingEnabled,
		CacheTtlInSeconds:                      new(int32(m.CacheTTL)),
		CacheDataEncrypted:                     &m.CacheDataEncrypted,
		RequireAuthorizationForCacheControl:    &m.RequireAuthorizationForCacheControl,
		UnauthorizedCacheControlHeaderStrategy: &m.UnauthorizedCacheControlHeaderStrategy,
	}
}
