package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
)

type eventInvokeConfig struct{ client Lambda }

func eventInvokeConfigType(client Lambda) *Type {
	e := eventInvokeConfig{client}
	destination := Property{Kind: Object, Members: Properties{"Destination": {Required: true}}}
	return &Type{
		Name: "AWS::Lambda::EventInvokeConfig",
		Properties: Properties{
			"DestinationConfig":        {Kind: Object, Members: Properties{"OnFailure": destination, "OnSuccess": destination}},
			"FunctionName":             {Required: true, Replace: true},
			"MaximumEventAgeInSeconds": {Kind: Integer},
			"MaximumRetryAttempts":     {Kind: Integer},
			"Qualifier":                {Required: true, Replace: true},
		},
		Identifiers: []string{"FunctionName", "Qualifier"},
		// AWS: what it is of, in one.
		Named: func(r *Request) string { return r.text("FunctionName") + "|" + r.text("Qualifier") },
		Find:  e.find, Create: e.put, Update: e.put, Delete: e.delete,
	}
}

func (e eventInvokeConfig) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := e.client.GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigRequest{
		FunctionName: new(r.text("FunctionName")), Qualifier: new(r.text("Qualifier")),
	})
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

// put sets the configuration as a whole, as the operation does.
func (e eventInvokeConfig) put(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.PutFunctionEventInvokeConfigRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	if _, err := e.client.PutFunctionEventInvokeConfig(ctx, in); err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: r.PhysicalID}, nil
}

func (e eventInvokeConfig) delete(ctx context.Context, r *Request) error {
	_, err := e.client.DeleteFunctionEventInvokeConfig(ctx, &lambda.DeleteFunctionEventInvokeConfigRequest{
		FunctionName: new(r.text("FunctionName")), Qualifier: new(r.text("Qualifier")),
	})
	return gone(err)
}
