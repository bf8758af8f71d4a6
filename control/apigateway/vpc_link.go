package apigateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

var noVPCLink = notFound("Invalid Vpc Link identifier specified")

// CreateVpcLink implements apigateway.CreateVpcLinkAPI. AWS: the answer is that
// the link is pending; whoever asks for it later finds it available
// (test_vpc_link_lifecycle).
func (s *Service) CreateVpcLink(ctx context.Context, in *api.CreateVpcLinkRequest) (*api.VpcLink, error) {
	caller := aws.CallerFrom(ctx)
	l := &plan.VPCLink{
		ID:          aws.NewResourceID(6),
		Account:     caller.Account,
		Region:      caller.Region,
		Name:        aws.Value(in.Name),
		Description: aws.Value(in.Description),
		TargetARNs:  in.TargetArns,
		Tags:        maps.Clone(in.Tags),
	}
	if err := checkVPCLinkName(l.Name); err != nil {
		return nil, err
	}
	if err := checkTargets(l.TargetARNs); err != nil {
		return nil, err
	}
	if err := checkTags(l.Tags); err != nil {
		return nil, err
	}
	for {
		err := state.Create(ctx, s.docs, plan.VPCLinkKey(l.ID), l)
		if err == nil {
			break
		}
		if !errors.Is(err, state.ErrConflict) {
			return nil, err
		}
		l.ID = aws.NewResourceID(6)
	}
	out := describeVPCLink(l, false)
	out.Status, out.StatusMessage = new("PENDING"), nil
	return out, nil
}

func checkVPCLinkName(name string) error {
	if name == "" {
		return badRequest("Name cannot be empty")
	}
	return nil
}

// checkTargets takes the one target that AWS takes.
func checkTargets(arns []string) error {
	if len(arns) == 0 {
		return badRequest("No target arn specified for vpc link.")
	}
	for _, text := range arns {
		if _, err := aws.ParseARN(text); err != nil {
			return badRequest("Invalid ARN. ARN is not well formed %s", text)
		}
	}
	if len(arns) > 1 {
		// AWS: hashicorp/terraform-provider-aws pull request 2512.
		return badRequest("More than one target arn specified for vpc link.")
	}
	return nil
}

// vpcLink returns a VPC link of the caller's.
func (s *Service) vpcLink(ctx context.Context, id string) (*plan.VPCLink, error) {
	if !isID(id) {
		return nil, noVPCLink
	}
	l, err := state.Load[plan.VPCLink](s.docs, plan.VPCLinkKey(id))
	if errors.Is(err, state.ErrNotFound) || err == nil && !owns(ctx, l.Account, l.Region) {
		return nil, noVPCLink
	}
	return l, err
}

// changeVPCLink is change for a VPC link.
func (s *Service) changeVPCLink(ctx context.Context, id string, f func(*plan.VPCLink) error) error {
	if !isID(id) {
		return noVPCLink
	}
	_, err := state.Update(ctx, s.docs, plan.VPCLinkKey(id), func(l *plan.VPCLink) error {
		if !owns(ctx, l.Account, l.Region) {
			return state.ErrNotFound
		}
		return f(l)
	})
	if errors.Is(err, state.ErrNotFound) {
		return noVPCLink
	}
	return err
}

// checkConnection refuses an integration by a VPC link that does not exist.
// What a stage variable decides is found out when a request comes.
func (s *Service) checkConnection(ctx context.Context, i *plan.Integration) error {
	if i.ConnectionType != vpcLink || i.ConnectionID == "" || strings.Contains(i.ConnectionID, "${stageVariables.") {
		return nil
	}
	_, err := s.vpcLink(ctx, i.ConnectionID)
	return err
}

// GetVpcLink implements apigateway.GetVpcLinkAPI.
func (s *Service) GetVpcLink(ctx context.Context, in *api.GetVpcLinkRequest) (*api.VpcLink, error) {
	l, err := s.vpcLink(ctx, aws.Value(in.VpcLinkId))
	if err != nil {
		return nil, err
	}
	return describeVPCLink(l, true), nil
}

