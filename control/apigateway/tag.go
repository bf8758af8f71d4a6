package apigateway

import (
	"context"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// tagged is what an ARN names.
type tagged struct {
	kind  string // restapis, clientcertificates or vpclinks
	id    string
	stage string // of a REST API's; empty for the API itself
}

// parseTagged reads an ARN of the form arn:aws:apigateway:REGION::/KIND/ID
// with an optional /stages/NAME.
func parseTagged(ctx context.Context, s string) (tagged, error) {
	arn, err := aws.ParseARN(s)
	if err != nil || arn.Service != "apigateway" || arn.Region != aws.CallerFrom(ctx).Region {
		return tagged{}, badRequest("Invalid ARN specified in the request")
	}
	parts := strings.Split(strings.TrimPrefix(arn.Resource, "/"), "/")
	switch parts[0] {
	case restAPIs, clientCertificates, vpcLinks:
	default:
		return tagged{}, notBuilt("tags of " + parts[0])
	}
	switch {
	case len(parts) == 2:
		return tagged{kind: parts[0], id: parts[1]}, nil
	case len(parts) == 4 && parts[0] == restAPIs && parts[2] == "stages":
		return tagged{kind: parts[0], id: parts[1], stage: parts[3]}, nil
	}
	return tagged{}, badRequest("Invalid ARN specified in the request")
}

const (
	restAPIs           = "restapis"
	clientCertificates = "clientcertificates"
	vpcLinks           = "vpclinks"
)

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

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return badRequest("Number of tags exceeds the limit of %d", maxTags)
	}
	return nil
}

// changeTags calls f to change the tags of what an ARN names.
func (s *Service) changeTags(ctx context.Context, arn *string, f func(tags *map[string]string) error) error {
	t, err := parseTagged(ctx, aws.Value(arn))
	if err != nil {
		return err
	}
	switch t.kind {
	case clientCertificates:
		return s.changeCertificate(ctx, t.id, func(c *plan.ClientCertificate) error { return f(&c.Tags) })
	case vpcLinks:
		return s.changeVPCLink(ctx, t.id, func(l *plan.VPCLink) error { return f(&l.Tags) })
	}
	return s.change(ctx, t.id, noAPI(ctx, t.id), func(a *restAPI) error {
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
		return checkTags(*tags)
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
	tags, err := s.tagsOf(ctx, t)
	if err != nil {
		return nil, err
	}
	return &api.Tags{Tags: describeTags(tags, true)}, nil
}

func (s *Service) tagsOf(ctx context.Context, t tagged) (map[string]string, error) {
	switch t.kind {
	case clientCertificates:
		c, err := s.certificate(ctx, t.id)
		if err != nil {
			return nil, err
		}
		return c.Tags, nil
	case vpcLinks:
		l, err := s.vpcLink(ctx, t.id)
		if err != nil {
			return nil, err
		}
		return l.Tags, nil
	}
	a, err := s.load(ctx, t.id, noAPI(ctx, t.id))
	if err != nil {
		return nil, err
	}
	tags, err := a.tags(t)
	if err != nil {
		return nil, err
	}
	return *tags, nil
}

// describeTags returns tags for an answer, which leaves them out when there are
// none unless always is set.
func describeTags(tags map[string]string, always bool) map[string]string {
	if len(tags) > 0 {
		return tags
	}
	if always {
		return map[string]string{}
	}
	return nil
}
