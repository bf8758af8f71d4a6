package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

type logGroup struct{ client Logs }

func logGroupType(client Logs) *Type {
	g := logGroup{client}
	return &Type{
		Name: "AWS::Logs::LogGroup",
		Properties: Properties{
			"LogGroupClass":   {Replace: true, Only: []string{"STANDARD"}},
			"LogGroupName":    {Replace: true},
			"RetentionInDays": {Kind: Integer},
			"Tags":            tags(),
		}.missing("BearerTokenAuthenticationEnabled", "DataProtectionPolicy", "DeletionProtectionEnabled", "FieldIndexPolicies", "KmsKeyId", "ResourcePolicyDocument"),
		Attributes:  []string{"Arn"},
		Identifiers: []string{"LogGroupName"},
		Named: func(r *Request) string {
			if name := r.text("LogGroupName"); name != "" {
				return name
			}
			return generateName(r, 512)
		},
		Find: g.find, Create: g.create, Update: g.update, Delete: g.delete,
	}
}

func (g logGroup) find(ctx context.Context, r *Request) ([]string, error) {
	for in := (&logs.DescribeLogGroupsRequest{LogGroupNamePrefix: &r.PhysicalID}); ; {
		out, err := g.client.DescribeLogGroups(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, group := range out.LogGroups {
			if aws.Value(group.LogGroupName) == r.PhysicalID {
				return []string{r.PhysicalID}, nil
			}
		}
		if in.NextToken = out.NextToken; aws.Value(in.NextToken) == "" {
			return nil, nil
		}
	}
}

func (g logGroup) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &logs.CreateLogGroupRequest{LogGroupName: &r.PhysicalID, Tags: r.allTags()}
	if err := fill(in, r.Properties, "LogGroupName", "RetentionInDays", "Tags"); err != nil {
		return nil, err
	}
	if _, err := g.client.CreateLogGroup(ctx, in); err != nil {
		return nil, err
	}
	return g.outcome(ctx, r), g.retain(ctx, r)
}

func (g logGroup) retain(ctx context.Context, r *Request) error {
	days := r.Properties.Get("RetentionInDays")
	if days == nil {
		if r.Previous.Get("RetentionInDays") == nil {
			return nil
		}
		_, err := g.client.DeleteRetentionPolicy(ctx, &logs.DeleteRetentionPolicyRequest{LogGroupName: &r.PhysicalID})
		return err
	}
	in := &logs.PutRetentionPolicyRequest{LogGroupName: &r.PhysicalID}
	if err := fill(in, template.NewMap(template.Pos{}, template.F("RetentionInDays", days))); err != nil {
		return err
	}
	_, err := g.client.PutRetentionPolicy(ctx, in)
	return err
}

func (g logGroup) outcome(ctx context.Context, r *Request) *Outcome {
	return &Outcome{PhysicalID: r.PhysicalID, Attributes: map[string]string{
		"Arn": aws.CallerFrom(ctx).NewARN("logs", "log-group:"+r.PhysicalID+":*").String(),
	}}
}

func (g logGroup) update(ctx context.Context, r *Request) (*Outcome, error) {
	out := g.outcome(ctx, r)
	if err := g.retain(ctx, r); err != nil {
		return out, err
	}
	return out, g.retag(ctx, r)
}

func (g logGroup) retag(ctx context.Context, r *Request) error {
	set, remove := r.changedTags()
	if len(remove) > 0 {
		if _, err := g.client.UntagLogGroup(ctx, &logs.UntagLogGroupRequest{LogGroupName: &r.PhysicalID, Tags: remove}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := g.client.TagLogGroup(ctx, &logs.TagLogGroupRequest{LogGroupName: &r.PhysicalID, Tags: set}); err != nil {
			return err
		}
	}
	return nil
}

func (g logGroup) delete(ctx context.Context, r *Request) error {
	_, err := g.client.DeleteLogGroup(ctx, &logs.DeleteLogGroupRequest{LogGroupName: &r.PhysicalID})
	return gone(err)
}