// GetVpcLinks implements apigateway.GetVpcLinksAPI.
func (s *Service) GetVpcLinks(ctx context.Context, in *api.GetVpcLinksRequest) (*api.VpcLinks, error) {
	all, err := state.LoadAll[plan.VPCLink](s.docs, plan.VPCLinksPrefix)
	if err != nil {
		return nil, err
	}
	var own []*plan.VPCLink
	for _, l := range all {
		if owns(ctx, l.Account, l.Region) {
			own = append(own, l)
		}
	}
	own, next, err := page(own, func(l *plan.VPCLink) string { return l.ID }, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.VpcLinks{Items: make([]api.VpcLink, len(own)), Position: next}
	for i, l := range own {
		out.Items[i] = *describeVPCLink(l, false)
	}
	return out, nil
}

// UpdateVpcLink implements apigateway.UpdateVpcLinkAPI.
func (s *Service) UpdateVpcLink(ctx context.Context, in *api.UpdateVpcLinkRequest) (*api.VpcLink, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.VpcLink
	err = s.changeVPCLink(ctx, aws.Value(in.VpcLinkId), func(l *plan.VPCLink) error {
		for _, p := range ops {
			if p.segments[0] == "targetArns" {
				// AWS: hashicorp/terraform-provider-aws pull request 2512.
				return badRequest("Target arns are not allowed to be changed/added.")
			}
			if err := p.only("/name", "/description"); err != nil {
				return err
			}
			if p.path == "/description" {
				l.Description = p.value
				continue
			}
			if err := checkVPCLinkName(p.value); err != nil {
				return err
			}
			l.Name = p.value
		}
		out = describeVPCLink(l, true)
		return nil
	})
	return out, err
}

// DeleteVpcLink implements apigateway.DeleteVpcLinkAPI. A link that an API is
// built or published with stays.
func (s *Service) DeleteVpcLink(ctx context.Context, in *api.DeleteVpcLinkRequest) (*api.DeleteVpcLinkOutput, error) {
	id := aws.Value(in.VpcLinkId)
	if _, err := s.vpcLink(ctx, id); err != nil {
		return nil, err
	}
	var built, published []string
	err := s.eachAPI(ctx, func(a *restAPI) error {
		for _, r := range a.byPath() {
			built = append(built, linked(a.ID, r, id, nil, "")...)
		}
		for _, name := range sorted(a.Stages) {
			more, err := s.linkedBy(a, a.Stages[name], id)
			if err != nil {
				return err
			}
			published = append(published, more...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// AWS: klothoplatform/klotho issue 202.
	const inUse = "Cannot delete vpc link. Vpc link '%s', is referenced in [%s] in format of [%s]."
	if len(published) > 0 {
		return nil, badRequest(inUse, id, strings.Join(published, ", "), "RESTApiId:Method:Resource:Stage")
	}
	if len(built) > 0 {
		return nil, badRequest(inUse, id, strings.Join(built, ", "), "RESTApiId:Method:Resource")
	}
	err = state.Remove[plan.VPCLink](ctx, s.docs, plan.VPCLinkKey(id), nil)
	if errors.Is(err, state.ErrNotFound) {
		return nil, noVPCLink
	}
	if err != nil {
		return nil, err
	}
	return &api.DeleteVpcLinkOutput{}, nil
}

// linkedBy names the methods that a stage publishes with a link, those of its
// canary among them.
func (s *Service) linkedBy(a *restAPI, st *plan.Stage, link string) ([]string, error) {
	names, err := s.linkedIn(a, st.Deployment, st.Variables, link, st.Name)
	if err != nil || st.Canary == nil {
		return names, err
	}
	variables := maps.Clone(st.Variables)
	for name, v := range st.Canary.VariableOverrides {
		put(&variables, name, v)
	}
	more, err := s.linkedIn(a, st.Canary.Deployment, variables, link, st.Name)
	return append(names, more...), err
}

func (s *Service) linkedIn(a *restAPI, deploymentID string, variables map[string]string, link, stage string) ([]string, error) {
	d, err := state.Load[plan.Deployment](s.docs, plan.DeploymentKey(a.ID, deploymentID))
	if errors.Is(err, state.ErrNotFound) {
		return nil, nil // deleted just now, with its stage
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range d.Resources {
		names = append(names, linked(a.ID, &d.Resources[i], link, variables, ":"+stage)...)
	}
	return names, nil
}

// linked names the methods of a resource whose integrations go by a link.
func linked(apiID string, r *plan.Resource, link string, variables map[string]string, suffix string) []string {
	var names []string
	for _, httpMethod := range sorted(r.Methods) {
		i := r.Methods[httpMethod].Integration
		if i == nil || i.ConnectionType != vpcLink {
			continue
		}
		connection, err := plan.ParseText(i.ConnectionID)
		if err != nil {
			continue
		}
		if id, err := connection.Fill(variables); err == nil && id == link {
			names = append(names, fmt.Sprintf("%s:%s:%s%s", apiID, httpMethod, r.ID, suffix))
		}
	}
	return names
}

// describeVPCLink describes a link; tags asks for its tags even when there are
// none (test_vpc_link_lifecycle).
func describeVPCLink(l *plan.VPCLink, tags bool) *api.VpcLink {
	return &api.VpcLink{
		Id:            &l.ID,
		Name:          &l.Name,
		Description:   optional(l.Description),
		TargetArns:    l.TargetARNs,
		Status:        new("AVAILABLE"),
		StatusMessage: new("Your vpc link is ready for use"),
		Tags:          describeTags(l.Tags, tags),
	}
}
