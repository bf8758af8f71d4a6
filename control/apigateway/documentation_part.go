package apigateway

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

var noDocumentationPart = notFound("Invalid Documentation part identifier specified")

// maxDocumentationParts bounds what one API's document holds; it is AWS's own
// limit.
const maxDocumentationParts = 2000

// The members that locations of each type have, beside the type.
const (
	hasPath = 1 << iota
	hasMethod
	hasStatusCode
	hasName
)

func locationMembers(locationType string) (members int, known bool) {
	switch locationType {
	case "API":
		return 0, true
	case "AUTHORIZER", "MODEL":
		return hasName, true
	case "RESOURCE":
		return hasPath, true
	case "METHOD", "REQUEST_BODY":
		return hasPath | hasMethod, true
	case "PATH_PARAMETER", "QUERY_PARAMETER", "REQUEST_HEADER":
		return hasPath | hasMethod | hasName, true
	case "RESPONSE", "RESPONSE_BODY":
		return hasPath | hasMethod | hasStatusCode, true
	case "RESPONSE_HEADER":
		return hasPath | hasMethod | hasStatusCode | hasName, true
	}
	return 0, false
}

// complete checks a location and writes out what it leaves to its defaults. AWS: a METHOD of GET is answered with the path "/"
// (test_import_documentation_parts).
func (p *documentationLocation) complete() error {
	members, known := locationMembers(p.Type)
	if !known {
		return badRequest("Invalid documentation part location: the type %s is not known", p.Type)
	}
	for _, m := range []struct {
		bit      int
		name     string
		value    *string
		fallback string
	}{
		{hasPath, "path", &p.Path, "/"},
		{hasMethod, "method", &p.Method, "*"},
		{hasStatusCode, "statusCode", &p.StatusCode, "*"},
		{hasName, "name", &p.Name, ""},
	} {
		switch {
		case members&m.bit == 0 && *m.value != "":
			return badRequest("Invalid documentation part location: the type %s has no %s", p.Type, m.name)
		case members&m.bit == 0:
		case *m.value == "" && m.fallback == "":
			return badRequest("Invalid documentation part location: the type %s requires a %s", p.Type, m.name)
		case *m.value == "":
			*m.value = m.fallback
		}
	}
	return nil
}

func checkProperties(properties string) error {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(properties), &object) != nil {
		return badRequest("Documentation part properties must be a valid JSON object")
	}
	return nil
}

// explain names a location as AWS does.
func (p *documentationLocation) explain() string {
	var b strings.Builder
	for _, m := range []struct{ name, value string }{
		{"type", p.Type}, {"path", p.Path}, {"method", p.Method}, {"status code", p.StatusCode}, {"name", p.Name},
	} {
		if m.value == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(m.name + " '" + m.value + "'")
	}
	return b.String()
}

// order is the place of a part in lists.
func (p *documentationPart) order() string {
	l := p.Location
	return strings.Join([]string{l.Type, l.Path, l.Method, l.StatusCode, l.Name, p.ID}, "\x00")
}

// sortedParts returns parts in the order of their locations.
func sortedParts(parts map[string]*documentationPart) []*documentationPart {
	list := make([]*documentationPart, 0, len(parts))
	for _, p := range parts {
		list = append(list, p)
	}
	slices.SortFunc(list, func(x, y *documentationPart) int { return cmp.Compare(x.order(), y.order()) })
	return list
}

// partAt returns the API's part of a location, nil if it has none.
func (a *restAPI) partAt(location documentationLocation) *documentationPart {
	for _, p := range a.DocumentationParts {
		if p.Location == location {
			return p
		}
	}
	return nil
}

// putDocumentation takes in the parts of an imported document, each in the
// place of the part of its location, and returns their IDs.
func (a *restAPI) putDocumentation(parts []documentationPart) []string {
	at := map[documentationLocation]string{}
	for id, p := range a.DocumentationParts {
		at[p.Location] = id
	}
	ids := make([]string, 0, len(parts))
	for _, p := range parts {
		id, exists := at[p.Location]
		if !exists {
			id = newID(6, a.DocumentationParts)
			at[p.Location] = id
		}
		p.ID = id
		put(&a.DocumentationParts, id, &p)
		ids = append(ids, id)
	}
	return ids
}

func (a *restAPI) checkDocumentationRoom() error {
	if len(a.DocumentationParts) > maxDocumentationParts {
		return badRequest("Number of documentation parts exceeds the limit of %d", maxDocumentationParts)
	}
	return nil
}

