package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// noResource answers for a resource that does not exist, be it because the API
// does not. AWS: operations that name a resource do not tell the two apart
// (test_put_method_validation).
var noResource = notFound("Invalid Resource identifier specified")

// AWS: the words and the characters as AWS's reports show them; the dollar sign
// and the percent sign are refused.
var pathPart = regexp.MustCompile(`^(\{[a-zA-Z0-9._:-]+\+?\}|[a-zA-Z0-9._:-]+)$`)

func checkPathPart(part string) error {
	if !pathPart.MatchString(part) {
		return badRequest("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.")
	}
	return nil
}

func isVariable(part string) bool { return strings.HasPrefix(part, "{") }
func isGreedy(part string) bool   { return strings.HasSuffix(part, "+}") }

// CreateResource implements apigateway.CreateResourceAPI.
func (s *Service) CreateResource(ctx context.Context, in *api.CreateResourceRequest) (*api.Resource, error) {
	var out *api.Resource
	err := s.change(ctx, aws.Value(in.RestApiId), noResource, func(a *restAPI) error {
		parent := a.Resources[aws.Value(in.ParentId)]
		if parent == nil {
			return noResource
		}
		r, err := a.addResource(parent, aws.Value(in.PathPart), a.below(parent))
		if err != nil {
			return err
		}
		out = describeResource(r, nil)
		return nil
	})
	return out, err
}

// addResource creates the resource part under parent, beside its siblings.
func (a *restAPI) addResource(parent *plan.Resource, part string, siblings []*plan.Resource) (*plan.Resource, error) {
	if err := checkPathPart(part); err != nil {
		return nil, err
	}
	if err := checkSiblings(parent, siblings, part); err != nil {
		return nil, err
	}
	r := &plan.Resource{ID: newID(6, a.Resources), ParentID: parent.ID, PathPart: part, Path: join(parent.Path, part)}
	if err := checkPath(r.Path); err != nil {
		return nil, err
	}
	a.Resources[r.ID] = r
	return r, nil
}

// maxPath is longer than the URL of any request that AWS takes could use.
const maxPath = 4096

func checkPath(path string) error {
	if len(path) > maxPath {
		return badRequest("The path of a resource may not be longer than %d characters", maxPath)
	}
	return nil
}

func join(parent, part string) string { return strings.TrimSuffix(parent, "/") + "/" + part }

// below returns a resource's children.
func (a *restAPI) below(parent *plan.Resource) []*plan.Resource {
	return slices.DeleteFunc(a.byPath(), func(r *plan.Resource) bool { return r.ParentID != parent.ID })
}

// checkSiblings refuses a path part that cannot stand under parent beside the
// resources that are there.
func checkSiblings(parent *plan.Resource, siblings []*plan.Resource, part string) error {
	if isGreedy(parent.PathPart) {
		return badRequest("Cannot create a child of a resource with a greedy path variable: %s", parent.PathPart)
	}
	for _, r := range siblings {
		switch {
		case r.PathPart == part:
			return conflict("Another resource with the same parent already has this name: %s", part)
		case isVariable(r.PathPart) && isVariable(part):
			return badRequest("A sibling (%s) of this resource already has a variable path part -- only one is allowed", r.PathPart)
		}
	}
	return nil
}

// GetResource implements apigateway.GetResourceAPI.
func (s *Service) GetResource(ctx context.Context, in *api.GetResourceRequest) (*api.Resource, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noResource)
	if err != nil {
		return nil, err
	}
	r := a.Resources[aws.Value(in.ResourceId)]
	if r == nil {
		return nil, noResource
	}
	return describeResource(r, in.Embed), nil
}

