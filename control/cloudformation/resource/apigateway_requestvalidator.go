package resource

import (
	"context"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

type requestValidator struct{ client APIGateway }

func requestValidatorType(client APIGateway) *Type {
	v := requestValidator{client}
	return &Type{
		Name: "AWS::ApiGateway::RequestValidator",
		Properties: Properties{
			"Name":                      {Replace: true},
			"RestApiId":                 {Required: true, Replace: true},
			"ValidateRequestBody":       {Kind: Boolean},
			"ValidateRequestParameters": {Kind: Boolean},
		},
		Attributes:  []string{"RequestValidatorId"},
		Identifiers: []string{"RestApiId", "RequestValidatorId"},
		Find:        v.find, Create: v.create, Update: v.update, Delete: v.delete,
	}
}

func (v requestValidator) find(ctx context.Context, r *Request) ([]string, error) {
	var found []string
	for in := (&apigateway.GetRequestValidatorsRequest{RestApiId: new(r.text("RestApiId")), Limit: new(int32(500))}); ; {
		out, err := v.client.GetRequestValidators(ctx, in)
		if err != nil {
			return nil, gone(err)
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

func (v requestValidator) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &apigateway.CreateRequestValidatorRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	out, err := v.client.CreateRequestValidator(ctx, in)
	if err != nil {
		return nil, err
	}
	return requestValidatorOutcome(aws.Value(out.Id)), nil
}

func requestValidatorOutcome(id string) *Outcome {
	return &Outcome{PhysicalID: id, Attributes: map[string]string{"RequestValidatorId": id}}
}

func (v requestValidator) update(ctx context.Context, r *Request) (*Outcome, error) {
	var p patches
	p.add("replace", "/validateRequestBody", strconv.FormatBool(strings.EqualFold(r.text("ValidateRequestBody"), "true")))
	p.add("replace", "/validateRequestParameters", strconv.FormatBool(strings.EqualFold(r.text("ValidateRequestParameters"), "true")))
	_, err := v.client.UpdateRequestValidator(ctx, &apigateway.UpdateRequestValidatorRequest{RestApiId: new(r.text("RestApiId")), RequestValidatorId: &r.PhysicalID, PatchOperations: p})
	return requestValidatorOutcome(r.PhysicalID), err
}

func (v requestValidator) delete(ctx context.Context, r *Request) error {
	_, err := v.client.DeleteRequestValidator(ctx, &apigateway.DeleteRequestValidatorRequest{RestApiId: new(r.text("RestApiId")), RequestValidatorId: &r.PhysicalID})
	return gone(err)
}
