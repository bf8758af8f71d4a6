package resource

import (
	"context"
	"slices"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

type role struct{ client IAM }

func roleType(client IAM) *Type {
	t := role{client}
	return &Type{
		Name: "AWS::IAM::Role",
		Properties: Properties{
			"AssumeRolePolicyDocument": {Kind: JSON, Required: true},
			"Description":              {},
			"ManagedPolicyArns":        {Kind: List},
			"MaxSessionDuration":       {Kind: Integer},
			"Path":                     {Replace: true},
			// Replaced for now: no operation of IAM that lamgate has changes it.
			"PermissionsBoundary": {Replace: true},
			"Policies":            objects(Properties{"PolicyName": {Required: true}, "PolicyDocument": {Kind: JSON, Required: true}}),
			"RoleName":            {Replace: true},
			"Tags":                tags(),
		},
		Attributes:  []string{"Arn", "RoleId"},
		Identifiers: []string{"RoleName"},
		IAM:         true, NameProperty: "RoleName",
		Named: func(r *Request) string {
			if name := r.text("RoleName"); name != "" {
				return name
			}
			return generateName(r, 64)
		},
		Find: t.find, Create: t.create, Update: t.update, Delete: t.delete,
	}
}

func (t role) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := t.client.GetRole(ctx, &iam.GetRoleRequest{RoleName: &r.PhysicalID})
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func iamTags(tags map[string]string) []iam.Tag {
	list := make([]iam.Tag, 0, len(tags))
	for k, v := range tags {
		list = append(list, iam.Tag{Key: &k, Value: &v})
	}
	slices.SortFunc(list, func(a, b iam.Tag) int {
		if *a.Key < *b.Key {
			return -1
		}
		return 1
	})
	return list
}

func (t role) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &iam.CreateRoleRequest{Tags: iamTags(r.userTags())}
	if err := fill(in, r.Properties, "AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "Tags"); err != nil {
		return nil, err
	}
	in.RoleName = &r.PhysicalID
	in.AssumeRolePolicyDocument = new(document(r.Properties.Get("AssumeRolePolicyDocument")))
	made, err := t.client.CreateRole(ctx, in)
	if err != nil {
		return nil, err
	}
	return roleOutcome(made.Role), t.grant(ctx, r)
}

func roleOutcome(role *iam.Role) *Outcome {
	return &Outcome{PhysicalID: aws.Value(role.RoleName), Attributes: map[string]string{
		"Arn": aws.Value(role.Arn), "RoleId": aws.Value(role.RoleId),
	}}
}

// grant puts and attaches what the properties say, and takes away what they no
// longer do.
func (t role) grant(ctx context.Context, r *Request) error {
	inline := inlinePolicies(r.Properties)
	for name, text := range inline {
		if _, err := t.client.PutRolePolicy(ctx, &iam.PutRolePolicyRequest{RoleName: &r.PhysicalID, PolicyName: &name, PolicyDocument: &text}); err != nil {
			return err
		}
	}
	managed := texts(r.Properties.Get("ManagedPolicyArns"))
	for _, arn := range managed {
		if _, err := t.client.AttachRolePolicy(ctx, &iam.AttachRolePolicyRequest{RoleName: &r.PhysicalID, PolicyArn: &arn}); err != nil {
			return err
		}
	}
	var surplusInline, surplusManaged []string
	for name := range inlinePolicies(r.Previous) {
		if _, keep := inline[name]; !keep {
			surplusInline = append(surplusInline, name)
		}
	}
	for _, arn := range texts(r.Previous.Get("ManagedPolicyArns")) {
		if !slices.Contains(managed, arn) {
			surplusManaged = append(surplusManaged, arn)
		}
	}
	return t.revoke(ctx, r.PhysicalID, surplusInline, surplusManaged)
}

func (t role) revoke(ctx context.Context, role string, inline, managed []string) error {
	for _, name := range inline {
		if _, err := t.client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyRequest{RoleName: &role, PolicyName: &name}); gone(err) != nil {
			return err
		}
	}
	for _, arn := range managed {
		if _, err := t.client.DetachRolePolicy(ctx, &iam.DetachRolePolicyRequest{RoleName: &role, PolicyArn: &arn}); gone(err) != nil {
			return err
		}
	}
	return nil
}

func inlinePolicies(properties *template.Node) map[string]string {
	m := map[string]string{}
	for _, p := range items(properties.Get("Policies")) {
		m[p.Get("PolicyName").Text] = document(p.Get("PolicyDocument"))
	}
	return m
}

func texts(n *template.Node) []string {
	var list []string
	for _, item := range items(n) {
		list = append(list, item.Text)
	}
	return list
}

func (t role) update(ctx context.Context, r *Request) (*Outcome, error) {
	have, err := t.client.GetRole(ctx, &iam.GetRoleRequest{RoleName: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	out := roleOutcome(have.Role)
	if _, err := t.client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyRequest{RoleName: &r.PhysicalID, PolicyDocument: new(document(r.Properties.Get("AssumeRolePolicyDocument")))}); err != nil {
		return out, err
	}
	if r.changed("Description") || r.changed("MaxSessionDuration") {
		in := &iam.UpdateRoleRequest{RoleName: &r.PhysicalID, Description: new(""), MaxSessionDuration: new(int32(3600))}
		if err := fill(in, template.NewMap(template.Pos{}, template.F("Description", r.Properties.Get("Description")), template.F("MaxSessionDuration", r.Properties.Get("MaxSessionDuration")))); err != nil {
			return out, err
		}
		if _, err := t.client.UpdateRole(ctx, in); err != nil {
			return out, err
		}
	}
	if err := t.grant(ctx, r); err != nil {
		return out, err
	}
	set, remove := r.changedTags()
	if len(remove) > 0 {
		if _, err := t.client.UntagRole(ctx, &iam.UntagRoleRequest{RoleName: &r.PhysicalID, TagKeys: remove}); err != nil {
			return out, err
		}
	}
	if len(set) > 0 {
		if _, err := t.client.TagRole(ctx, &iam.TagRoleRequest{RoleName: &r.PhysicalID, Tags: iamTags(set)}); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (t role) delete(ctx context.Context, r *Request) error {
	var inline []string
	for name := range inlinePolicies(r.Properties) {
		inline = append(inline, name)
	}
	if err := t.revoke(ctx, r.PhysicalID, inline, texts(r.Properties.Get("ManagedPolicyArns"))); err != nil {
		return err
	}
	_, err := t.client.DeleteRole(ctx, &iam.DeleteRoleRequest{RoleName: &r.PhysicalID})
	return gone(err)
}
