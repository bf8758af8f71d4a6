package apigateway

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// CreateRestApi implements apigateway.CreateRestApiAPI.
func (s *Service) CreateRestApi(ctx context.Context, in *api.CreateRestApiRequest) (*api.RestApi, error) {
	if in.Description != nil && *in.Description == "" {
		return nil, badRequest("Description cannot be an empty string")
	}
	a, err := s.newRestAPI(ctx, in.EndpointConfiguration)
	if err != nil {
		return nil, err
	}
	if err := a.setName(aws.Value(in.Name)); err != nil {
		return nil, err
	}
	a.Models = defaultModels()
	a.Description, a.Version = aws.Value(in.Description), aws.Value(in.Version)
	a.Tags = maps.Clone(in.Tags)
	if err := checkTags(a.Tags); err != nil {
		return nil, err
	}
	a.BinaryMediaTypes = in.BinaryMediaTypes
	a.DisableExecuteAPI = aws.Value(in.DisableExecuteApiEndpoint)
	a.SecurityPolicy, a.EndpointAccessMode = aws.Value(in.SecurityPolicy), aws.Value(in.EndpointAccessMode)
	if in.ApiKeySource != nil {
		if err := a.setAPIKeySource(*in.ApiKeySource); err != nil {
			return nil, err
		}
	}
	if in.MinimumCompressionSize != nil {
		if err := a.setMinimumCompressionSize(int(*in.MinimumCompressionSize)); err != nil {
			return nil, err
		}
	}
	if err := a.setPolicy(aws.Value(in.Policy)); err != nil {
		return nil, err
	}
	if from := aws.Value(in.CloneFrom); from != "" {
		source, err := s.load(ctx, from, noAPI(ctx, from))
		if err != nil {
			return nil, err
		}
		a.clone(source)
	}
	if err := s.store(ctx, a); err != nil {
		return nil, err
	}
	return a.describe(), nil
}

// newRestAPI returns an API with nothing but its root, not yet stored.
func (s *Service) newRestAPI(ctx context.Context, endpoint *api.EndpointConfiguration) (*restAPI, error) {
	c := aws.CallerFrom(ctx)
	a := &restAPI{
		RestAPI:      plan.RestAPI{ID: s.freeID(), Account: c.Account, Region: c.Region},
		Created:      s.now(),
		APIKeySource: "HEADER",
		RootID:       aws.NewResourceID(10),
	}
	a.Resources = map[string]*plan.Resource{a.RootID: {ID: a.RootID, Path: "/"}}
	return a, a.setEndpoint(endpoint)
}

// now is the present to the second, which is all that AWS tells of a time.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Second) }

func (s *Service) freeID() string {
	for {
		id := aws.NewResourceID(10)
		if _, err := s.docs.Get(plan.RestAPIKey(id)); err != nil {
			return id
		}
	}
}

func (s *Service) store(ctx context.Context, a *restAPI) error {
	return state.Create(ctx, s.docs, plan.RestAPIKey(a.ID), a)
}

// clone copies what source deploys; resources get IDs of their own.
func (a *restAPI) clone(source *restAPI) {
	ids := map[string]string{source.RootID: a.RootID}
	for id := range source.Resources {
		if id != source.RootID {
			ids[id] = newID(6, a.Resources)
			a.Resources[ids[id]] = nil
		}
	}
	for id, r := range source.Resources {
		r.ID, r.ParentID = ids[id], ids[r.ParentID]
		for _, m := range r.Methods {
			if m.Integration != nil && m.Integration.CacheNamespace == id {
				m.Integration.CacheNamespace = r.ID
			}
		}
		a.Resources[r.ID] = r
	}
	for _, m := range source.Models {
		m.Schema = strings.ReplaceAll(m.Schema, modelURL(source.ID, ""), modelURL(a.ID, ""))
	}
	a.Models, a.Validators = source.Models, source.Validators
	a.GatewayResponses, a.Authorizers = source.GatewayResponses, source.Authorizers
	a.DocumentationParts = source.DocumentationParts
}

// GetRestApi implements apigateway.GetRestApiAPI.
func (s *Service) GetRestApi(ctx context.Context, in *api.GetRestApiRequest) (*api.RestApi, error) {
	id := aws.Value(in.RestApiId)
	a, err := s.load(ctx, id, noAPI(ctx, id))
	if err != nil {
		return nil, err
	}
	return a.describeWithTags(), nil
}

