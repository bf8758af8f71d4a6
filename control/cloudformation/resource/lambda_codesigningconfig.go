package resource

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

type codeSigningConfig struct{ client Lambda }

func codeSigningConfigType(client Lambda) *Type {
	c := codeSigningConfig{client}
	return &Type{
		Name: "AWS::Lambda::CodeSigningConfig",
		Properties: Properties{
			"AllowedPublishers":   {Kind: Object, Required: true, Members: Properties{"SigningProfileVersionArns": {Kind: List, Required: true}}},
			"CodeSigningPolicies": {Kind: Object, Members: Properties{"UntrustedArtifactOnDeployment": {Required: true}}},
			"Description":         {},
			"Tags":                tags(),
		},
		Attributes:  []string{"CodeSigningConfigArn", "CodeSigningConfigId"},
		Identifiers: []string{"CodeSigningConfigArn"},
		Find:        c.find, Create: c.create, Update: c.update, Delete: c.delete,
	}
}

func (c codeSigningConfig) find(ctx context.Context, _ *Request) ([]string, error) {
	var found []string
	for in := (&lambda.ListCodeSigningConfigsRequest{}); ; {
		out, err := c.client.ListCodeSigningConfigs(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, config := range out.CodeSigningConfigs {
			found = append(found, aws.Value(config.CodeSigningConfigArn))
		}
		if in.Marker = out.NextMarker; aws.Value(in.Marker) == "" {
			return found, nil
		}
	}
}

func (c codeSigningConfig) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.CreateCodeSigningConfigRequest{Tags: r.allTags()}
	if err := fill(in, r.Properties, "Tags"); err != nil {
		return nil, err
	}
	made, err := c.client.CreateCodeSigningConfig(ctx, in)
	if err != nil {
		return nil, err
	}
	return codeSigningOutcome(made.CodeSigningConfig), nil
}

func codeSigningOutcome(c *lambda.CodeSigningConfig) *Outcome {
	arn := aws.Value(c.CodeSigningConfigArn)
	return &Outcome{PhysicalID: arn, Attributes: map[string]string{"CodeSigningConfigArn": arn, "CodeSigningConfigId": aws.Value(c.CodeSigningConfigId)}}
}

func (c codeSigningConfig) update(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.UpdateCodeSigningConfigRequest{
		CodeSigningConfigArn: &r.PhysicalID, Description: new(""), CodeSigningPolicies: &lambda.CodeSigningPolicies{UntrustedArtifactOnDeployment: new("Warn")},
	}
	if err := fill(in, r.Properties, "Tags"); err != nil {
		return nil, err
	}
	made, err := c.client.UpdateCodeSigningConfig(ctx, in)
	if err != nil {
		return nil, err
	}
	return codeSigningOutcome(made.CodeSigningConfig), retag(ctx, c.client, r, r.PhysicalID)
}

func (c codeSigningConfig) delete(ctx context.Context, r *Request) error {
	_, err := c.client.DeleteCodeSigningConfig(ctx, &lambda.DeleteCodeSigningConfigRequest{CodeSigningConfigArn: &r.PhysicalID})
	return gone(err)
}
