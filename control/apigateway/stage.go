package apigateway

import (
	"context"
	"maps"
	"regexp"

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

// setVariable sets a stage variable. AWS: the words, with their two spaces and
// the quote that is missing, as AWS's clients report them.
func setVariable(st *plan.Stage, name, v string) error {
	if !variableName.MatchString(name) {
		return badRequest("Invalid stage variable name: %s.  Please use names with only word characters.", name)
	}
	if !variableValue.MatchString(v) {
		return invalidVariable(v)
	}
	put(&st.Variables, name, v)
	return nil
}

func invalidVariable(v string) error {
	return badRequest("Invalid stage variable value: %s.  Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.", v)
}

// enableCache stores whether a stage has a cache. None is built; the stage says
// of it what clients wait for.
func enableCache(st *plan.Stage, enabled bool) {
	st.CacheClusterEnabled = enabled
	if !enabled {
		st.CacheClusterStatus = cacheNotAvailable
		return
	}
	st.CacheClusterStatus = "AVAILABLE"
	if st.CacheClusterSize == "" {
		st.CacheClusterSize = "0.5"
	}
}

const cacheNotAvailable = "NOT_AVAILABLE"

func (s *Service) newStage(name string) *plan.Stage {
	now := s.now()
	return &plan.Stage{Name: name, Created: now, Updated: now, CacheClusterStatus: cacheNotAvailable}
}

// CreateStage implements apigateway.CreateStageAPI.
func (s *Service) CreateStage(ctx context.Context, in *api.CreateStageRequest) (*api.Stage, error) {
	if in.CanarySettings != nil {
		return nil, notBuilt("canary deployments (canarySettings)")
	}
	if err := checkStageName(aws.Value(in.StageName)); err != nil {
		return nil, err
	}
	st := s.newStage(aws.Value(in.StageName))
	st.Deployment = aws.Value(in.DeploymentId)
	st.Description = aws.Value(in.Description)
	st.DocumentationVersion = aws.Value(in.DocumentationVersion)
	st.TracingEnabled = aws.Value(in.TracingEnabled)
	st.Tags = maps.Clone(in.Tags)
	st.CacheClusterSize = aws.Value(in.CacheClusterSize)
	enableCache(st, aws.Value(in.CacheClusterEnabled))
	for _, name := range sorted(in.Variables) {
		if err := setVariable(st, name, in.Variables[name]); err != nil {
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
