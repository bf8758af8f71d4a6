package resource

import (
	"context"
	"encoding/json"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

type permission struct{ client Lambda }

func permissionType(client Lambda) *Type {
	p := permission{client}
	return &Type{
		Name: "AWS::Lambda::Permission",
		Properties: Properties{
			"Action":                {Required: true, Replace: true},
			"EventSourceToken":      {Replace: true},
			"FunctionName":          {Required: true, Replace: true},
			"FunctionUrlAuthType":   {Replace: true},
			"InvokedViaFunctionUrl": {Kind: Boolean, Replace: true},
			"Principal":             {Required: true, Replace: true},
			"PrincipalOrgID":        {Replace: true},
			"SourceAccount":         {Replace: true},
			"SourceArn":             {Replace: true},
		},
		Attributes:  []string{"Id"},
		Identifiers: []string{"FunctionName", "Id"},
		Named:       func(r *Request) string { return generateName(r, 100) },
		Find:        p.find, Create: p.create, Delete: p.delete,
	}
}

func (p permission) find(ctx context.Context, r *Request) ([]string, error) {
	out, err := p.client.GetPolicy(ctx, &lambda.GetPolicyRequest{FunctionName: new(r.text("FunctionName"))})
	if err != nil {
		return nil, gone(err)
	}
	var policy struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(aws.Value(out.Policy)), &policy); err != nil {
		return nil, err
	}
	for _, s := range policy.Statement {
		if s.Sid == r.PhysicalID {
			return []string{r.PhysicalID}, nil
		}
	}
	return nil, nil
}

func (p permission) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.AddPermissionRequest{StatementId: &r.PhysicalID}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	if _, err := p.client.AddPermission(ctx, in); err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: r.PhysicalID, Attributes: map[string]string{"Id": r.PhysicalID}}, nil
}

func (p permission) delete(ctx context.Context, r *Request) error {
	_, err := p.client.RemovePermission(ctx, &lambda.RemovePermissionRequest{FunctionName: new(r.text("FunctionName")), StatementId: &r.PhysicalID})
	return gone(err)
}