// GetRestApis implements apigateway.GetRestApisAPI.
func (s *Service) GetRestApis(ctx context.Context, in *api.GetRestApisRequest) (*api.RestApis, error) {
	all, err := state.LoadAll[restAPI](s.docs, plan.RestAPIsPrefix)
	if err != nil {
		return nil, err
	}
	var own []*restAPI
	for _, a := range all {
		if a.belongsTo(ctx) {
			own = append(own, a)
		}
	}
	byAge := func(a *restAPI) string { return a.Created.Format(time.RFC3339) + a.ID }
	own, next, err := page(own, byAge, in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &api.RestApis{Items: make([]api.RestApi, len(own)), Position: next}
	for i, a := range own {
		out.Items[i] = *a.describe()
	}
	return out, nil
}

// DeleteRestApi implements apigateway.DeleteRestApiAPI. The API goes first and
// with it its stages, so that nothing is served any more whatever happens
// afterwards; collect would find deployments that are left.
func (s *Service) DeleteRestApi(ctx context.Context, in *api.DeleteRestApiRequest) (*api.DeleteRestApiOutput, error) {
	id := aws.Value(in.RestApiId)
	absent := noAPI(ctx, id)
	if !isID(id) {
		return nil, absent
	}
	err := state.Remove(ctx, s.docs, plan.RestAPIKey(id), func(a *restAPI) error {
		if !a.belongsTo(ctx) {
			return state.ErrNotFound
		}
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil, absent
	}
	if err != nil {
		return nil, err
	}
	s.purgeAll(context.WithoutCancel(ctx), id)
	return &api.DeleteRestApiOutput{}, nil
}

func (a *restAPI) describe() *api.RestApi {
	out := &api.RestApi{
		Id:                        &a.ID,
		Name:                      &a.Name,
		Description:               optional(a.Description),
		Version:                   optional(a.Version),
		CreatedDate:               &a.Created,
		ApiKeySource:              &a.APIKeySource,
		DisableExecuteApiEndpoint: &a.DisableExecuteAPI,
		RootResourceId:            &a.RootID,
		Policy:                    optional(escapePolicy(a.Policy)),
		SecurityPolicy:            optional(a.SecurityPolicy),
		EndpointAccessMode:        optional(a.EndpointAccessMode),
		EndpointConfiguration: &api.EndpointConfiguration{
			Types:          []string{a.EndpointType},
			IpAddressType:  &a.IPAddressType,
			VpcEndpointIds: a.VPCEndpointIDs,
		},
	}
	if len(a.BinaryMediaTypes) > 0 {
		out.BinaryMediaTypes = a.BinaryMediaTypes
	}
	if a.MinimumCompressionSize != nil {
		out.MinimumCompressionSize = new(int32(*a.MinimumCompressionSize))
	}
	if len(a.Tags) > 0 {
		out.Tags = a.Tags
	}
	return out
}

// describeWithTags is describe with the tags even when there are none.
// AWS: GetRestApi, UpdateRestApi and PutRestApi answer "tags": {}, while
// CreateRestApi, ImportRestApi and lists leave them out
// (test_put_rest_api_mode_binary_media_types).
func (a *restAPI) describeWithTags() *api.RestApi {
	out := a.describe()
	if out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out
}

func (a *restAPI) setAPIKeySource(source string) error {
	if source != "HEADER" && source != "AUTHORIZER" {
		return badRequest("Invalid API key source specified. Must be one of: [HEADER, AUTHORIZER]")
	}
	a.APIKeySource = source
	return nil
}

const maxCompressionSize = 10 << 20

func (a *restAPI) setMinimumCompressionSize(n int) error {
	if n < 0 || n > maxCompressionSize {
		return badRequest("Invalid minimum compression size, must be between 0 and %d", maxCompressionSize)
	}
	a.MinimumCompressionSize = &n
	return nil
}

// setPolicy stores a resource policy, with the resources that it abbreviates as
// execute-api:/STAGE/METHOD/PATH written out. It is checked here: a policy that
// cannot be read would close the API.
func (a *restAPI) setPolicy(text string) error {
	if text == "" {
		a.Policy = ""
		return nil
	}
	if _, err := policy.Parse(policy.Resource, text); err != nil {
		return badRequest("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
	}
	compact, err := compactJSON(text)
	if err != nil {
		return badRequest("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
	}
	own := aws.NewARN("execute-api", a.Region, a.Account, a.ID+"/").String()
	a.Policy = strings.ReplaceAll(compact, `"execute-api:/`, `"`+own)
	return nil
}

// escapePolicy returns a policy as it stands within a JSON string.
// AWS: the member policy of a RestApi is escaped twice; clients undo one layer
// themselves (AWS's documentation of the member; Terraform's provider).
func escapePolicy(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}
