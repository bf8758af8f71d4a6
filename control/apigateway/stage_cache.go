package apigateway

import (
	"context"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// FlushStageCache implements apigateway.FlushStageCacheAPI: what the cache
// stored before is not served any more.
func (s *Service) FlushStageCache(ctx context.Context, in *api.FlushStageCacheRequest) (*api.FlushStageCacheOutput, error) {
	err := s.change(ctx, aws.Value(in.RestApiId), noStage, func(a *restAPI) error {
		st := a.Stages[aws.Value(in.StageName)]
		if st == nil {
			return noStage
		}
		if !st.CacheClusterEnabled {
			return badRequest("Cache cluster is not enabled for stage %s", st.Name)
		}
		st.CacheFlushed = s.clock.Now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.FlushStageCacheOutput{}, nil
}

// FlushStageAuthorizersCache implements apigateway.FlushStageAuthorizersCacheAPI.
// Nothing that authorizers answered is cached.
func (s *Service) FlushStageAuthorizersCache(ctx context.Context, in *api.FlushStageAuthorizersCacheRequest) (*api.FlushStageAuthorizersCacheOutput, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noStage)
	if err != nil {
		return nil, err
	}
	if a.Stages[aws.Value(in.StageName)] == nil {
		return nil, noStage
	}
	return &api.FlushStageAuthorizersCacheOutput{}, nil
}
