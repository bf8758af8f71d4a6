package lambda

import (
	"context"
	"maps"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// maxTags is how many tags a resource may have.
const maxTags = 50

// checkTags checks the tags that a resource is to have.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("Number of tags exceeds resource tag limit.")
	}
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") && !strings.HasPrefix(key, stackTags) {
			// AWS: the guide reserves them; its words are not known.
			return invalid("The tag key %s is reserved: keys of users do not begin with aws:.", key)
		}
	}
	return nil
}

// stackTags begin the keys that CloudFormation gives, by the same operations as
// everybody's.
const stackTags = "aws:cloudformation:"

// A tagged is a resource with tags: a function or a code signing configuration.
type tagged struct {
	read   func() (map[string]string, error)
	change func(func(map[string]string) (map[string]string, error)) error
}

// taggedBy finds the resource that a tag operation's ARN names.
func (s *Service) taggedBy(ctx context.Context, arn *string) (tagged, error) {
	kind := "function"
	if a, err := aws.ParseARN(aws.Value(arn)); err == nil {
		kind, _, _ = strings.Cut(a.Resource, ":")
	}
	switch kind {
	case "function":
		return s.taggedFunction(ctx, arn)
	case "code-signing-config":
		return tagged{
			read: func() (map[string]string, error) {
				c, err := s.loadSigning(ctx, arn)
				if err != nil {
					return nil, err
				}
				return c.Tags, nil
			},
			change: func(edit func(map[string]string) (map[string]string, error)) error {
				_, err := s.updateSigning(ctx, arn, func(c *signingConfig) (err error) {
					c.Tags, err = edit(c.Tags)
					return err
				})
				return err
			},
		}, nil
	case "event-source-mapping":
		return tagged{}, userFault(404, "ResourceNotFoundException", "Event source mapping not found: %s", aws.Value(arn))
	case "capacity-provider":
		return tagged{}, userFault(404, "ResourceNotFoundException", "Capacity provider not found: %s", aws.Value(arn))
	}
	return tagged{}, unsupported("tags on a %s", kind)
}

func (s *Service) taggedFunction(ctx context.Context, arn *string) (tagged, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(arn), nil)
	if err == nil && ref.Qualifier != "" {
		err = invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return tagged{
		read: func() (map[string]string, error) {
			f, err := s.load(ref)
			if err != nil {
				return nil, err
			}
			return f.Tags, nil
		},
		change: func(edit func(map[string]string) (map[string]string, error)) error {
			_, err := s.update(ctx, ref, func(f *execution.Function) (err error) {
				// AWS: tags move the revision (recorded:
				// TestLambdaTags::test_tag_lifecycle).
				f.Latest.RevisionID = aws.NewUUID()
				f.Tags, err = edit(f.Tags)
				return err
			})
			return err
		},
	}, err
}

// TagResource sets tags of a resource.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceRequest) (*lambda.TagResourceOutput, error) {
	r, err := s.taggedBy(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, invalid("An error occurred and the request cannot be processed.")
	}
	err = r.change(func(tags map[string]string) (map[string]string, error) {
		tags = maps.Clone(tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, in.Tags)
		return tags, checkTags(tags)
	})
	if err != nil {
		return nil, err
	}
	return &lambda.TagResourceOutput{}, nil
}

// UntagResource removes tags of a resource.
func (s *Service) UntagResource(ctx context.Context, in *lambda.UntagResourceRequest) (*lambda.UntagResourceOutput, error) {
	r, err := s.taggedBy(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	err = r.change(func(tags map[string]string) (map[string]string, error) {
		tags = maps.Clone(tags)
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
		return tags, nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.UntagResourceOutput{}, nil
}

// ListTags lists a resource's tags.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsRequest) (*lambda.ListTagsResponse, error) {
	r, err := s.taggedBy(ctx, in.Resource)
	if err != nil {
		return nil, err
	}
	tags, err := r.read()
	if err != nil {
		return nil, err
	}
	if tags == nil {
		tags = map[string]string{}
	}
	return &lambda.ListTagsResponse{Tags: tags}, nil
}
