package resource

import (
	"context"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

type version struct{ client Lambda }

func versionType(client Lambda) *Type {
	v := version{client}
	return &Type{
		Name: "AWS::Lambda::Version",
		Properties: Properties{
			"CodeSha256":   {Replace: true},
			"Description":  {Replace: true},
			"FunctionName": {Required: true, Replace: true},
		}.missing("FunctionScalingConfig", "ProvisionedConcurrencyConfig", "RuntimePolicy"),
		Attributes:  []string{"FunctionArn", "Version"},
		Identifiers: []string{"FunctionArn"},
		Find:        v.find, Create: v.create, Delete: v.delete,
	}
}

func (v version) find(ctx context.Context, r *Request) ([]string, error) {
	var found []string
	for in := (&lambda.ListVersionsByFunctionRequest{FunctionName: new(r.text("FunctionName"))}); ; {
		out, err := v.client.ListVersionsByFunction(ctx, in)
		if err != nil {
			return nil, gone(err)
		}
		for _, c := range out.Versions {
			if aws.Value(c.Version) != "$LATEST" {
				found = append(found, aws.Value(c.FunctionArn))
			}
		}
		if in.Marker = out.NextMarker; aws.Value(in.Marker) == "" {
			return found, nil
		}
	}
}

func (v version) create(ctx context.Context, r *Request) (*Outcome, error) {
	before, err := v.find(ctx, r)
	if err != nil {
		return nil, err
	}
	in := &lambda.PublishVersionRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	made, err := v.client.PublishVersion(ctx, in)
	if err != nil {
		return nil, err
	}
	// Publishing code that has not changed gives the version that exists, which
	// is somebody else's.
	if arn := aws.Value(made.FunctionArn); slices.Contains(before, arn) {
		return nil, aws.Faultf(409, "ResourceConflictException", "A version for this Lambda function exists ( %s ). Modify the function to create a new version.", aws.Value(made.Version))
	}
	return &Outcome{PhysicalID: aws.Value(made.FunctionArn), Attributes: map[string]string{
		"FunctionArn": aws.Value(made.FunctionArn), "Version": aws.Value(made.Version),
	}}, nil
}

func (v version) delete(ctx context.Context, r *Request) error {
	number := r.PhysicalID[strings.LastIndexByte(r.PhysicalID, ':')+1:]
	_, err := v.client.DeleteFunction(ctx, &lambda.DeleteFunctionRequest{FunctionName: new(r.text("FunctionName")), Qualifier: &number})
	return gone(err)
}
