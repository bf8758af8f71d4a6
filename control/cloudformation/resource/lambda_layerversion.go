package resource

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

type layerVersion struct{ client Lambda }

func layerVersionType(client Lambda) *Type {
	l := layerVersion{client}
	return &Type{
		Name: "AWS::Lambda::LayerVersion",
		Properties: Properties{
			"CompatibleArchitectures": {Kind: List, Replace: true},
			"CompatibleRuntimes":      {Kind: List, Replace: true},
			"Content": {Kind: Object, Required: true, Replace: true, Members: Properties{
				"S3Bucket": {Required: true}, "S3Key": {Required: true}, "S3ObjectVersion": {},
			}.missing("S3ObjectStorageMode")},
			"Description": {Replace: true},
			"LayerName":   {Replace: true},
			"LicenseInfo": {Replace: true},
		},
		Attributes:  []string{"LayerVersionArn"},
		Identifiers: []string{"LayerVersionArn"},
		Find:        l.find, Create: l.create, Delete: l.delete,
	}
}

// layerName is the layer's; without one it is the logical ID.
func layerName(r *Request) string {
	if name := r.text("LayerName"); name != "" {
		return name
	}
	return r.LogicalID
}

func (l layerVersion) find(ctx context.Context, r *Request) ([]string, error) {
	var found []string
	for in := (&lambda.ListLayerVersionsRequest{LayerName: new(layerName(r))}); ; {
		out, err := l.client.ListLayerVersions(ctx, in)
		if err != nil {
			return nil, gone(err)
		}
		for _, v := range out.LayerVersions {
			found = append(found, aws.Value(v.LayerVersionArn))
		}
		if in.Marker = out.NextMarker; aws.Value(in.Marker) == "" {
			return found, nil
		}
	}
}

func (l layerVersion) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &lambda.PublishLayerVersionRequest{}
	if err := fill(in, r.Properties); err != nil {
		return nil, err
	}
	in.LayerName = new(layerName(r))
	made, err := l.client.PublishLayerVersion(ctx, in)
	if err != nil {
		return nil, err
	}
	arn := aws.Value(made.LayerVersionArn)
	return &Outcome{PhysicalID: arn, Attributes: map[string]string{"LayerVersionArn": arn}}, nil
}

func (l layerVersion) delete(ctx context.Context, r *Request) error {
	layer, version, err := splitLayer(r.PhysicalID)
	if err != nil {
		return err
	}
	_, err = l.client.DeleteLayerVersion(ctx, &lambda.DeleteLayerVersionRequest{LayerName: &layer, VersionNumber: &version})
	return gone(err)
}

// splitLayer takes a layer version's ARN apart.
func splitLayer(arn string) (layer string, version int64, err error) {
	i := strings.LastIndexByte(arn, ':')
	version, err = strconv.ParseInt(arn[i+1:], 10, 64)
	if i < 0 || err != nil {
		return "", 0, aws.Faultf(400, "InvalidParameterValueException", "%q is no ARN of a layer version.", arn)
	}
	return arn[:i], version, nil
}

type layerVersionPermission struct{ client Lambda }

func layerVersionPermissionType(client Lambda) *Type {
	l := layerVersionPermission{client}
	return &Type{
		Name: "AWS::Lambda::LayerVersionPermission",
		Properties: Properties{
			"Action":          {Required: true, Replace: true},
			"LayerVersionArn": {Required: true, Replace: true},
			"OrganizationId":  {Replace: true},
			"Principal":       {Required: true, Replace: true},
		},
		Attributes:  []string{"Id"},
		Identifiers: []string{"Id"},
		// AWS: the layer version's ARN, and the statement's ID.
		Named: func(r *Request) string { return r.text("LayerVersionArn") + "#" + generateName(r, 100) },
		Find:  l.find, Create: l.create, Delete: l.delete,
	}
}

func (l layerVersionPermission) find(ctx context.Context, r *Request) ([]string, error) {
	arn, sid, _ := strings.Cut(r.PhysicalID, "#")
	layer, version, err := splitLayer(arn)
	if err != nil {
		return nil, err
	}
	out, err := l.client.GetLayerVersionPolicy(ctx, &lambda.GetLayerVersionPolicyRequest{LayerName: &layer, VersionNumber: &version})
	if err != nil {
		return nil, gone(err)
	}
	var policy struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(aws.Value(out.Policy)), &policy); err != nil {
		return nil, err
	}
	for _, s := range policy.Statement {
		if s.Sid == sid {
			return []string{r.PhysicalID}, nil
		}
	}
	return nil, nil
}

func (l layerVersionPermission) create(ctx context.Context, r *Request) (*Outcome, error) {
	arn, sid, _ := strings.Cut(r.PhysicalID, "#")
	layer, version, err := splitLayer(arn)
	if err != nil {
		return nil, err
	}
	in := &lambda.AddLayerVersionPermissionRequest{LayerName: &layer, VersionNumber: &version, StatementId: &sid}
	if err := fill(in, r.Properties, "LayerVersionArn"); err != nil {
		return nil, err
	}
	if _, err := l.client.AddLayerVersionPermission(ctx, in); err != nil {
		return nil, err
	}
	return &Outcome{PhysicalID: r.PhysicalID, Attributes: map[string]string{"Id": r.PhysicalID}}, nil
}

func (l layerVersionPermission) delete(ctx context.Context, r *Request) error {
	arn, sid, _ := strings.Cut(r.PhysicalID, "#")
	layer, version, err := splitLayer(arn)
	if err != nil {
		return err
	}
	_, err = l.client.RemoveLayerVersionPermission(ctx, &lambda.RemoveLayerVersionPermissionRequest{LayerName: &layer, VersionNumber: &version, StatementId: &sid})
	return gone(err)
}
