package apigateway

import (
	"context"
	"errors"
	"strings"
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
	apis := map[string]*restAPI{} // nil for what is to be left alone
	for _, d := range s.docs.List(plan.DeploymentsPrefix) {
		apiID, id, _ := strings.Cut(strings.TrimPrefix(d.Key, plan.DeploymentsPrefix), "/")
		a, known := apis[apiID]
		if !known {
			a = s.named(apiID)
			apis[apiID] = a
		}
		if a != nil && a.Deployments[id] == nil && s.isOld(d.Key) {
			s.remove(ctx, d)
		}
	}
}

// named returns an API whose deployments are to be collected: one that names
// none if it does not exist, nil if that cannot be told.
func (s *Service) named(id string) *restAPI {
	a, err := state.Load[restAPI](s.docs, plan.RestAPIKey(id))
	if errors.Is(err, state.ErrNotFound) {
		return &restAPI{}
	}
	if err != nil {
		s.log.Error("REST API cannot be read", "api", id, "error", err)
		return nil
	}
	return a
}

func (s *Service) isOld(key string) bool {
	d, err := state.Load[plan.Deployment](s.docs, key)
	if err != nil {
		s.log.Error("deployment cannot be read", "key", key, "error", err)
		return false
	}
	return s.clock.Now().Sub(d.Created) >= collectAfter
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