// CreateDocumentationPart implements apigateway.CreateDocumentationPartAPI.
func (s *Service) CreateDocumentationPart(ctx context.Context, in *api.CreateDocumentationPartRequest) (*api.DocumentationPart, error) {
	id := aws.Value(in.RestApiId)
	p := &documentationPart{Properties: aws.Value(in.Properties)}
	if l := in.Location; l != nil {
		p.Location = documentationLocation{
			Type: aws.Value(l.Type), Path: aws.Value(l.Path), Method: aws.Value(l.Method),
			StatusCode: aws.Value(l.StatusCode), Name: aws.Value(l.Name),
		}
	}
	err := s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		if err := p.Location.complete(); err != nil {
			return err
		}
		if err := checkProperties(p.Properties); err != nil {
			return err
		}
		if a.partAt(p.Location) != nil {
			return conflict("Documentation part already exists for the specified location: %s.", p.Location.explain())
		}
		p.ID = newID(6, a.DocumentationParts)
		put(&a.DocumentationParts, p.ID, p)
		return a.checkDocumentationRoom()
	})
	if err != nil {
		return nil, err
	}
	return describePart(p), nil
}

// GetDocumentationPart implements apigateway.GetDocumentationPartAPI.
func (s *Service) GetDocumentationPart(ctx context.Context, in *api.GetDocumentationPartRequest) (*api.DocumentationPart, error) {
	a, err := s.load(ctx, aws.Value(in.RestApiId), noDocumentationPart)
	if err != nil {
		return nil, err
	}
	p := a.DocumentationParts[aws.Value(in.DocumentationPartId)]
	if p == nil {
		return nil, noDocumentationPart
	}
	return describePart(p), nil
}

// GetDocumentationParts implements apigateway.GetDocumentationPartsAPI.
func (s *Service) GetDocumentationParts(ctx context.Context, in *api.GetDocumentationPartsRequest) (*api.DocumentationParts, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(sortedParts(a.DocumentationParts), func(p *documentationPart) bool { return !p.matches(in) })
	list, next, err := page(list, (*documentationPart).order, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.DocumentationParts{Items: make([]api.DocumentationPart, len(list)), Position: next}
	for i, p := range list {
		out.Items[i] = *describePart(p)
	}
	return out, nil
}

// matches reports whether a part is one that a list asks for.
func (p *documentationPart) matches(in *api.GetDocumentationPartsRequest) bool {
	switch {
	case aws.Value(in.Type) != "" && *in.Type != p.Location.Type,
		aws.Value(in.Path) != "" && *in.Path != p.Location.Path,
		aws.Value(in.NameQuery) != "" && !strings.Contains(p.Location.Name, *in.NameQuery),
		in.LocationStatus != nil && (*in.LocationStatus == "DOCUMENTED") != p.documented():
		return false
	}
	return true
}

// documented reports whether a part has content.
func (p *documentationPart) documented() bool {
	var object map[string]json.RawMessage
	return json.Unmarshal([]byte(p.Properties), &object) == nil && len(object) > 0
}

// UpdateDocumentationPart implements apigateway.UpdateDocumentationPartAPI.
func (s *Service) UpdateDocumentationPart(ctx context.Context, in *api.UpdateDocumentationPartRequest) (*api.DocumentationPart, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.DocumentationPart
	err = s.change(ctx, aws.Value(in.RestApiId), noDocumentationPart, func(a *restAPI) error {
		p := a.DocumentationParts[aws.Value(in.DocumentationPartId)]
		if p == nil {
			return noDocumentationPart
		}
		for _, op := range ops {
			if err := op.only("/properties"); err != nil {
				return err
			}
			if err := checkProperties(op.value); err != nil {
				return err
			}
			p.Properties = op.value
		}
		out = describePart(p)
		return nil
	})
	return out, err
}

// DeleteDocumentationPart implements apigateway.DeleteDocumentationPartAPI.
// AWS: alone among its kind it tells a missing API from a missing part
// (test_invalid_delete_documentation_part).
func (s *Service) DeleteDocumentationPart(ctx context.Context, in *api.DeleteDocumentationPartRequest) (*api.DeleteDocumentationPartOutput, error) {
	apiID, id := aws.Value(in.RestApiId), aws.Value(in.DocumentationPartId)
	err := s.change(ctx, apiID, noAPI(ctx, apiID), func(a *restAPI) error {
		if a.DocumentationParts[id] == nil {
			return noDocumentationPart
		}
		delete(a.DocumentationParts, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteDocumentationPartOutput{}, nil
}

func describePart(p *documentationPart) *api.DocumentationPart {
	l := &p.Location
	return &api.DocumentationPart{
		Id: &p.ID,
		Location: &api.DocumentationPartLocation{
			Type: &l.Type, Path: optional(l.Path), Method: optional(l.Method), StatusCode: optional(l.StatusCode), Name: optional(l.Name),
		},
		Properties: &p.Properties,
	}
}
