package apigateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

var noDeployment = notFound("Invalid Deployment identifier specified")

// CreateDeployment implements apigateway.CreateDeploymentAPI. The snapshot is
// written before the API names it: a stage never points to what is not there.
func (s *Service) CreateDeployment(ctx context.Context, in *api.CreateDeploymentRequest) (*api.Deployment, error) {
	id := aws.Value(in.RestApiId)
	absent := noAPI(ctx, id)
	a, err := s.load(ctx, id, absent)
	if err != nil {
		return nil, err
	}
	if in.CanarySettings != nil && aws.Value(in.StageName) == "" {
		name := "null"
		if in.StageName != nil {
			name = *in.StageName
		}
		return nil, invalidDeployment("Non null and non empty stageName must be provided for canary deployment. Provided value is %s", name)
	}
	if in.StageName != nil {
		if err := checkStageName(*in.StageName); err != nil {
			return nil, err
		}
		if err := a.checkCanaryDeployment(*in.StageName, in.CanarySettings != nil); err != nil {
			return nil, err
		}
	}
	if err := a.checkDeployable(); err != nil {
		return nil, err
	}
	snapshot := s.snapshot(a, aws.Value(in.Description))
	key := plan.DeploymentKey(id, snapshot.ID)
	if err := state.Create(ctx, s.docs, key, a.snapshotOf(snapshot)); err != nil {
		return nil, err
	}
	d := &deployment{ID: snapshot.ID, Description: snapshot.Description, Created: snapshot.Created}
	err = s.change(ctx, id, absent, func(a *restAPI) error {
		put(&a.Deployments, d.ID, d)
		if in.StageName == nil {
			return nil
		}
		return s.deployTo(a, d.ID, in)
	})
	if err != nil {
		s.purge(context.WithoutCancel(ctx), key)
		return nil, err
	}
	return describeDeployment(d), nil
}

// deployTo makes a deployment that of a stage, which is created if need be.
func (s *Service) deployTo(a *restAPI, deploymentID string, in *api.CreateDeploymentRequest) error {
	if err := a.checkCanaryDeployment(*in.StageName, in.CanarySettings != nil); err != nil {
		return err
	}
	st := a.Stages[*in.StageName]
	if c := in.CanarySettings; c != nil {
		st.Updated = s.now()
		return setCanary(st, deploymentID, c.PercentTraffic, c.StageVariableOverrides, c.UseStageCache)
	}
	if st == nil {
		st = s.newStage(*in.StageName)
		put(&a.Stages, st.Name, st)
	}
	st.Deployment = deploymentID
	st.Updated = s.now()
	if in.StageDescription != nil {
		st.Description = *in.StageDescription
	}
	if in.TracingEnabled != nil {
		st.TracingEnabled = *in.TracingEnabled
	}
	for _, name := range sorted(in.Variables) {
		if err := setVariable(&st.Variables, name, in.Variables[name]); err != nil {
			return err
		}
	}
	if in.CacheClusterSize != nil {
		if err := s.setCacheSize(st, *in.CacheClusterSize); err != nil {
			return err
		}
	}
	if in.CacheClusterEnabled != nil {
		s.enableCache(st, *in.CacheClusterEnabled)
	}
	return nil
}

// checkDeployable refuses to deploy an API that could answer nothing.
func (a *restAPI) checkDeployable() error {
	methods := 0
	for _, r := range a.Resources {
		for _, m := range r.Methods {
			if m.Integration == nil {
				return badRequest("No integration defined for method")
			}
			methods++
		}
	}
	if methods == 0 {
		return badRequest("The REST API doesn't contain any methods")
	}
	return nil
}

// snapshot copies what a deployment fixes of an API. a is the caller's own copy
// of the document, so that nothing in it needs to be cloned.
func (s *Service) snapshot(a *restAPI, description string) *plan.Deployment {
	d := &plan.Deployment{
		ID:                     newID(6, a.Deployments),
		API:                    a.ID,
		Account:                a.Account,
		Region:                 a.Region,
		Name:                   a.Name,
		Description:            description,
		Created:                s.now(),
		EndpointType:           a.EndpointType,
		BinaryMediaTypes:       a.BinaryMediaTypes,
		APIKeySource:           a.APIKeySource,
		ResourcePolicy:         a.Policy,
		MinimumCompressionSize: a.MinimumCompressionSize,
	}
	for _, r := range a.byPath() {
		d.Resources = append(d.Resources, *r)
	}
	for responseType, r := range a.GatewayResponses {
		put(&d.GatewayResponses, responseType, whole(r))
	}
	for name, m := range a.Models {
		put(&d.Models, name, *m)
	}
	for id, v := range a.Validators {
		put(&d.Validators, id, *v)
	}
	return d
}

