package apigateway

import (
	"context"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// ImportRestApi implements apigateway.ImportRestApiAPI.
func (s *Service) ImportRestApi(ctx context.Context, in *api.ImportRestApiRequest) (*api.RestApi, error) {
	doc, err := readOpenAPI(in.Body)
	if err != nil {
		return nil, err
	}
	var endpoint *api.EndpointConfiguration
	if types := in.Parameters["endpointConfigurationTypes"]; types != "" {
		endpoint = &api.EndpointConfiguration{Types: strings.Split(types, ",")}
	}
	a, err := s.newRestAPI(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	i := s.importer(ctx, a, doc)
	if err := i.run(in.Parameters, aws.Value(in.FailOnWarnings)); err != nil {
		return nil, err
	}
	if a.Name == "" {
		return nil, badRequest("Invalid OpenAPI input. It has no info.title, which is the name of the REST API.")
	}
	if err := s.store(ctx, a); err != nil {
		return nil, err
	}
	out := a.describe()
	out.Warnings = i.warnings
	return out, nil
}

// PutRestApi implements apigateway.PutRestApiAPI.
func (s *Service) PutRestApi(ctx context.Context, in *api.PutRestApiRequest) (*api.RestApi, error) {
	doc, err := readOpenAPI(in.Body)
	if err != nil {
		return nil, err
	}
	id := aws.Value(in.RestApiId)
	var out *api.RestApi
	err = s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		if aws.Value(in.Mode) == "overwrite" {
			a.clear()
			if in.Parameters["ignore"] != "documentation" {
				a.DocumentationParts = nil
			}
		}
		i := s.importer(ctx, a, doc)
		if err := i.run(in.Parameters, aws.Value(in.FailOnWarnings)); err != nil {
			return err
		}
		out = a.describeWithTags()
		out.Warnings = i.warnings
		return nil
	})
	return out, err
}

func (s *Service) importer(ctx context.Context, a *restAPI, doc *node) *importer {
	return &importer{api: a, doc: doc, connects: func(i *plan.Integration) error { return s.checkConnection(ctx, i) }}
}

// clear removes what a document defines. The root and its ID stay, and so does
// what guards or configures the API as a whole until the document says
// otherwise: an overwritten API must not be more open than it was.
func (a *restAPI) clear() {
	a.Resources = map[string]*plan.Resource{a.RootID: {ID: a.RootID, Path: "/"}}
	a.Models, a.Validators, a.Authorizers, a.GatewayResponses = nil, nil, nil, nil
	a.BinaryMediaTypes = nil
	a.Description, a.Version = "", ""
}

// readOpenAPI parses the body of an import.
func readOpenAPI(body []byte) (*node, error) {
	if len(body) > maxBody {
		return nil, badRequest("Invalid OpenAPI input. The body may not exceed %d bytes.", maxBody)
	}
	doc, err := readNode(body)
	if err != nil {
		return nil, badRequest("Invalid OpenAPI input.")
	}
	switch version := doc.get("openapi").str(); {
	case doc.get("swagger").str() == "2.0":
	case version == "3.0" || strings.HasPrefix(version, "3.0."):
	case version != "":
		return nil, badRequest("Invalid OpenAPI input. Version %s is not supported: use swagger 2.0 or openapi 3.0.", version)
	default:
		return nil, badRequest("Invalid OpenAPI input.")
	}
	return doc, nil
}

// ImportDocumentationParts implements apigateway.ImportDocumentationPartsAPI.
func (s *Service) ImportDocumentationParts(ctx context.Context, in *api.ImportDocumentationPartsRequest) (*api.DocumentationPartIds, error) {
	doc, err := readOpenAPI(in.Body)
	if err != nil {
		// AWS: not the words of the other imports
		// (test_import_documentation_parts_bad_file).
		return nil, badRequest("Unable to build importer with provided input.")
	}
	id := aws.Value(in.RestApiId)
	out := &api.DocumentationPartIds{}
	err = s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		if aws.Value(in.Mode) == "overwrite" {
			a.DocumentationParts = nil
		}
		i := s.importer(ctx, a, doc)
		out.Ids = i.readDocumentation("")
		out.Warnings = i.warnings
		return i.verdict(aws.Value(in.FailOnWarnings))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
