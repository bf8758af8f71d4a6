package apigateway

import (
	"context"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// A documentationVersion is a snapshot of an API's documentation parts.
type documentationVersion struct {
	Version     string
	Description string `json:",omitempty"`
	Created     time.Time
	Parts       map[string]*documentationPart `json:",omitempty"` // by ID
}

var noDocumentationVersion = notFound("Invalid Documentation version specified")

// maxDocumentationVersions bounds what one API's document holds.
const maxDocumentationVersions = 50

func (a *restAPI) checkDocumentationVersion(version string) error {
	if version != "" && a.DocumentationVersions[version] == nil {
		return noDocumentationVersion
	}
	return nil
}

// CreateDocumentationVersion implements apigateway.CreateDocumentationVersionAPI.
func (s *Service) CreateDocumentationVersion(ctx context.Context, in *api.CreateDocumentationVersionRequest) (*api.DocumentationVersion, error) {
	id := aws.Value(in.RestApiId)
	var out *api.DocumentationVersion
	err := s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		v := &documentationVersion{Version: aws.Value(in.DocumentationVersion), Description: aws.Value(in.Description), Created: s.now()}
		switch {
		case v.Version == "":
			return badRequest("Documentation version must be non-empty")
		case a.DocumentationVersions[v.Version] != nil:
			return conflict("Documentation version already exists: %s", v.Version)
		case len(a.DocumentationVersions) >= maxDocumentationVersions:
			return badRequest("Number of documentation versions exceeds the limit of %d", maxDocumentationVersions)
		}
		for id, p := range a.DocumentationParts {
			put(&v.Parts, id, new(*p))
		}
		put(&a.DocumentationVersions, v.Version, v)
		if name := aws.Value(in.StageName); name != "" {
			st := a.Stages[name]
			if st == nil {
				return noStage
			}
			st.DocumentationVersion = v.Version
			st.Updated = s.now()
		}
		out = describeVersion(v)
		return nil
	})
	return out, err
}

// GetDocumentationVersion implements apigateway.GetDocumentationVersionAPI.
func (s *Service) GetDocumentationVersion(ctx context.Context, in *api.GetDocumentationVersionRequest) (*api.DocumentationVersion, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noDocumentationVersion)
	if err != nil {
		return nil, err
	}
	v := a.DocumentationVersions[aws.Value(in.DocumentationVersion)]
	if v == nil {
		return nil, noDocumentationVersion
	}
	return describeVersion(v), nil
}

// GetDocumentationVersions implements apigateway.GetDocumentationVersionsAPI.
func (s *Service) GetDocumentationVersions(ctx context.Context, in *api.GetDocumentationVersionsRequest) (*api.DocumentationVersions, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	names, next, err := page(sorted(a.DocumentationVersions), func(name string) string { return name }, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.DocumentationVersions{Items: make([]api.DocumentationVersion, len(names)), Position: next}
	for i, name := range names {
		out.Items[i] = *describeVersion(a.DocumentationVersions[name])
	}
	return out, nil
}

// UpdateDocumentationVersion implements apigateway.UpdateDocumentationVersionAPI.
func (s *Service) UpdateDocumentationVersion(ctx context.Context, in *api.UpdateDocumentationVersionRequest) (*api.DocumentationVersion, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.DocumentationVersion
	err = s.change(ctx, aws.Value(in.RestApiId), noDocumentationVersion, func(a *restAPI) error {
		v := a.DocumentationVersions[aws.Value(in.DocumentationVersion)]
		if v == nil {
			return noDocumentationVersion
		}
		for _, p := range ops {
			if err := p.only("/description"); err != nil {
				return err
			}
			v.Description = p.value
		}
		out = describeVersion(v)
		return nil
	})
	return out, err
}

// DeleteDocumentationVersion implements apigateway.DeleteDocumentationVersionAPI.
// A version that a stage publishes stays.
func (s *Service) DeleteDocumentationVersion(ctx context.Context, in *api.DeleteDocumentationVersionRequest) (*api.DeleteDocumentationVersionOutput, error) {
	version := aws.Value(in.DocumentationVersion)
	err := s.change(ctx, aws.Value(in.RestApiId), noDocumentationVersion, func(a *restAPI) error {
		if a.DocumentationVersions[version] == nil {
			return noDocumentationVersion
		}
		for _, name := range sorted(a.Stages) {
			if a.Stages[name].DocumentationVersion == version {
				return conflict("Cannot delete documentation version '%s', is referenced in stage: %s", version, name)
			}
		}
		delete(a.DocumentationVersions, version)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteDocumentationVersionOutput{}, nil
}

func describeVersion(v *documentationVersion) *api.DocumentationVersion {
	return &api.DocumentationVersion{Version: &v.Version, Description: optional(v.Description), CreatedDate: &v.Created}
}
