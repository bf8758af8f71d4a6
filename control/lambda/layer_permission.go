package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// readLayerAction is what a layer's policy can permit, and all of it.
const readLayerAction = "lambda:GetLayerVersion"

// mayReadLayer decides whether a layer's policy lets a caller of another account
// read a version.
func (s *Service) mayReadLayer(ctx context.Context, ref layerRef, v *execution.LayerVersion) bool {
	caller := aws.CallerFrom(ctx)
	request := policy.Request{Action: readLayerAction, Resource: ref.versionARN(), Subject: s.Roles.Subject(caller), Time: s.Clock.Now()}
	d := s.Roles.Authorize(request, &v.Policy.Document)
	return d.Allowed()
}

// changeLayer changes the document of one of the caller's layer versions.
func (s *Service) changeLayer(ctx context.Context, name *string, number *int64, change func(layerRef, *execution.LayerVersion) error) error {
	ref, err := layerVersion(ctx, name, number)
	if err != nil {
		return err
	}
	if !ref.isOf(aws.CallerFrom(ctx)) {
		return noLayerVersion(ref)
	}
	_, err = state.Update(ctx, s.Documents, ref.key(), func(v *execution.LayerVersion) error { return change(ref, v) })
	if errors.Is(err, state.ErrNotFound) {
		return noLayerVersion(ref)
	}
	return err
}

func noLayerVersion(ref layerRef) error {
	return userFault(404, "ResourceNotFoundException", "Layer version %s does not exist.", ref.versionARN())
}

// AddLayerVersionPermission lets an account, an organisation or everyone use a
// version of a layer.
func (s *Service) AddLayerVersionPermission(ctx context.Context, in *lambda.AddLayerVersionPermissionRequest) (*lambda.AddLayerVersionPermissionResponse, error) {
	principal, err := parsePrincipal(aws.Value(in.Principal))
	if err != nil {
		return nil, err
	}
	var statement policy.Statement
	var revision string
	err = s.changeLayer(ctx, in.LayerName, in.VersionNumber, func(ref layerRef, v *execution.LayerVersion) error {
		statement = policy.Statement{
			Sid: aws.Value(in.StatementId), Effect: policy.Allow, Principal: principal,
			Action: []string{aws.Value(in.Action)}, Resource: []string{ref.versionARN()},
		}
		if in.OrganizationId != nil {
			statement.Condition = policy.Condition{"StringEquals": {"aws:PrincipalOrgID": {*in.OrganizationId}}}
		}
		p := &v.Policy
		if err := checkRevision(in.RevisionId, p.RevisionID, "GetLayerPolicy"); err != nil {
			return err
		}
		for _, other := range p.Document.Statement {
			if other.Sid == statement.Sid {
				return conflict("The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", statement.Sid)
			}
		}
		p.Document.Version, p.Document.ID = policy.Version2012, "default"
		p.Document.Statement = append(slices.Clip(p.Document.Statement), statement)
		if err := checkPolicySize(p.Document); err != nil {
			return err
		}
		p.RevisionID = aws.NewUUID()
		revision = p.RevisionID
		return nil
	})
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(statement)
	if err != nil {
		return nil, fmt.Errorf("render statement: %w", err)
	}
	return &lambda.AddLayerVersionPermissionResponse{Statement: new(string(b)), RevisionId: &revision}, nil
}

// GetLayerVersionPolicy shows a layer version's policy.
func (s *Service) GetLayerVersionPolicy(ctx context.Context, in *lambda.GetLayerVersionPolicyRequest) (*lambda.GetLayerVersionPolicyResponse, error) {
	ref, err := layerVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	if !ref.isOf(aws.CallerFrom(ctx)) {
		return nil, noLayerVersion(ref)
	}
	v, err := state.Load[execution.LayerVersion](s.Documents, ref.key())
	if errors.Is(err, state.ErrNotFound) {
		return nil, noLayerVersion(ref)
	}
	if err != nil {
		return nil, err
	}
	if len(v.Policy.Document.Statement) == 0 {
		return nil, noPolicy()
	}
	b, err := json.Marshal(v.Policy.Document)
	if err != nil {
		return nil, fmt.Errorf("render resource policy: %w", err)
	}
	return &lambda.GetLayerVersionPolicyResponse{Policy: new(string(b)), RevisionId: new(v.Policy.RevisionID)}, nil
}

// RemoveLayerVersionPermission takes a statement out of a layer version's
// policy.
func (s *Service) RemoveLayerVersionPermission(ctx context.Context, in *lambda.RemoveLayerVersionPermissionRequest) (*lambda.RemoveLayerVersionPermissionOutput, error) {
	err := s.changeLayer(ctx, in.LayerName, in.VersionNumber, func(_ layerRef, v *execution.LayerVersion) error {
		p := &v.Policy
		if len(p.Document.Statement) == 0 {
			return noPolicy()
		}
		if err := checkRevision(in.RevisionId, p.RevisionID, "GetLayerPolicy"); err != nil {
			return err
		}
		left, err := without(p.Document.Statement, aws.Value(in.StatementId))
		if err != nil {
			return err
		}
		p.Document.Statement, p.RevisionID = left, aws.NewUUID()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.RemoveLayerVersionPermissionOutput{}, nil
}
