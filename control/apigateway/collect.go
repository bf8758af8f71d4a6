package apigateway

import (
	"context"
	"errors"
	"time"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// collectAfter is how old a deployment must be before it counts as left
// behind: CreateDeployment writes it a moment before its API names it.
const collectAfter = time.Minute

// collect removes deployments that no API names: those of a CreateDeployment
// that a crash cut off before it answered, and of a deletion that it cut off
// after the API, or its mention of the deployment, was gone.
func (s *Service) collect(ctx context.Context) {
	for _, d := range s.docs.List(plan.DeploymentsPrefix) {
		snapshot, err := state.Load[plan.Deployment](s.docs, d.Key)
		if err != nil {
			s.log.Error("deployment cannot be read", "key", d.Key, "error", err)
			continue
		}
		if s.clock.Now().Sub(snapshot.Created) < collectAfter {
			continue
		}
		a, err := state.Load[restAPI](s.docs, plan.RestAPIKey(snapshot.API))
		switch {
		case err == nil && a.Deployments[snapshot.ID] != nil:
			continue
		case err != nil && !errors.Is(err, state.ErrNotFound):
			s.log.Error("REST API cannot be read", "api", snapshot.API, "error", err)
			continue
		}
		s.remove(ctx, d)
	}
}

// purge removes one deployment. It is no longer reachable, so what fails is
// only worth a line: collect comes round again.
func (s *Service) purge(ctx context.Context, key string) {
	d, err := s.docs.Get(key)
	if err == nil {
		s.remove(ctx, d)
	}
}

// purgeAll removes the deployments of an API that is gone.
func (s *Service) purgeAll(ctx context.Context, api string) {
	for _, d := range s.docs.List(plan.DeploymentsPrefix + api + "/") {
		s.remove(ctx, d)
	}
}

func (s *Service) remove(ctx context.Context, d state.Document) {
	err := s.docs.Delete(ctx, d.Key, d.Revision)
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		s.log.Warn("deployment is left behind until the next start", "key", d.Key, "error", err)
	}
}
