package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

type method struct{ client APIGateway }

func methodType(client APIGateway) *Type {
	m := method{client}
	flags := Property{Kind: Map, Of: &Property{Kind: Boolean}}
	return &Type{
		Name: "AWS::ApiGateway::Method",
		Properties: Properties{
			"ApiKeyRequired":      {Kind: Boolean},
			"AuthorizationScopes": {Kind: List},
			"AuthorizationType":   {},
			"AuthorizerId":        {},
			"HttpMethod":          {Required: true, Replace: true},
			"Integration": {Kind: Object, Members: Properties{
				"CacheKeyParameters":    {Kind: List},
				"CacheNamespace":        {},
				"ConnectionId":          {},
				"ConnectionType":        {},
				"ContentHandling":       {},
				"Credentials":           {},
				"IntegrationHttpMethod": {},
				"IntegrationResponses": objects(Properties{
					"ContentHandling":    {},
					"ResponseParameters": {Kind: Map},
					"ResponseTemplates":  {Kind: Map},
					"SelectionPattern":   {},
					"StatusCode":         {Required: true},
				}),
				"IntegrationTarget":    {Missing: true},
				"PassthroughBehavior":  {},
				"RequestParameters":    {Kind: Map},
				"RequestTemplates":     {Kind: Map},
				"ResponseTransferMode": {},
				"TimeoutInMillis":      {Kind: Integer},
				"Type":                 {Required: true},
				"Uri":                  {},
			}},
			"MethodResponses": objects(Properties{
				"ResponseModels":     {Kind: Map},
				"ResponseParameters": flags,
				"StatusCode":         {Required: true},
			}),
			"OperationName":      {},
			"RequestModels":      {Kind: Map},
			"RequestParameters":  flags,
			"RequestValidatorId": {},
			"ResourceId":         {Required: true, Replace: true},
			"RestApiId":          {Required: true, Replace: true},
		},
		Identifiers: []string{"RestApiId", "ResourceId", "HttpMethod"},
		Named: func(r *Request) string {
			return r.text("RestApiId") + "|" + r.text("ResourceId") + "|" + r.text("HttpMethod")
		},
		Find: m.find, Create: m.create, Update: m.update, Delete: m.delete,
	}
}

func (m method) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := m.client.GetMethod(ctx, &apigateway.GetMethodRequest{
		RestApiId: new(r.text("RestApiId")), ResourceId: new(r.text("ResourceId")), HttpMethod: new(r.text("HttpMethod")),
	})
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func (m method) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.PutMethodRequest{AuthorizationType: new("NONE")}
	if err := fill(in, r.Properties, "Integration", "MethodResponses"); err != nil {
		return nil, err
	}
	if _, err := m.client.PutMethod(ctx, in); err != nil {
		return nil, err
	}
	out := &Outcome{PhysicalID: r.PhysicalID}
	for _, response := range items(r.Properties.Get("MethodResponses")) {
		put := &apigateway.PutMethodResponseRequest{RestApiId: in.RestApiId, ResourceId: in.ResourceId, HttpMethod: in.HttpMethod}
		if err := fill(put, response); err != nil {
			return out, err
		}
		if _, err := m.client.PutMethodResponse(ctx, put); err != nil {
			return out, err
		}
	}
	return out, m.integrate(ctx, r, in)
}

func (m method) integrate(ctx context.Context, r *Request, in *apigateway.PutMethodRequest) error {
	integration := r.Properties.Get("Integration")
	if integration == nil {
		return nil
	}
	put := &apigateway.PutIntegrationRequest{RestApiId: in.RestApiId, ResourceId: in.ResourceId, HttpMethod: in.HttpMethod}
	if err := fill(put, integration, "IntegrationResponses"); err != nil {
		return err
	}
	if _, err := m.client.PutIntegration(ctx, put); err != nil {
		return err
	}
	for _, response := range items(integration.Get("IntegrationResponses")) {
		put := &apigateway.PutIntegrationResponseRequest{RestApiId: in.RestApiId, ResourceId: in.ResourceId, HttpMethod: in.HttpMethod}
		if err := fill(put, response); err != nil {
			return err
		}
		if _, err := m.client.PutIntegrationResponse(ctx, put); err != nil {
			return err
		}
	}
	return nil
}

func items(n *template.Node) []*template.Node {
	if n == nil {
		return nil
	}
	return n.Items
}

// update makes the method anew. Nobody is served by a method that is not
// deployed, so there is no moment at which that shows.
func (m method) update(ctx context.Context, r *Request) (*Outcome, error) {
	if err := m.delete(ctx, r); err != nil {
		return nil, err
	}
	out, err := m.create(ctx, r)
	if out == nil {
		out = &Outcome{PhysicalID: r.PhysicalID}
	}
	return out, err
}

func (m method) delete(ctx context.Context, r *Request) error {
	_, err := m.client.DeleteMethod(ctx, &apigateway.DeleteMethodRequest{
		RestApiId: new(r.text("RestApiId")), ResourceId: new(r.text("ResourceId")), HttpMethod: new(r.text("HttpMethod")),
	})
	return gone(err)
}
