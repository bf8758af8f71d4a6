package sam

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// layer returns the resource of an AWS::Serverless::LayerVersion. Its logical ID
// tells what is in it, so that a new version does not replace the old one.
func (t *transformer) layer(f template.Field) template.Field {
	from := f.Value
	properties := t.globals.with("LayerVersion", from.Get("Properties"))
	report := func(pos template.Pos, format string, args ...any) { t.resource(f.Key, pos, format, args...) }
	layerProperties().check(properties, report, layerType)
	for _, a := range from.Fields {
		switch a.Key {
		case "Type", "Properties", "Metadata", "DependsOn", "Condition":
		default:
			report(a.Pos, "lamgate does not support the attribute %s", a.Key)
		}
	}
	out := template.NewMap(f.Pos, template.F("Content", t.layerContent(f, properties.Get("ContentUri"))))
	name := properties.Get("LayerName")
	if name == nil {
		name = text(f.Pos, f.Key)
	}
	out.Fields = append(out.Fields, template.F("LayerName", name))
	for _, p := range []string{"CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo"} {
		if v := properties.Get(p); v != nil {
			out.Fields = append(out.Fields, template.F(p, v))
		}
	}
	id := f.Key + hash(out.JSON())[:10]
	t.aliases[f.Key] = id
	made := declare(id, "AWS::Lambda::LayerVersion", from, f.Pos, out, "Metadata", "DependsOn", "Condition")
	made.Value = made.Value.With("DeletionPolicy", t.retention(f.Key, properties.Get("RetentionPolicy"), f.Pos))
	return made
}

func (t *transformer) layerContent(f template.Field, uri *template.Node) *template.Node {
	switch {
	case uri == nil:
		t.resource(f.Key, f.Pos, "Missing required property 'ContentUri'.")
	case uri.Kind == template.Map && !isFunction(uri):
		bucket, key := uri.Get("Bucket"), uri.Get("Key")
		if bucket == nil || key == nil {
			t.resource(f.Key, uri.Pos, "'ContentUri' requires Bucket and Key properties to be specified.")
		}
		return template.NewMap(uri.Pos, template.F("S3Bucket", bucket), template.F("S3Key", key), template.F("S3ObjectVersion", uri.Get("Version")))
	default:
		if content := s3Location(t.literal(uri), "S3Bucket", "S3Key", "S3ObjectVersion"); content != nil {
			return content
		}
		t.resource(f.Key, uri.Pos, "'ContentUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.")
	}
	return template.NewMap(f.Pos)
}

// retention is what becomes of an old version. AWS: it stays, unless the
// template says otherwise.
func (t *transformer) retention(id string, n *template.Node, pos template.Pos) *template.Node {
	policies := []string{"Retain", "Delete"}
	n = t.literal(n)
	if n == nil {
		return text(pos, policies[0])
	}
	i := slices.IndexFunc(policies, func(p string) bool { return n.Scalar() && strings.EqualFold(n.Text, p) })
	if i < 0 {
		t.resource(id, n.Pos, "'RetentionPolicy' must be one of the following options: ['Retain', 'Delete'].")
		i = 0
	}
	return text(n.Pos, policies[i])
}
