package resource

import (
	"context"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
)

type managedPolicy struct{ client IAM }

func managedPolicyType(client IAM) *Type {
	p := managedPolicy{client}
	return &Type{
		Name: "AWS::IAM::ManagedPolicy",
		Properties: Properties{
			"Description":       {Replace: true},
			"ManagedPolicyName": {Replace: true},
			"Path":              {Replace: true},
			"PolicyDocument":    {Kind: JSON, Required: true},
			"Roles":             {Kind: List},
		}.missing("Groups", "Users"),
		Attributes:  []string{"PolicyArn", "PolicyId"},
		Identifiers: []string{"PolicyArn"},
		IAM:         true, NameProperty: "ManagedPolicyName",
		// The physical ID is the ARN, but the name in it is chosen beforehand.
		Named: func(r *Request) string {
			name := r.text("ManagedPolicyName")
			if name == "" {
				name = generateName(r, 128)
			}
			return "policy" + or(r.text("Path"), "/") + name
		},
		Find: p.find, Create: p.create, Update: p.update, Delete: p.delete,
	}
}

// arn returns the policy's ARN, whether the physical ID is that already or
// still the end of it.
func (p managedPolicy) arn(ctx context.Context, r *Request) string {
	if strings.HasPrefix(r.PhysicalID, "arn:") {
		return r.PhysicalID
	}
	return aws.NewARN("iam", "", aws.CallerFrom(ctx).Account, r.PhysicalID).String()
}

func (p managedPolicy) find(ctx context.Context, r *Request) ([]string, error) {
	arn := p.arn(ctx, r)
	_, err := p.client.GetPolicy(ctx, &iam.GetPolicyRequest{PolicyArn: &arn})
	if err != nil {
		return nil, gone(err)
	}
	return []string{arn}, nil
}

func (p managedPolicy) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &iam.CreatePolicyRequest{
		PolicyName:     new(r.PhysicalID[strings.LastIndexByte(r.PhysicalID, '/')+1:]),
		PolicyDocument: new(document(r.Properties.Get("PolicyDocument"))),
	}
	if err := fill(in, r.Properties, "ManagedPolicyName", "PolicyDocument", "Roles"); err != nil {
		return nil, err
	}
	made, err := p.client.CreatePolicy(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &Outcome{PhysicalID: aws.Value(made.Policy.Arn), Attributes: map[string]string{
		"PolicyArn": aws.Value(made.Policy.Arn), "PolicyId": aws.Value(made.Policy.PolicyId),
	}}
	return out, p.attach(ctx, r, out.PhysicalID)
}

func (p managedPolicy) attach(ctx context.Context, r *Request, arn string) error {
	roles := texts(r.Properties.Get("Roles"))
	for _, role := range roles {
		if _, err := p.client.AttachRolePolicy(ctx, &iam.AttachRolePolicyRequest{RoleName: &role, PolicyArn: &arn}); err != nil {
			return err
		}
	}
	for _, role := range texts(r.Previous.Get("Roles")) {
		if slices.Contains(roles, role) {
			continue
		}
		if _, err := p.client.DetachRolePolicy(ctx, &iam.DetachRolePolicyRequest{RoleName: &role, PolicyArn: &arn}); gone(err) != nil {
			return err
		}
	}
	return nil
}

func (p managedPolicy) update(ctx context.Context, r *Request) (*Outcome, error) {
	have, err := p.client.GetPolicy(ctx, &iam.GetPolicyRequest{PolicyArn: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	out := &Outcome{PhysicalID: r.PhysicalID, Attributes: map[string]string{
		"PolicyArn": r.PhysicalID, "PolicyId": aws.Value(have.Policy.PolicyId),
	}}
	if r.changed("PolicyDocument") {
		// A policy has room for five versions; the new one is the only one needed.
		if err := p.dropVersions(ctx, r.PhysicalID); err != nil {
			return out, err
		}
		if _, err := p.client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionRequest{
			PolicyArn: &r.PhysicalID, PolicyDocument: new(document(r.Properties.Get("PolicyDocument"))), SetAsDefault: new(true),
		}); err != nil {
			return out, err
		}
		if err := p.dropVersions(ctx, r.PhysicalID); err != nil {
			return out, err
		}
	}
	return out, p.attach(ctx, r, r.PhysicalID)
}

// dropVersions deletes every version but the default one.
func (p managedPolicy) dropVersions(ctx context.Context, arn string) error {
	out, err := p.client.ListPolicyVersions(ctx, &iam.ListPolicyVersionsRequest{PolicyArn: &arn})
	if err != nil {
		return gone(err)
	}
	for _, v := range out.Versions {
		if aws.Value(v.IsDefaultVersion) {
			continue
		}
		if _, err := p.client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionRequest{PolicyArn: &arn, VersionId: v.VersionId}); gone(err) != nil {
			return err
		}
	}
	return nil
}

func (p managedPolicy) delete(ctx context.Context, r *Request) error {
	arn := p.arn(ctx, r)
	for _, role := range texts(r.Properties.Get("Roles")) {
		if _, err := p.client.DetachRolePolicy(ctx, &iam.DetachRolePolicyRequest{RoleName: &role, PolicyArn: &arn}); gone(err) != nil {
			return err
		}
	}
	if err := p.dropVersions(ctx, arn); err != nil {
		return err
	}
	_, err := p.client.DeletePolicy(ctx, &iam.DeletePolicyRequest{PolicyArn: &arn})
	return gone(err)
}
