package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

type gatewayResponse struct{ client APIGateway }

func gatewayResponseType(client APIGateway) *Type {
	g := gatewayResponse{client}
	return &Type{
		Name: "AWS::ApiGateway::GatewayResponse",
		Properties: Properties{
			"ResponseParameters": {Kind: Map},
			"ResponseTemplates":  {Kind: Map},
			"ResponseType":       {Required: true, Replace: true},
			"RestApiId":          {Required: true, Replace: true},
			"StatusCode":         {},
		},
		Attributes:  []string{"Id"},
		Identifiers: []string{"Id"},
		// An API has one response of each type, so the type tells which it is.
		Named: func(r *Request) string { return r.text("RestApiId") + "|" + r.text("ResponseType") },
		Find:  g.find, Create: g.put, Update: g.put, Delete: g.delete,
	}
}

func (g gatewayResponse) find(ctx context.Context, r *Request) ([]string, error) {
	out, err := g.client.GetGatewayResponse(ctx, &apigateway.GetGatewayResponseRequest{RestApiId: new(r.text("RestApiId")), ResponseType: new(r.text("ResponseType"))})
	if err != nil {
		return nil, gone(err)
	}
	if aws.Value(out.DefaultResponse) {
		return nil, nil
	}
	return []string{r.PhysicalID}, nil
}

// put makes the response what the properties say, whatever it was.
func (g gatewayResponse) put(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.PutGatewayResponseRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	if _, err := g.client.PutGatewayResponse(ctx, in); err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: r.PhysicalID, Attributes: map[string]string{"Id": r.PhysicalID}}, nil
}

func (g gatewayResponse) delete(ctx context.Context, r *Request) error {
	_, err := g.client.DeleteGatewayResponse(ctx, &apigateway.DeleteGatewayResponseRequest{RestApiId: new(r.text("RestApiId")), ResponseType: new(r.text("ResponseType"))})
	return gone(err)
}
