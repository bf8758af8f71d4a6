package apigateway

import (
	"context"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// tagged is what an ARN names: a REST API, or one of its stages.
type tagged struct {
	api   string
	stage string // empty for the API itself
}

// parseTagged reads an ARN of the form arn:aws:apigateway:REGION::/restapis/ID
// with an optional /stages/NAME.
func parseTagged(ctx context.Context, s string) (tagged, error) {
	arn, err := aws.ParseARN(s)
	if err != nil || arn.Service != "apigateway" || arn.Region != aws.CallerFrom(ctx).Region {
		return tagged{}, badRequest("Invalid ARN specified in the request")
	}
	parts := strings.Split(strings.TrimPrefix(arn.Resource, "/"), "/")
	switch {
	case parts[0] != "restapis":
		return tagged{}, notBuilt("tags of " + parts[0])
	case len(parts) == 2:
		return tagged{api: parts[1]}, nil
	case len(parts) == 4 && parts[2] == "stages":
		return tagged{api: parts[1], stage: parts[3]}, nil
	}
	return tagged{}, badRequest("Invalid ARN specified in the request")
}

// tags returns the tags of what t names.
func (a *restAPI) tags(t tagged) (*map[string]string, error) {
	if t.stage == "" {
		return &a.Tags, nil
	}
	st := a.Stages[t.stage]
	if st == nil {
		return nil, noStage
	}
	return &st.Tags, nil
}

// maxTags is AWS's limit for each resource.
const maxTags = 50

// changeTags calls f to change the tags of what an ARN names.
func (s *Service) changeTags(ctx context.Context, arn *string, f func(tags *map[string]string) error) error {
	t, err := parseTagged(ctx, aws.Value(arn))
	if err != nil {
		return err
	}
	return s.change(ctx, t.api, noAPI(ctx, t.api), func(a *restAPI) error {
		tags, err := a.tags(t)
		if err != nil {
			return err
		}
		return f(tags)
	})
}

// TagResource implements apigateway.TagResourceAPI.
func (s *Service) TagResource(ctx context.Context, in *api.TagResourceRequest) (*api.TagResourceOutput, error) {
	err := s.changeTags(ctx, in.ResourceArn, func(tags *map[string]string) error {
		for k, v := range in.Tags {
			put(tags, k, v)
		}
		if len(*tags) > maxTags {
			return badRequest("Number of tags exceeds the limit of %d", maxTags)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.TagResourceOutput{}, nil
}

// UntagResource implements apigateway.UntagResourceAPI.
func (s *Service) UntagResource(ctx context.Context, in *api.UntagResourceRequest) (*api.UntagResourceOutput, error) {
	err := s.changeTags(ctx, in.ResourceArn, func(tags *map[string]string) error {
		for _, k := range in.TagKeys {
			delete(*tags, k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.UntagResourceOutput{}, nil
}

// GetTags implements apigateway.GetTagsAPI.
func (s *Service) GetTags(ctx context.Context, in *api.GetTagsRequest) (*api.Tags, error) {
	t, err := parseTagged(ctx, aws.Value(in.ResourceArn))
	if err != nil {
		return nil, err
	}
	a, err := s.load(ctx, t.api, noAPI(ctx, t.api))
	if err != nil {
		return nil, err
	}
	tags, err := a.tags(t)
	if err != nil {
		return nil, err
	}
	if *tags == nil {
		return &api.Tags{Tags: map[string]string{}}, nil
	}
	return &api.Tags{Tags: *tags}, nil
}
