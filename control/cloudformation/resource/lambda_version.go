package resource

import (
	"context"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

type version struct {
	client Lambda
	all    Clients
}

func versionType(c Clients) *Type {
	v := version{c.Lambda, c}
	return &Type{
		Name: "AWS::Lambda::Version",
		Properties: Properties{
			"CodeSha256":                   {Replace: true},
			"Description":                  {Replace: true},
			"FunctionName":                 {Required: true, Replace: true},
			"ProvisionedConcurrencyConfig": provisionedProperty(),
			"RuntimePolicy":                {Kind: Object, Replace: true, Members: Properties{"RuntimeVersionArn": {}, "UpdateRuntimeOn": {Required: true}}},
		}.missing("FunctionScalingConfig"),
		Attributes:  []string{"FunctionArn", "Version"},
		Identifiers: []string{"FunctionArn"},
		Find:        v.find, Create: v.create, Update: v.update, Delete: v.delete,
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
	if err := fill(in, r.Properties, "ProvisionedConcurrencyConfig", "RuntimePolicy"); err != nil {
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
	r.PhysicalID = aws.Value(made.FunctionArn)
	out := versionOutcome(r.PhysicalID)
	if policy := r.Properties.Get("RuntimePolicy"); policy != nil {
		in := &lambda.PutRuntimeManagementConfigRequest{FunctionName: new(r.text("FunctionName")), Qualifier: made.Version}
		if err := fill(in, policy); err != nil {
			return out, err
		}
		if _, err := v.client.PutRuntimeManagementConfig(ctx, in); err != nil {
			return out, err
		}
	}
	return out, provision(ctx, v.all, r, r.text("FunctionName"), aws.Value(made.Version))
}

func versionOutcome(arn string) *Outcome {
	return &Outcome{PhysicalID: arn, Attributes: map[string]string{"FunctionArn": arn, "Version": lastPart(arn)}}
}

// lastPart is what stands behind an ARN's last colon.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// update changes what can be changed of a version.
func (v version) update(ctx context.Context, r *Request) (*Outcome, error) {
	return versionOutcome(r.PhysicalID), provision(ctx, v.all, r, r.text("FunctionName"), lastPart(r.PhysicalID))
}

func (v version) delete(ctx context.Context, r *Request) error {
	number := lastPart(r.PhysicalID)
	_, err := v.client.DeleteFunction(ctx, &lambda.DeleteFunctionRequest{FunctionName: new(r.text("FunctionName")), Qualifier: &number})
	return gone(err)
}
