package resource

import (
	"context"
	"slices"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
)

type inlinePolicy struct{ client IAM }

func policyType(client IAM) *Type {
	p := inlinePolicy{client}
	return &Type{
		Name: "AWS::IAM::Policy",
		Properties: Properties{
			"PolicyDocument": {Kind: JSON, Required: true},
			"PolicyName":     {Required: true},
			"Roles":          {Kind: List},
		}.missing("Groups", "Users"),
		Identifiers: []string{"Id"},
		IAM:         true,
		Named:       func(r *Request) string { return generateName(r, 64) },
		Create:      p.put, Update: p.put, Delete: p.delete,
	}
}

// put writes the policy on its roles and takes it from those that it is no
// longer on.
func (p inlinePolicy) put(ctx context.Context, r *Request) (*Outcome, error) {
	roles, name := texts(r.Properties.Get("Roles")), r.text("PolicyName")
	if len(roles) == 0 {
		return nil, aws.Faultf(400, "ValidationError", "At least one of [Groups,Roles,Users] must be non-empty.")
	}
	out := &Outcome{PhysicalID: r.PhysicalID}
	text := document(r.Properties.Get("PolicyDocument"))
	for _, role := range roles {
		if _, err := p.client.PutRolePolicy(ctx, &iam.PutRolePolicyRequest{RoleName: &role, PolicyName: &name, PolicyDocument: &text}); err != nil {
			return out, err
		}
	}
	for _, role := range texts(r.Previous.Get("Roles")) {
		if before := r.previous("PolicyName"); before != name || !slices.Contains(roles, role) {
			if err := p.remove(ctx, role, before); err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

func (p inlinePolicy) remove(ctx context.Context, role, name string) error {
	_, err := p.client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyRequest{RoleName: &role, PolicyName: &name})
	return gone(err)
}

func (p inlinePolicy) delete(ctx context.Context, r *Request) error {
	for _, role := range texts(r.Properties.Get("Roles")) {
		if err := p.remove(ctx, role, r.text("PolicyName")); err != nil {
			return err
		}
	}
	return nil
}