// GetDeployment implements apigateway.GetDeploymentAPI.
func (s *Service) GetDeployment(ctx context.Context, in *api.GetDeploymentRequest) (*api.Deployment, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noDeployment)
	if err != nil {
		return nil, err
	}
	d := a.Deployments[aws.Value(in.DeploymentId)]
	if d == nil {
		return nil, noDeployment
	}
	out := describeDeployment(d)
	if slices.ContainsFunc(in.Embed, func(e string) bool { return strings.EqualFold(e, "apisummary") }) {
		snapshot, err := state.Load[plan.Deployment](s.docs, plan.DeploymentKey(a.ID, d.ID))
		if errors.Is(err, state.ErrNotFound) {
			return nil, noDeployment // deleted just now
		}
		if err != nil {
			return nil, err
		}
		out.ApiSummary = summary(snapshot)
	}
	return out, nil
}

// summary tells of each method who may call it.
func summary(d *plan.Deployment) map[string]map[string]api.MethodSnapshot {
	paths := map[string]map[string]api.MethodSnapshot{}
	for _, r := range d.Resources {
		for name, m := range r.Methods {
			methods := paths[r.Path]
			put(&methods, name, api.MethodSnapshot{AuthorizationType: &m.AuthorizationType, ApiKeyRequired: &m.APIKeyRequired})
			paths[r.Path] = methods
		}
	}
	return paths
}

// GetDeployments implements apigateway.GetDeploymentsAPI.
func (s *Service) GetDeployments(ctx context.Context, in *api.GetDeploymentsRequest) (*api.Deployments, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	list := make([]*deployment, 0, len(a.Deployments))
	for _, d := range a.Deployments {
		list = append(list, d)
	}
	byAge := func(d *deployment) string { return d.Created.Format(time.RFC3339) + d.ID }
	list, next, err := page(list, byAge, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.Deployments{Items: make([]api.Deployment, len(list)), Position: next}
	for i, d := range list {
		out.Items[i] = *describeDeployment(d)
	}
	return out, nil
}

// UpdateDeployment implements apigateway.UpdateDeploymentAPI.
func (s *Service) UpdateDeployment(ctx context.Context, in *api.UpdateDeploymentRequest) (*api.Deployment, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.Deployment
	err = s.change(ctx, aws.Value(in.RestApiId), noDeployment, func(a *restAPI) error {
		d := a.Deployments[aws.Value(in.DeploymentId)]
		if d == nil {
			return noDeployment
		}
		for _, p := range ops {
			if err := p.only("/description"); err != nil {
				return err
			}
			d.Description = p.value
		}
		out = describeDeployment(d)
		return nil
	})
	return out, err
}

// DeleteDeployment implements apigateway.DeleteDeploymentAPI.
func (s *Service) DeleteDeployment(ctx context.Context, in *api.DeleteDeploymentRequest) (*api.DeleteDeploymentOutput, error) {
	apiID, id := aws.Value(in.RestApiId), aws.Value(in.DeploymentId)
	err := s.change(ctx, apiID, noDeployment, func(a *restAPI) error {
		if a.Deployments[id] == nil {
			return noDeployment
		}
		for _, st := range a.Stages {
			if st.Deployment == id || st.Canary != nil && st.Canary.Deployment == id {
				return badRequest("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		delete(a.Deployments, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.purge(context.WithoutCancel(ctx), plan.DeploymentKey(apiID, id))
	return &api.DeleteDeploymentOutput{}, nil
}

func describeDeployment(d *deployment) *api.Deployment {
	return &api.Deployment{Id: &d.ID, Description: optional(d.Description), CreatedDate: &d.Created}
}
