package lambda

import (
	"context"
	"maps"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// maxTags is how many tags a function may have.
const maxTags = 50

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("Number of tags exceeds resource tag limit.")
	}
	return nil
}

// tagged finds the function that a tag operation's ARN names.
func tagged(ctx context.Context, arn *string) (execution.FunctionRef, error) {
	if a, err := aws.ParseARN(aws.Value(arn)); err == nil && !strings.HasPrefix(a.Resource, "function:") {
		kind, _, _ := strings.Cut(a.Resource, ":")
		return execution.FunctionRef{}, unsupported("tags on a %s", kind)
	}
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(arn), nil)
	if err != nil {
		return ref, err
	}
	if ref.Qualifier != "" {
		return ref, invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return ref, nil
}

// TagResource sets tags of a function.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceRequest) (*lambda.TagResourceOutput, error) {
	ref, err := tagged(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, invalid("An error occurred and the request cannot be processed.")
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		tags := maps.Clone(f.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, in.Tags)
		f.Tags = tags
		return checkTags(tags)
	})
	if err != nil {
		return nil, err
	}
	return &lambda.TagResourceOutput{}, nil
}

// UntagResource removes tags of a function.
func (s *Service) UntagResource(ctx context.Context, in *lambda.UntagResourceRequest) (*lambda.UntagResourceOutput, error) {
	ref, err := tagged(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		f.Tags = maps.Clone(f.Tags)
		for _, key := range in.TagKeys {
			delete(f.Tags, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.UntagResourceOutput{}, nil
}

// ListTags lists a function's tags.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsRequest) (*lambda.ListTagsResponse, error) {
	ref, err := tagged(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, err
	}
	tags := f.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	return &lambda.ListTagsResponse{Tags: tags}, nil
}
