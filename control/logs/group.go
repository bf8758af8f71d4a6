package logs

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// CreateLogGroup creates a log group.
func (s *Service) CreateLogGroup(ctx context.Context, in *logs.CreateLogGroupRequest) (*logs.CreateLogGroupOutput, error) {
	caller := aws.CallerFrom(ctx)
	if err := checkTags(nil, in.Tags); err != nil {
		return nil, err
	}
	g := telemetry.LogGroup{
		Account: caller.Account,
		Region:  caller.Region,
		Name:    *in.LogGroupName,
		Tags:    in.Tags,
	}
	if in.LogGroupClass != nil && *in.LogGroupClass != "STANDARD" {
		g.Class = *in.LogGroupClass
	}
	if in.KmsKeyId != nil {
		// Who asks for it must not believe that the log is encrypted.
		return nil, invalidParameter("lamgate does not support kmsKeyId yet")
	}
	g.DeletionProtection = in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled
	err := s.logs.CreateGroup(ctx, g)
	if errors.Is(err, state.ErrConflict) {
		return nil, aws.Faultf(http.StatusBadRequest, "ResourceAlreadyExistsException", "The specified log group already exists")
	}
	if err != nil {
		return nil, err
	}
	return &logs.CreateLogGroupOutput{}, nil
}

// DeleteLogGroup deletes a log group with all that was logged to it.
func (s *Service) DeleteLogGroup(ctx context.Context, in *logs.DeleteLogGroupRequest) (*logs.DeleteLogGroupOutput, error) {
	caller := aws.CallerFrom(ctx)
	err := s.logs.DeleteGroup(ctx, caller.Account, caller.Region, *in.LogGroupName, func(g *telemetry.LogGroup) error {
		if g.DeletionProtection {
			return aws.Faultf(http.StatusBadRequest, "ValidationException", "The log group %s is protected from deletion; turn that off with PutLogGroupDeletionProtection first", g.Name)
		}
		return nil
	})
	if err != nil {
		return nil, orGroupNotFound(err)
	}
	return &logs.DeleteLogGroupOutput{}, nil
}

// DescribeLogGroups lists log groups by name.
func (s *Service) DescribeLogGroups(ctx context.Context, in *logs.DescribeLogGroupsRequest) (*logs.DescribeLogGroupsResponse, error) {
	if in.LogGroupNamePrefix != nil && in.LogGroupNamePattern != nil {
		return nil, invalidParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	caller := aws.CallerFrom(ctx)
	groups := s.logs.Groups(caller.Account, caller.Region)
	names := make([]string, 0, len(in.LogGroupIdentifiers))
	for i := range in.LogGroupIdentifiers {
		name, err := groupName(ctx, nil, &in.LogGroupIdentifiers[i])
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	groups = slices.DeleteFunc(groups, func(g telemetry.LogGroup) bool {
		return in.LogGroupNamePrefix != nil && !strings.HasPrefix(g.Name, *in.LogGroupNamePrefix) ||
			in.LogGroupNamePattern != nil && !strings.Contains(g.Name, *in.LogGroupNamePattern) ||
			in.LogGroupClass != nil && class(&g) != *in.LogGroupClass ||
			len(names) > 0 && !slices.Contains(names, g.Name)
	})
	groups, next, err := page(groups, in.NextToken, in.Limit, 50)
	if err != nil {
		return nil, err
	}
	out := &logs.DescribeLogGroupsResponse{LogGroups: make([]logs.LogGroup, 0, len(groups)), NextToken: next}
	for i := range groups {
		out.LogGroups = append(out.LogGroups, s.describe(&groups[i]))
	}
	return out, nil
}

func class(g *telemetry.LogGroup) string {
	if g.Class == "" {
		return "STANDARD"
	}
	return g.Class
}

func (s *Service) describe(g *telemetry.LogGroup) logs.LogGroup {
	d := logs.LogGroup{
		LogGroupName:              &g.Name,
		CreationTime:              millis(g.Created),
		MetricFilterCount:         new(int32(0)),
		Arn:                       new(g.ARN() + ":*"),
		LogGroupArn:               new(g.ARN()),
		StoredBytes:               new(s.logs.GroupBytes(g.Account, g.Region, g.Name)),
		LogGroupClass:             new(class(g)),
		DeletionProtectionEnabled: &g.DeletionProtection,
	}
	if g.RetentionDays != 0 {
		d.RetentionInDays = new(int32(g.RetentionDays))
	}
	return d
}

// retentions are the days that AWS lets a group keep its events.
var retentions = [...]int32{
	1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731,
	1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// PutRetentionPolicy sets how long a group keeps its events.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *logs.PutRetentionPolicyRequest) (*logs.PutRetentionPolicyOutput, error) {
	if !slices.Contains(retentions[:], *in.RetentionInDays) {
		return nil, invalidParameter("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %v", *in.RetentionInDays, retentions)
	}
	err := s.update(ctx, *in.LogGroupName, func(g *telemetry.LogGroup) { g.RetentionDays = int(*in.RetentionInDays) })
	if err != nil {
		return nil, err
	}
	return &logs.PutRetentionPolicyOutput{}, nil
}

// DeleteRetentionPolicy has a group keep its events for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *logs.DeleteRetentionPolicyRequest) (*logs.DeleteRetentionPolicyOutput, error) {
	if err := s.update(ctx, *in.LogGroupName, func(g *telemetry.LogGroup) { g.RetentionDays = 0 }); err != nil {
		return nil, err
	}
	return &logs.DeleteRetentionPolicyOutput{}, nil
}

// PutLogGroupDeletionProtection says whether a group can be deleted.
func (s *Service) PutLogGroupDeletionProtection(ctx context.Context, in *logs.PutLogGroupDeletionProtectionRequest) (*logs.PutLogGroupDeletionProtectionOutput, error) {
	name, err := groupName(ctx, nil, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := s.update(ctx, name, func(g *telemetry.LogGroup) { g.DeletionProtection = *in.DeletionProtectionEnabled }); err != nil {
		return nil, err
	}
	return &logs.PutLogGroupDeletionProtectionOutput{}, nil
}

func (s *Service) update(ctx context.Context, name string, change func(*telemetry.LogGroup)) error {
	caller := aws.CallerFrom(ctx)
	return orGroupNotFound(s.logs.UpdateGroup(ctx, caller.Account, caller.Region, name, func(g *telemetry.LogGroup) error {
		change(g)
		return nil
	}))
}
