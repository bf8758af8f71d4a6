package iam

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// A managed is the whole document of a managed policy: what is evaluated, and
// its versions as they were written.
type managed struct {
	policy.ManagedPolicy
	Texts map[string]string // by version
}

// CreatePolicy creates a managed policy.
func (s *Service) CreatePolicy(ctx context.Context, in *iam.CreatePolicyRequest) (*iam.CreatePolicyResponse, error) {
	owner, name, path := account(ctx), *in.PolicyName, "/"
	if in.Path != nil {
		path = *in.Path
	}
	doc, err := parseManaged(*in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	now := s.now()
	p := managed{
		ManagedPolicy: policy.ManagedPolicy{
			Account:        owner,
			Name:           name,
			Path:           path,
			ID:             "ANPA" + aws.NewUniqueID(17),
			ARN:            aws.NewARN("iam", "", owner, "policy"+path+name).String(),
			DefaultVersion: "v1",
			Versions:       map[string]policy.Document{"v1": doc},
			VersionUnix:    map[string]int64{"v1": now},
			NextVersion:    2,
			CreatedUnix:    now,
			UpdatedUnix:    now,
		},
		Texts: map[string]string{"v1": *in.PolicyDocument},
	}
	if in.Description != nil {
		p.Description = *in.Description
	}
	if p.Tags, err = addTags(nil, in.Tags); err != nil {
		return nil, err
	}
	exists := aws.Faultf(http.StatusConflict, "EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", name)
	all, err := s.customers(owner)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(all, func(other *managed) bool { return strings.EqualFold(other.Name, name) }) {
		return nil, exists
	}
	err = state.Create(ctx, s.docs, policy.ManagedPolicyKey(owner, name), p)
	if errors.Is(err, state.ErrConflict) {
		return nil, exists
	}
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyResponse{Policy: new(p.describe(usage{}))}, nil
}

func parseManaged(text string) (policy.Document, error) {
	doc, err := parse(policy.Identity, text, maxManagedPolicy, "PolicySize")
	if err == nil && doc.Version != policy.Version2012 {
		return doc, malformed(errors.New("Policy document must be version 2012-10-17 or greater."))
	}
	return doc, err
}

// customers returns an account's own managed policies.
func (s *Service) customers(account string) ([]*managed, error) {
	return state.LoadAll[managed](s.docs, policy.ManagedPoliciesPrefix+account+"/")
}

// splitPolicyARN returns the path and the name in the ARN of a policy.
func splitPolicyARN(arn string) (path, name string) {
	_, rest, _ := strings.Cut(arn, ":policy")
	at := strings.LastIndexByte(rest, '/') + 1
	return rest[:at], rest[at:]
}

// find returns a managed policy, AWS's or one of the caller's account; nil if
// there is none.
func (s *Service) find(ctx context.Context, arn string) (*managed, error) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "policy/") {
		return nil, invalidInput("ARN %s is not valid.", arn)
	}
	if p, ok := policy.AWSManagedPolicy(arn); ok {
		return carried(p)
	}
	_, name := splitPolicyARN(arn)
	if a.Account != account(ctx) || name == "" {
		return nil, nil
	}
	p, err := state.Load[managed](s.docs, policy.ManagedPolicyKey(a.Account, name))
	if errors.Is(err, state.ErrNotFound) || err == nil && p.ARN != arn {
		return nil, nil
	}
	return p, err
}

// carried returns one of AWS's policies, written out.
func carried(p *policy.ManagedPolicy) (*managed, error) {
	text, err := p.Default().MarshalJSON()
	if err != nil {
		return nil, err
	}
	return &managed{ManagedPolicy: *p, Texts: map[string]string{p.DefaultVersion: string(text)}}, nil
}

// managed returns a managed policy, or the fault that there is none.
func (s *Service) managed(ctx context.Context, arn string) (*managed, error) {
	p, err := s.find(ctx, arn)
	if err == nil && p == nil {
		return nil, noSuchEntity("Policy %s was not found.%s", arn, notCarried(arn))
	}
	return p, err
}

// attachable returns the ARN of a policy that can be attached.
func (s *Service) attachable(ctx context.Context, arn string) (string, error) {
	p, err := s.find(ctx, arn)
	if err == nil && p == nil {
		return "", noSuchEntity("Policy %s does not exist or is not attachable.%s", arn, notCarried(arn))
	}
	return arn, err
}

// notCarried says, where it is so, that a policy is missing here and not
// necessarily at AWS.
func notCarried(arn string) string {
	if !strings.HasPrefix(arn, "arn:"+aws.Partition+":iam::"+policy.AWSAccount+":") {
		return ""
	}
	_, name := splitPolicyARN(arn)
	for _, p := range policy.AWSManagedPolicies() {
		if p.Name == name {
			return " Its ARN is " + p.ARN + "."
		}
	}
	return " lamgate does not carry this AWS managed policy; create one of your own with the statements you need."
}

// updatePolicy changes a policy of the caller's account.
func (s *Service) updatePolicy(ctx context.Context, arn string, change func(*managed) error) (*managed, error) {
	p, err := s.managed(ctx, arn)
	if err != nil {
		return nil, err
	}
	if p.Account == policy.AWSAccount {
		return nil, aws.Faultf(http.StatusForbidden, "AccessDenied", "AWS managed policies cannot be changed: %s", arn)
	}
	p, err = state.Update(ctx, s.docs, policy.ManagedPolicyKey(p.Account, p.Name), change)
	if errors.Is(err, state.ErrNotFound) {
		return nil, noSuchEntity("Policy %s was not found.", arn)
	}
	return p, err
}

