package apigateway

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// UpdateRestApi implements apigateway.UpdateRestApiAPI.
func (s *Service) UpdateRestApi(ctx context.Context, in *api.UpdateRestApiRequest) (*api.RestApi, error) {
	id := aws.Value(in.RestApiId)
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	var out *api.RestApi
	err = s.change(ctx, id, noAPI(ctx, id), func(a *restAPI) error {
		for _, p := range ops {
			if err := a.patch(p); err != nil {
				return err
			}
		}
		out = a.describeWithTags()
		return nil
	})
	return out, err
}

func (a *restAPI) patch(p patch) error {
	switch p.segments[0] {
	case "binaryMediaTypes":
		return a.patchBinaryMediaTypes(p)
	case "endpointConfiguration":
		return a.patchEndpoint(p)
	}
	if p.is("description") && p.op == "remove" {
		a.Description = ""
		return nil
	}
	set, ok := map[string]func(string) error{
		"/name":                      func(v string) error { return a.setName(v) },
		"/description":               func(v string) error { a.Description = v; return nil },
		"/version":                   func(v string) error { a.Version = v; return nil },
		"/apiKeySource":              a.setAPIKeySource,
		"/policy":                    a.setPolicy,
		"/securityPolicy":            a.setSecurityPolicy,
		"/endpointAccessMode":        a.setEndpointAccessMode,
		"/disableExecuteApiEndpoint": func(string) error { a.DisableExecuteAPI = p.isTrue(); return nil },
		"/minimumCompressionSize":    a.patchMinimumCompressionSize,
	}[p.path]
	if !ok {
		return p.unknown()
	}
	if err := p.replaces(); err != nil {
		return err
	}
	return set(p.value)
}

func (a *restAPI) setName(name string) error {
	if name == "" {
		return badRequest("Name cannot be an empty string")
	}
	a.Name = name
	return nil
}

// patchMinimumCompressionSize reads a size; none, or an empty one, disables
// compression.
func (a *restAPI) patchMinimumCompressionSize(size string) error {
	if size == "" {
		a.MinimumCompressionSize = nil
		return nil
	}
	n, err := strconv.Atoi(size)
	if err != nil {
		n = -1
	}
	return a.setMinimumCompressionSize(n)
}

// patchBinaryMediaTypes treats the list as a set whose members are keys.
// AWS: replacing a member puts the new one last, and adding the member "-"
// adds a type of that name (test_update_rest_api_operation_add_remove,
// test_update_rest_api_behaviour).
func (a *restAPI) patchBinaryMediaTypes(p patch) error {
	mediaType, ok := p.in("binaryMediaTypes")
	if !ok {
		return p.unknown()
	}
	isIt := func(t string) bool { return t == mediaType }
	switch p.op {
	case "remove":
		a.BinaryMediaTypes = slices.DeleteFunc(a.BinaryMediaTypes, isIt)
		return nil
	case "replace":
		a.BinaryMediaTypes = slices.DeleteFunc(a.BinaryMediaTypes, isIt)
		mediaType = p.value
	case "add":
	default:
		return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	}
	if !slices.Contains(a.BinaryMediaTypes, mediaType) {
		a.BinaryMediaTypes = append(a.BinaryMediaTypes, mediaType)
	}
	return nil
}

func compactJSON(text string) (string, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		return "", err
	}
	return b.String(), nil
}
