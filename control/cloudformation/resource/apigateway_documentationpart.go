package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

type documentationPart struct{ client APIGateway }

func documentationPartType(client APIGateway) *Type {
	d := documentationPart{client}
	return &Type{
		Name: "AWS::ApiGateway::DocumentationPart",
		Properties: Properties{
			"Location": {Kind: Object, Required: true, Replace: true, Members: Properties{
				"Method": {}, "Name": {}, "Path": {}, "StatusCode": {}, "Type": {},
			}},
			"Properties": {Required: true},
			"RestApiId":  {Required: true, Replace: true},
		},
		Attributes:  []string{"DocumentationPartId"},
		Identifiers: []string{"DocumentationPartId", "RestApiId"},
		Find:        d.find, Create: d.create, Update: d.update, Delete: d.delete,
	}
}

// find returns the part that documents the same place: there can be but one.
func (d documentationPart) find(ctx context.Context, r *Request) ([]string, error) {
	want := &apigateway.DocumentationPartLocation{}
	if err := fill(want, r.Properties.Get("Location")); err != nil {
		return nil, err
	}
	same := func(have *apigateway.DocumentationPartLocation) bool {
		return have != nil && aws.Value(have.Type) == aws.Value(want.Type) && aws.Value(have.Path) == aws.Value(want.Path) &&
			aws.Value(have.Method) == aws.Value(want.Method) && aws.Value(have.StatusCode) == aws.Value(want.StatusCode) &&
			aws.Value(have.Name) == aws.Value(want.Name)
	}
	var found []string
	for in := (&apigateway.GetDocumentationPartsRequest{RestApiId: new(r.text("RestApiId")), Limit: new(int32(500))}); ; {
		out, err := d.client.GetDocumentationParts(ctx, in)
		if err != nil {
			return nil, gone(err)
		}
		for _, item := range out.Items {
			if same(item.Location) {
				found = append(found, aws.Value(item.Id))
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return found, nil
		}
	}
}

func (d documentationPart) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateDocumentationPartRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	out, err := d.client.CreateDocumentationPart(ctx, in)
	if err != nil {
		return nil, err
	}
	return documentationPartOutcome(aws.Value(out.Id)), nil
}

func documentationPartOutcome(id string) *Outcome {
	return &Outcome{PhysicalID: id, Attributes: map[string]string{"DocumentationPartId": id}}
}

func (d documentationPart) update(ctx context.Context, r *Request) (*Outcome, error) {
	var p patches
	p.add("replace", "/properties", r.text("Properties"))
	_, err := d.client.UpdateDocumentationPart(ctx, &apigateway.UpdateDocumentationPartRequest{RestApiId: new(r.text("RestApiId")), DocumentationPartId: &r.PhysicalID, PatchOperations: p})
	return documentationPartOutcome(r.PhysicalID), err
}

func (d documentationPart) delete(ctx context.Context, r *Request) error {
	_, err := d.client.DeleteDocumentationPart(ctx, &apigateway.DeleteDocumentationPartRequest{RestApiId: new(r.text("RestApiId")), DocumentationPartId: &r.PhysicalID})
	return gone(err)
}
