package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

type apiResource struct{ client APIGateway }

func apiResourceType(client APIGateway) *Type {
	a := apiResource{client}
	return &Type{
		Name: "AWS::ApiGateway::Resource",
		Properties: Properties{
			"ParentId":  {Required: true, Replace: true},
			"PathPart":  {Required: true, Replace: true},
			"RestApiId": {Required: true, Replace: true},
		},
		Attributes:  []string{"ResourceId"},
		Identifiers: []string{"RestApiId", "ResourceId"},
		Find:        a.find, Create: a.create, Delete: a.delete,
	}
}

func (a apiResource) find(ctx context.Context, r *Request) ([]string, error) {
	var found []string
	for in := (&apigateway.GetResourcesRequest{RestApiId: new(r.text("RestApiId")), Limit: new(int32(500))}); ; {
		out, err := a.client.GetResources(ctx, in)
		if err != nil {
			return nil, gone(err)
		}
		for _, item := range out.Items {
			if aws.Value(item.ParentId) == r.text("ParentId") && aws.Value(item.PathPart) == r.text("PathPart") {
				found = append(found, aws.Value(item.Id))
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return found, nil
		}
	}
}

func (a apiResource) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateResourceRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	out, err := a.client.CreateResource(ctx, in)
	if err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: aws.Value(out.Id), Attributes: map[string]string{"ResourceId": aws.Value(out.Id)}}, nil
}

func (a apiResource) delete(ctx context.Context, r *Request) error {
	_, err := a.client.DeleteResource(ctx, &apigateway.DeleteResourceRequest{RestApiId: new(r.text("RestApiId")), ResourceId: &r.PhysicalID})
	return gone(err)
}
