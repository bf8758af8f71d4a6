package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
)

type documentationVersion struct{ client APIGateway }

func documentationVersionType(client APIGateway) *Type {
	d := documentationVersion{client}
	return &Type{
		Name: "AWS::ApiGateway::DocumentationVersion",
		Properties: Properties{
			"Description":          {},
			"DocumentationVersion": {Required: true, Replace: true},
			"RestApiId":            {Required: true, Replace: true},
		},
		Identifiers: []string{"DocumentationVersion", "RestApiId"},
		Named:       func(r *Request) string { return r.text("DocumentationVersion") },
		Find:        d.find, Create: d.create, Update: d.update, Delete: d.delete,
	}
}

func (d documentationVersion) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := d.client.GetDocumentationVersion(ctx, &apigateway.GetDocumentationVersionRequest{RestApiId: new(r.text("RestApiId")), DocumentationVersion: &r.PhysicalID})
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func (d documentationVersion) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateDocumentationVersionRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	if _, err := d.client.CreateDocumentationVersion(ctx, in); err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: r.PhysicalID}, nil
}

func (d documentationVersion) update(ctx context.Context, r *Request) (*Outcome, error) {
	var p patches
	p.add("replace", "/description", r.text("Description"))
	_, err := d.client.UpdateDocumentationVersion(ctx, &apigateway.UpdateDocumentationVersionRequest{RestApiId: new(r.text("RestApiId")), DocumentationVersion: &r.PhysicalID, PatchOperations: p})
	return &Outcome{PhysicalID: r.PhysicalID}, err
}

func (d documentationVersion) delete(ctx context.Context, r *Request) error {
	_, err := d.client.DeleteDocumentationVersion(ctx, &apigateway.DeleteDocumentationVersionRequest{RestApiId: new(r.text("RestApiId")), DocumentationVersion: &r.PhysicalID})
	return gone(err)
}
