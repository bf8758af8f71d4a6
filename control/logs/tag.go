package logs

import (
	"context"
	"maps"
	"net/http"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/telemetry"
)

const maxTags = 50

// TagResource adds tags to a log group, given by its ARN.
func (s *Service) TagResource(ctx context.Context, in *logs.TagResourceRequest) (*logs.TagResourceOutput, error) {
	name, err := nameInARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &logs.TagResourceOutput{}, s.tag(ctx, name, in.Tags)
}

// UntagResource removes tags from a log group, given by its ARN.
func (s *Service) UntagResource(ctx context.Context, in *logs.UntagResourceRequest) (*logs.UntagResourceOutput, error) {
	name, err := nameInARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &logs.UntagResourceOutput{}, s.untag(ctx, name, in.TagKeys)
}

// ListTagsForResource returns the tags of a log group, given by its ARN.
func (s *Service) ListTagsForResource(ctx context.Context, in *logs.ListTagsForResourceRequest) (*logs.ListTagsForResourceResponse, error) {
	name, err := nameInARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	return &logs.ListTagsForResourceResponse{Tags: tags(&g)}, nil
}

// TagLogGroup is TagResource by name, as older clients call it.
func (s *Service) TagLogGroup(ctx context.Context, in *logs.TagLogGroupRequest) (*logs.TagLogGroupOutput, error) {
	return &logs.TagLogGroupOutput{}, s.tag(ctx, *in.LogGroupName, in.Tags)
}

// UntagLogGroup is UntagResource by name, as older clients call it.
func (s *Service) UntagLogGroup(ctx context.Context, in *logs.UntagLogGroupRequest) (*logs.UntagLogGroupOutput, error) {
	return &logs.UntagLogGroupOutput{}, s.untag(ctx, *in.LogGroupName, in.Tags)
}

// ListTagsLogGroup is ListTagsForResource by name, as older clients call it.
func (s *Service) ListTagsLogGroup(ctx context.Context, in *logs.ListTagsLogGroupRequest) (*logs.ListTagsLogGroupResponse, error) {
	g, err := s.group(ctx, *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	return &logs.ListTagsLogGroupResponse{Tags: tags(&g)}, nil
}

func tags(g *telemetry.LogGroup) map[string]string {
	if g.Tags == nil {
		return map[string]string{}
	}
	return g.Tags
}

func (s *Service) tag(ctx context.Context, name string, tags map[string]string) error {
	caller := aws.CallerFrom(ctx)
	return orGroupNotFound(s.logs.UpdateGroup(ctx, caller.Account, caller.Region, name, func(g *telemetry.LogGroup) error {
		if err := checkTags(g.Tags, tags); err != nil {
			return err
		}
		if g.Tags == nil {
			g.Tags = map[string]string{}
		}
		maps.Copy(g.Tags, tags)
		return nil
	}))
}

func (s *Service) untag(ctx context.Context, name string, keys []string) error {
	return s.update(ctx, name, func(g *telemetry.LogGroup) {
		for _, key := range keys {
			delete(g.Tags, key)
		}
	})
}

func checkTags(had, added map[string]string) error {
	n := len(had)
	for key := range added {
		if _, ok := had[key]; !ok {
			n++
		}
	}
	if n > maxTags {
		return aws.Faultf(http.StatusBadRequest, "TooManyTagsException", "The log group would have %d tags; %d are allowed", n, maxTags)
	}
	return nil
}
