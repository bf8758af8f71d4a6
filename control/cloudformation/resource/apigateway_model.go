package resource

import (
	"context"
	"strings"

	"github.com/lamgate/lamgate/api/apigateway"
)

type model struct{ client APIGateway }

func modelType(client APIGateway) *Type {
	m := model{client}
	return &Type{
		Name: "AWS::ApiGateway::Model",
		Properties: Properties{
			"ContentType": {Replace: true},
			"Description": {},
			"Name":        {Replace: true},
			"RestApiId":   {Required: true, Replace: true},
			"Schema":      {Kind: JSON},
		},
		Identifiers: []string{"RestApiId", "Name"},
		Named: func(r *Request) string {
			if name := r.text("Name"); name != "" {
				return name
			}
			// A model's name is alphanumeric.
			return strings.ReplaceAll(generateName(r, 128), "-", "")
		},
		Find: m.find, Create: m.create, Update: m.update, Delete: m.delete,
	}
}

func (m model) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := m.client.GetModel(ctx, &apigateway.GetModelRequest{RestApiId: new(r.text("RestApiId")), ModelName: &r.PhysicalID})
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func (m model) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateModelRequest{Name: &r.PhysicalID, ContentType: new("application/json")}
	if err := fill(in, r.Properties, "Name", "Schema"); err != nil {
		return nil, err
	}
	in.Schema = optional(document(r.Properties.Get("Schema")))
	if _, err := m.client.CreateModel(ctx, in); err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: r.PhysicalID}, nil
}

func (m model) update(ctx context.Context, r *Request) (*Outcome, error) {
	var p patches
	p.add("replace", "/description", r.text("Description"))
	p.add("replace", "/schema", or(document(r.Properties.Get("Schema")), "{}"))
	_, err := m.client.UpdateModel(ctx, &apigateway.UpdateModelRequest{RestApiId: new(r.text("RestApiId")), ModelName: &r.PhysicalID, PatchOperations: p})
	return &Outcome{PhysicalID: r.PhysicalID}, err
}

func (m model) delete(ctx context.Context, r *Request) error {
	_, err := m.client.DeleteModel(ctx, &apigateway.DeleteModelRequest{RestApiId: new(r.text("RestApiId")), ModelName: &r.PhysicalID})
	return gone(err)
}
