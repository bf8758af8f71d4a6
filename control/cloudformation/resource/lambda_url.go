package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

type functionURL struct{ client Lambda }

func functionURLType(client Lambda) *Type {
	u := functionURL{client}
	return &Type{
		Name: "AWS::Lambda::Url",
		Properties: Properties{
			"AuthType": {Required: true},
			"Cors": {Kind: Object, Members: Properties{
				"AllowCredentials": {Kind: Boolean}, "AllowHeaders": {Kind: List}, "AllowMethods": {Kind: List},
				"AllowOrigins": {Kind: List}, "ExposeHeaders": {Kind: List}, "MaxAge": {Kind: Integer},
			}},
			"InvokeMode":        {},
			"Qualifier":         {Replace: true},
			"TargetFunctionArn": {Required: true, Replace: true},
		},
		Attributes:  []string{"FunctionArn", "FunctionUrl"},
		Identifiers: []string{"FunctionArn"},
		Find:        u.find, Create: u.create, Update: u.update, Delete: u.delete,
	}
}

func (u functionURL) get(ctx context.Context, r *Request) (*lambda.GetFunctionUrlConfigResponse, error) {
	return u.client.GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigRequest{
		FunctionName: new(r.text("TargetFunctionArn")), Qualifier: optional(r.text("Qualifier")),
	})
}

func (u functionURL) find(ctx context.Context, r *Request) ([]string, error) {
	out, err := u.get(ctx, r)
	if err != nil {
		return nil, gone(err)
	}
	return []string{aws.Value(out.FunctionArn)}, nil
}

func (u functionURL) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.CreateFunctionUrlConfigRequest{FunctionName: new(r.text("TargetFunctionArn"))}
	if err := fill(in, r.Properties, "TargetFunctionArn"); err != nil {
		return nil, err
	}
	made, err := u.client.CreateFunctionUrlConfig(ctx, in)
	if err != nil {
		return nil, err
	}
	return urlOutcome(made.FunctionArn, made.FunctionUrl), nil
}

func urlOutcome(arn, url *string) *Outcome {
	return &Outcome{PhysicalID: aws.Value(arn), Attributes: map[string]string{"FunctionArn": aws.Value(arn), "FunctionUrl": aws.Value(url)}}
}

// update sets the configuration. What is no longer in the properties goes back
// to what it is by default.
func (u functionURL) update(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.UpdateFunctionUrlConfigRequest{FunctionName: new(r.text("TargetFunctionArn")), Cors: &lambda.Cors{}, InvokeMode: new("BUFFERED")}
	if err := fill(in, r.Properties, "TargetFunctionArn"); err != nil {
		return nil, err
	}
	made, err := u.client.UpdateFunctionUrlConfig(ctx, in)
	if err != nil {
		return nil, err
	}
	return urlOutcome(made.FunctionArn, made.FunctionUrl), nil
}

func (u functionURL) delete(ctx context.Context, r *Request) error {
	_, err := u.client.DeleteFunctionUrlConfig(ctx, &lambda.DeleteFunctionUrlConfigRequest{FunctionName: &r.PhysicalID})
	return gone(err)
}
