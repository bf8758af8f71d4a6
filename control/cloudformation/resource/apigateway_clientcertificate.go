package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

type clientCertificate struct{ client APIGateway }

func clientCertificateType(client APIGateway) *Type {
	c := clientCertificate{client}
	return &Type{
		Name:        "AWS::ApiGateway::ClientCertificate",
		Properties:  Properties{"Description": {}, "Tags": tags()},
		Attributes:  []string{"ClientCertificateId"},
		Identifiers: []string{"ClientCertificateId"},
		Find:        c.find, Create: c.create, Update: c.update, Delete: c.delete,
	}
}

// find returns the certificates of the same description.
func (c clientCertificate) find(ctx context.Context, r *Request) ([]string, error) {
	var found []string
	for in := (&apigateway.GetClientCertificatesRequest{Limit: new(int32(500))}); ; {
		out, err := c.client.GetClientCertificates(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, item := range out.Items {
			if aws.Value(item.Description) == r.text("Description") {
				found = append(found, aws.Value(item.ClientCertificateId))
			}
		}
		if in.Position = out.Position; in.Position == nil {
			return found, nil
		}
	}
}

func (c clientCertificate) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.GenerateClientCertificateRequest{Tags: r.allTags()}
	if err := fill(in, r.Properties, "Tags"); err != nil {
		return nil, err
	}
	out, err := c.client.GenerateClientCertificate(ctx, in)
	if err != nil {
		return nil, err
	}
	return clientCertificateOutcome(aws.Value(out.ClientCertificateId)), nil
}

func clientCertificateOutcome(id string) *Outcome {
	return &Outcome{PhysicalID: id, Attributes: map[string]string{"ClientCertificateId": id}}
}

func (c clientCertificate) update(ctx context.Context, r *Request) (*Outcome, error) {
	out := clientCertificateOutcome(r.PhysicalID)
	if r.changed("Description") {
		var p patches
		p.add("replace", "/description", r.text("Description"))
		if _, err := c.client.UpdateClientCertificate(ctx, &apigateway.UpdateClientCertificateRequest{ClientCertificateId: &r.PhysicalID, PatchOperations: p}); err != nil {
			return out, err
		}
	}
	return out, retagAPI(ctx, c.client, r, "/clientcertificates/"+r.PhysicalID)
}

func (c clientCertificate) delete(ctx context.Context, r *Request) error {
	_, err := c.client.DeleteClientCertificate(ctx, &apigateway.DeleteClientCertificateRequest{ClientCertificateId: &r.PhysicalID})
	return gone(err)
}