// GetResources implements apigateway.GetResourcesAPI.
func (s *Service) GetResources(ctx context.Context, in *api.GetResourcesRequest) (*api.Resources, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	list, next, err := page(a.byPath(), func(r *plan.Resource) string { return r.Path }, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.Resources{Items: make([]api.Resource, len(list)), Position: next}
	for i, r := range list {
		out.Items[i] = *describeResource(r, in.Embed)
	}
	return out, nil
}

// UpdateResource implements apigateway.UpdateResourceAPI.
func (s *Service) UpdateResource(ctx context.Context, in *api.UpdateResourceRequest) (*api.Resource, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.Resource
	err = s.change(ctx, aws.Value(in.RestApiId), noResource, func(a *restAPI) error {
		r := a.Resources[aws.Value(in.ResourceId)]
		if r == nil {
			return noResource
		}
		for _, p := range ops {
			if err := a.patchResource(r, p); err != nil {
				return err
			}
		}
		out = describeResource(r, nil)
		return nil
	})
	return out, err
}

func (a *restAPI) patchResource(r *plan.Resource, p patch) error {
	if err := p.only("/parentId", "/pathPart"); err != nil {
		return err
	}
	if r.ID == a.RootID {
		return badRequest("Root resource cannot update its %s.", p.segments[0])
	}
	parent, part := a.Resources[r.ParentID], r.PathPart
	if p.is("parentId") {
		parent = a.Resources[p.value]
		if parent == nil {
			return noResource
		}
		for up := parent; up != nil; up = a.Resources[up.ParentID] {
			if up == r {
				return badRequest("Resources cannot be cyclical.")
			}
		}
	} else {
		part = p.value
		if err := checkPathPart(part); err != nil {
			return err
		}
		if isGreedy(part) && len(a.below(r)) > 0 {
			return badRequest("Cannot create a child of a resource with a greedy path variable: %s", part)
		}
	}
	siblings := slices.DeleteFunc(a.below(parent), func(x *plan.Resource) bool { return x == r })
	if err := checkSiblings(parent, siblings, part); err != nil {
		return err
	}
	r.ParentID, r.PathPart = parent.ID, part
	return a.movePaths(r, join(parent.Path, part))
}

// movePaths gives r a path, and what is below it paths below that.
func (a *restAPI) movePaths(r *plan.Resource, path string) error {
	moved := r.Path + "/"
	r.Path = path
	if err := checkPath(path); err != nil {
		return err
	}
	for _, c := range a.Resources {
		rest, ok := strings.CutPrefix(c.Path, moved)
		if !ok || c == r {
			continue
		}
		c.Path = path + "/" + rest
		if err := checkPath(c.Path); err != nil {
			return err
		}
	}
	return nil
}

// DeleteResource implements apigateway.DeleteResourceAPI. What is below the
// resource goes with it.
func (s *Service) DeleteResource(ctx context.Context, in *api.DeleteResourceRequest) (*api.DeleteResourceOutput, error) {
	err := s.change(ctx, aws.Value(in.RestApiId), noResource, func(a *restAPI) error {
		r := a.Resources[aws.Value(in.ResourceId)]
		if r == nil {
			return noResource
		}
		if r.ID == a.RootID {
			return badRequest("Root resource cannot be deleted.")
		}
		a.removeResource(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteResourceOutput{}, nil
}

func (a *restAPI) removeResource(r *plan.Resource) {
	delete(a.Resources, r.ID)
	for id, c := range a.Resources {
		if strings.HasPrefix(c.Path, r.Path+"/") {
			delete(a.Resources, id)
		}
	}
}

// describeResource returns a resource; its methods are empty unless they are to
// be embedded.
func describeResource(r *plan.Resource, embed []string) *api.Resource {
	out := &api.Resource{
		Id:       &r.ID,
		ParentId: optional(r.ParentID),
		PathPart: optional(r.PathPart),
		Path:     &r.Path,
	}
	for name, m := range r.Methods {
		var method api.Method
		if slices.Contains(embed, "methods") {
			method = *describeMethod(m)
		}
		put(&out.ResourceMethods, name, method)
	}
	return out
}
