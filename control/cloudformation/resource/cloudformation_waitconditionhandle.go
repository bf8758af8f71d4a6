package resource

import (
	"context"

	"github.com/lamgate/lamgate/aws"
)

// waitConditionHandleType is a handle that nobody can signal yet, because there
// is no AWS::CloudFormation::WaitCondition to wait for it. Templates use it as
// a resource that does nothing.
func waitConditionHandleType() *Type {
	t := inert("AWS::CloudFormation::WaitConditionHandle")
	t.Create = func(ctx context.Context, r *Request) (*Outcome, error) {
		region := aws.CallerFrom(ctx).Region
		return &Outcome{PhysicalID: "https://cloudformation-waitcondition-" + region + ".s3." + region + ".amazonaws.com/" + r.StackID + "/" + r.LogicalID}, nil
	}
	return t
}

// cdkMetadataType is what the CDK puts into every stack.
func cdkMetadataType() *Type {
	t := inert("AWS::CDK::Metadata")
	t.Properties = Properties{"Analytics": {}}
	t.Named = func(r *Request) string { return generateName(r, 64) }
	return t
}

// inert is a type of resources that exist only in their stack.
func inert(name string) *Type {
	same := func(_ context.Context, r *Request) (*Outcome, error) {
		return &Outcome{PhysicalID: r.PhysicalID}, nil
	}
	return &Type{
		Name:   name,
		Create: same, Update: same,
		Delete: func(context.Context, *Request) error { return nil },
	}
}
