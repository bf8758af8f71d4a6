package iam

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/iam"
)

const maxVersions = 5

// CreatePolicyVersion adds a version to a policy.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *iam.CreatePolicyVersionRequest) (*iam.CreatePolicyVersionResponse, error) {
	doc, err := parseManaged(*in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	now, version := s.now(), ""
	p, err := s.updatePolicy(ctx, *in.PolicyArn, func(p *managed) error {
		if len(p.Versions) >= maxVersions {
			return limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		version = "v" + strconv.Itoa(p.NextVersion)
		p.NextVersion++
		p.Versions[version], p.VersionUnix[version], p.Texts[version] = doc, now, *in.PolicyDocument
		if in.SetAsDefault != nil && *in.SetAsDefault {
			p.DefaultVersion = version
		}
		p.UpdatedUnix = now
		return nil
	})
	if err != nil {
		return nil, err
	}
	d := p.describeVersion(version)
	d.Document = nil // AWS: only GetPolicyVersion returns it ("PolicyVersion", Document)
	return &iam.CreatePolicyVersionResponse{PolicyVersion: &d}, nil
}

func (p *managed) describeVersion(version string) iam.PolicyVersion {
	return iam.PolicyVersion{
		Document:         escape(p.Texts[version]),
		VersionId:        &version,
		IsDefaultVersion: new(version == p.DefaultVersion),
		CreateDate:       date(p.VersionUnix[version]),
	}
}

// GetPolicyVersion returns a version of a policy with its text.
func (s *Service) GetPolicyVersion(ctx context.Context, in *iam.GetPolicyVersionRequest) (*iam.GetPolicyVersionResponse, error) {
	p, err := s.managed(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	if _, ok := p.Versions[*in.VersionId]; !ok {
		return nil, noSuchVersion(p, *in.VersionId)
	}
	return &iam.GetPolicyVersionResponse{PolicyVersion: new(p.describeVersion(*in.VersionId))}, nil
}

func noSuchVersion(p *managed, version string) error {
	return noSuchEntity("Policy %s version %s does not exist or is not attachable.", p.ARN, version)
}

// ListPolicyVersions lists a policy's versions, the newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *iam.ListPolicyVersionsRequest) (*iam.ListPolicyVersionsResponse, error) {
	p, err := s.managed(ctx, *in.PolicyArn)
	if err != nil {
		return nil, err
	}
	number := func(version string) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(version, "v"))
		return n
	}
	names := slices.SortedFunc(maps.Keys(p.Versions), func(a, b string) int { return cmp.Compare(number(b), number(a)) })
	// In the order of these keys, so that a marker finds its place.
	key := func(version *string) string { return strconv.Itoa(1<<30 - number(*version)) }
	out := &iam.ListPolicyVersionsResponse{}
	names, out.Marker, out.IsTruncated, err = page(names, key, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out.Versions = make([]iam.PolicyVersion, 0, len(names))
	for _, version := range names {
		d := p.describeVersion(version)
		d.Document = nil
		out.Versions = append(out.Versions, d)
	}
	return out, nil
}

// SetDefaultPolicyVersion says which version of a policy is in force.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *iam.SetDefaultPolicyVersionRequest) (*iam.SetDefaultPolicyVersionOutput, error) {
	_, err := s.updatePolicy(ctx, *in.PolicyArn, func(p *managed) error {
		if _, ok := p.Versions[*in.VersionId]; !ok {
			return noSuchVersion(p, *in.VersionId)
		}
		p.DefaultVersion, p.UpdatedUnix = *in.VersionId, s.now()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.SetDefaultPolicyVersionOutput{}, nil
}

// DeletePolicyVersion deletes a version that is not in force.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *iam.DeletePolicyVersionRequest) (*iam.DeletePolicyVersionOutput, error) {
	_, err := s.updatePolicy(ctx, *in.PolicyArn, func(p *managed) error {
		if _, ok := p.Versions[*in.VersionId]; !ok {
			return noSuchVersion(p, *in.VersionId)
		}
		if *in.VersionId == p.DefaultVersion {
			return deleteConflict("Cannot delete the default version of a policy.")
		}
		delete(p.Versions, *in.VersionId)
		delete(p.VersionUnix, *in.VersionId)
		delete(p.Texts, *in.VersionId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.DeletePolicyVersionOutput{}, nil
}
