package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

type vpcLink struct{ client APIGateway }

func vpcLinkType(client APIGateway) *Type {
	v := vpcLink{client}
	return &Type{
		Name: "AWS::ApiGateway::VpcLink",
		Properties: Properties{
			"Description": {},
			"Name":        {Required: true},
			"Tags":        tags(),
			"TargetArns":  {Kind: List, Required: true, Replace: true},
		},
		Attributes:  []string{"VpcLinkId"},
		Identifiers: []string{"VpcLinkId"},
		Find:        v.find, Create: v.create, Update: v.update, Delete: v.delete,
	}
}

func (v vpcLink) find(ctx context.Context, r *Request) ([]string, error) {
	var found []string
	for in := (&apigateway.GetVpcLinksRequest{Limit: new(int32(500))}); ; {
		out, err := v.client.GetVpcLinks(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, item := range out.Items {
			if aws.Value(item.Name) == r.text("Name") {
				found = append(found, aws.Value(item.Id))
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return found, nil
		}
	}
}

func (v vpcLink) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateVpcLinkRequest{Tags: r.allTags()}
	if err := fill(in, r.Properties, "Tags"); err != nil {
		return nil, err
	}
	out, err := v.client.CreateVpcLink(ctx, in)
	if err != nil {
		return nil, err
	}
	return vpcLinkOutcome(aws.Value(out.Id)), nil
}

func vpcLinkOutcome(id string) *Outcome {
	return &Outcome{PhysicalID: id, Attributes: map[string]string{"VpcLinkId": id}}
}

func (v vpcLink) update(ctx context.Context, r *Request) (*Outcome, error) {
	out := vpcLinkOutcome(r.PhysicalID)
	var p patches
	p.replace("/name", r.previous("Name"), r.text("Name"))
	p.replace("/description", r.previous("Description"), r.text("Description"))
	if len(p) > 0 {
		if _, err := v.client.UpdateVpcLink(ctx, &apigateway.UpdateVpcLinkRequest{VpcLinkId: &r.PhysicalID, PatchOperations: p}); err != nil {
			return out, err
		}
	}
	return out, retagAPI(ctx, v.client, r, "/vpclinks/"+r.PhysicalID)
}

func (v vpcLink) delete(ctx context.Context, r *Request) error {
	_, err := v.client.DeleteVpcLink(ctx, &apigateway.DeleteVpcLinkRequest{VpcLinkId: &r.PhysicalID})
	return gone(err)
}