// A usage is how many roles a policy is attached to, and the boundary of.
type usage struct{ attached, boundary int32 }

// usages counts how an account's roles use policies, by ARN.
func (s *Service) usages(account string) (map[string]usage, error) {
	roles, err := s.roles(account)
	if err != nil {
		return nil, err
	}
	uses := map[string]usage{}
	for _, r := range roles {
		for _, arn := range r.Attached {
			u := uses[arn]
			u.attached++
			uses[arn] = u
		}
		if r.BoundaryARN != "" {
			u := uses[r.BoundaryARN]
			u.boundary++
			uses[r.BoundaryARN] = u
		}
	}
	return uses, nil
}

func (p *managed) describe(u usage) iam.Policy {
	d := iam.Policy{
		PolicyName:                    &p.Name,
		PolicyId:                      &p.ID,
		Arn:                           &p.ARN,
		Path:                          &p.Path,
		DefaultVersionId:              &p.DefaultVersion,
		AttachmentCount:               &u.attached,
		PermissionsBoundaryUsageCount: &u.boundary,
		IsAttachable:                  new(true),
		Description:                   optional(p.Description),
		CreateDate:                    date(p.CreatedUnix),
		UpdateDate:                    date(p.UpdatedUnix),
	}
	if len(p.Tags) > 0 {
		d.Tags = tagList(p.Tags)
	}
	return d
}

// GetPolicy returns a managed policy without its text.
func (s *Service) GetPolicy(ctx context.Context, in *iam.GetPolicyRequest) (*iam.GetPolicyResponse, error) {
	p, err := s.managed(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	uses, err := s.usages(account(ctx))
	if err != nil {
		return nil, err
	}
	return &iam.GetPolicyResponse{Policy: new(p.describe(uses[p.ARN]))}, nil
}

// ListPolicies lists managed policies: the account's own and AWS's.
func (s *Service) ListPolicies(ctx context.Context, in *iam.ListPoliciesRequest) (*iam.ListPoliciesResponse, error) {
	scope := "All"
	if in.Scope != nil {
		scope = *in.Scope
	}
	var all []*managed
	if scope != "AWS" {
		own, err := s.customers(account(ctx))
		if err != nil {
			return nil, err
		}
		all = own
	}
	if scope != "Local" {
		for _, p := range policy.AWSManagedPolicies() {
			all = append(all, &managed{ManagedPolicy: *p})
		}
	}
	uses, err := s.usages(account(ctx))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p *managed) bool {
		used := uses[p.ARN].attached > 0
		if in.PolicyUsageFilter != nil && *in.PolicyUsageFilter == "PermissionsBoundary" {
			used = uses[p.ARN].boundary > 0
		}
		return in.OnlyAttached != nil && *in.OnlyAttached && !used ||
			in.PathPrefix != nil && !strings.HasPrefix(p.Path, *in.PathPrefix)
	})
	key := func(p **managed) string { return (*p).ARN }
	slices.SortFunc(all, func(a, b *managed) int { return cmp.Compare(a.ARN, b.ARN) })
	out := &iam.ListPoliciesResponse{}
	all, out.Marker, out.IsTruncated, err = page(all, key, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out.Policies = make([]iam.Policy, 0, len(all))
	for _, p := range all {
		d := p.describe(uses[p.ARN])
		d.Tags, d.Description = nil, nil // AWS: not listed ("ListPolicies")
		out.Policies = append(out.Policies, d)
	}
	return out, nil
}

// DeletePolicy deletes a policy that nothing uses and that has one version.
func (s *Service) DeletePolicy(ctx context.Context, in *iam.DeletePolicyRequest) (*iam.DeletePolicyOutput, error) {
	p, err := s.managed(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if p.Account == policy.AWSAccount {
		return nil, aws.Faultf(http.StatusForbidden, "AccessDenied", "AWS managed policies cannot be deleted: %s", p.ARN)
	}
	uses, err := s.usages(p.Account)
	if err != nil {
		return nil, err
	}
	if uses[p.ARN] != (usage{}) {
		return nil, deleteConflict("Cannot delete a policy attached to entities.")
	}
	err = state.Remove(ctx, s.docs, policy.ManagedPolicyKey(p.Account, p.Name), func(p *managed) error {
		if len(p.Versions) > 1 {
			return deleteConflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil, noSuchEntity("Policy %s was not found.", *in.PolicyArn)
	}
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyOutput{}, nil
}

// TagPolicy adds tags to a policy.
func (s *Service) TagPolicy(ctx context.Context, in *iam.TagPolicyRequest) (*iam.TagPolicyOutput, error) {
	_, err := s.updatePolicy(ctx, *in.PolicyArn, func(p *managed) (err error) {
		p.Tags, err = addTags(p.Tags, in.Tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagPolicyOutput{}, nil
}

// UntagPolicy removes tags from a policy.
func (s *Service) UntagPolicy(ctx context.Context, in *iam.UntagPolicyRequest) (*iam.UntagPolicyOutput, error) {
	_, err := s.updatePolicy(ctx, *in.PolicyArn, func(p *managed) error {
		removeTags(p.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagPolicyOutput{}, nil
}

// ListPolicyTags lists a policy's tags.
func (s *Service) ListPolicyTags(ctx context.Context, in *iam.ListPolicyTagsRequest) (*iam.ListPolicyTagsResponse, error) {
	p, err := s.managed(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	out := &iam.ListPolicyTagsResponse{}
	out.Tags, out.Marker, out.IsTruncated, err = page(tagList(p.Tags), tagKey, in.Marker, in.MaxItems)
	return out, err
}
