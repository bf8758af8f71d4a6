package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/apigateway"
)

func accountType(client APIGateway) *Type {
	put := func(ctx context.Context, r *Request) (*Outcome, error) {
		out := &Outcome{PhysicalID: r.PhysicalID, Attributes: map[string]string{"Id": r.PhysicalID}}
		var p patches
		p.add("replace", "/cloudwatchRoleArn", r.text("CloudWatchRoleArn"))
		_, err := client.UpdateAccount(ctx, &apigateway.UpdateAccountRequest{PatchOperations: p})
		return out, err
	}
	return &Type{
		Name:        "AWS::ApiGateway::Account",
		Properties:  Properties{"CloudWatchRoleArn": {}},
		Attributes:  []string{"Id"},
		Identifiers: []string{"Id"},
		Named:       func(r *Request) string { return generateName(r, 64) },
		Create:      put,
		Update:      put,
		// AWS: the account's settings outlive the stack.
		Delete: func(context.Context, *Request) error { return nil },
	}
}
