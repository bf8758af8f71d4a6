package sam

import (
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// createdBy is the tag that SAM puts on what it makes.
const createdBy = "lambda:createdBy"

// A function is an AWS::Serverless::Function on its way.
type function struct {
	id         string
	pos        template.Pos
	from       *template.Node // the resource as declared
	properties *template.Node // with the globals
	alias      string         // the alias's logical ID; "" without one
	aliasName  *template.Node
	statements []*template.Node // inline policies that other properties ask for
}

// function returns the resources of an AWS::Serverless::Function.
func (t *transformer) function(f template.Field) []template.Field {
	fn := &function{id: f.Key, pos: f.Pos, from: f.Value, properties: t.globals.with("Function", f.Value.Get("Properties"))}
	report := func(pos template.Pos, format string, args ...any) { t.resource(fn.id, pos, format, args...) }
	functionProperties().check(fn.properties, report, functionType)
	for _, a := range fn.from.Fields {
		switch a.Key {
		case "Type", "Properties", "Metadata", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy":
		default:
			report(a.Pos, "lamgate does not support the attribute %s", a.Key)
		}
	}
	code := t.code(fn)
	properties := template.NewMap(fn.pos, template.F("Code", code))
	for _, name := range []string{
		"Architectures", "CodeSigningConfigArn", "Description", "Environment", "EphemeralStorage", "FunctionName", "Handler", "ImageConfig",
		"Layers", "LoggingConfig", "MemorySize", "PackageType", "RecursiveLoop", "ReservedConcurrentExecutions", "Runtime",
		"RuntimeManagementConfig", "SnapStart", "Timeout", "VpcConfig",
	} {
		if v := fn.properties.Get(name); v != nil {
			properties.Fields = append(properties.Fields, template.F(name, v))
		}
	}
	if tracing := fn.properties.Get("Tracing"); tracing != nil {
		properties.Fields = append(properties.Fields, template.F("TracingConfig", template.NewMap(tracing.Pos, template.F("Mode", tracing))))
	}
	if dead := t.deadLetter(fn); dead != nil {
		properties.Fields = append(properties.Fields, template.F("DeadLetterConfig", dead))
	}
	published := t.publish(fn, code)
	later := t.asynchronous(fn)
	tags := t.tags(fn.id, fn.pos, fn.properties.Get("Tags"))
	properties.Fields = append(properties.Fields, template.F("Tags", tags))
	var made []template.Field
	role := fn.properties.Get("Role")
	if role == nil {
		id := fn.id + "Role"
		role = getAtt(fn.pos, id, "Arn")
		made = append(made, declare(id, "AWS::IAM::Role", fn.from, fn.pos, t.role(fn, id, tags), "Condition"))
	}
	properties.Fields = append(properties.Fields, template.F("Role", role))
	lambda := declare(fn.id, "AWS::Lambda::Function", fn.from, fn.pos, properties,
		"Metadata", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy")
	made = append([]template.Field{lambda}, made...)
	made = append(made, published...)
	made = append(made, later...)
	made = append(made, t.url(fn)...)
	return append(made, t.events(fn)...)
}

// code returns the property Code of the Lambda function.
func (t *transformer) code(fn *function) *template.Node {
	uri, inline := fn.properties.Get("CodeUri"), fn.properties.Get("InlineCode")
	image := fn.properties.Get("ImageUri")
	switch {
	case t.isImage(fn) && image == nil:
		t.resource(fn.id, fn.pos, "Missing required property 'ImageUri'.")
		return template.NewMap(fn.pos)
	case t.isImage(fn):
		// AWS: what Globals say of code does not hold for an image.
		return template.NewMap(image.Pos, template.F("ImageUri", image))
	case image != nil:
		t.resource(fn.id, image.Pos, "'ImageUri' needs the PackageType Image.")
	case uri != nil && inline != nil:
		t.resource(fn.id, inline.Pos, "Only one of 'InlineCode' and 'CodeUri' can be set.")
	case inline != nil:
		return template.NewMap(inline.Pos, template.F("ZipFile", inline))
	case uri == nil:
		t.resource(fn.id, fn.pos, "Missing required property 'CodeUri'.")
	case uri.Kind == template.Map && !isFunction(uri):
		bucket, key := uri.Get("Bucket"), uri.Get("Key")
		if bucket == nil || key == nil {
			t.resource(fn.id, uri.Pos, "'CodeUri' requires Bucket and Key properties to be specified.")
		}
		return template.NewMap(uri.Pos, template.F("S3Bucket", bucket), template.F("S3Key", key), template.F("S3ObjectVersion", uri.Get("Version")))
	default:
		if code := s3Location(t.literal(uri), "S3Bucket", "S3Key", "S3ObjectVersion"); code != nil {
			return code
		}
		t.resource(fn.id, uri.Pos, "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.")
	}
	return template.NewMap(fn.pos)
}

// s3Location takes s3://bucket/key?versionId=v apart; nil if n is none.
func s3Location(n *template.Node, bucket, key, version string) *template.Node {
	if !n.Scalar() {
		return nil
	}
	path, ok := strings.CutPrefix(n.Text, "s3://")
	b, k, found := strings.Cut(path, "/")
	if !ok || !found || b == "" || k == "" {
		return nil
	}
	k, v, versioned := strings.Cut(k, "?versionId=")
	out := template.NewMap(n.Pos, template.F(bucket, text(n.Pos, b)), template.F(key, text(n.Pos, k)))
	if versioned {
		out.Fields = append(out.Fields, template.F(version, text(n.Pos, v)))
	}
	return out
}

// tags turns SAM's map of tags into CloudFormation's list, behind SAM's own.
func (t *transformer) tags(id string, pos template.Pos, n *template.Node) *template.Node {
	list := template.NewList(pos)
	add := func(pos template.Pos, key string, value *template.Node) {
		list.Items = append(list.Items, template.NewMap(pos, template.F("Key", text(pos, key)), template.F("Value", value)))
	}
	add(pos, createdBy, text(pos, "SAM"))
	if n == nil {
		return list
	}
	if n.Kind != template.Map || isFunction(n) {
		t.resource(id, n.Pos, "Property 'Tags' must be a map.")
		return list
	}
	for _, f := range n.Fields {
		if f.Key == createdBy {
			t.resource(id, f.Pos, "%s is a reserved Tag key name and cannot be set on your resource.", createdBy)
		}
		add(f.Pos, f.Key, f.Value)
	}
	return list
}

// publish returns the version and the alias of a function with AutoPublishAlias.
func (t *transformer) publish(fn *function, code *template.Node) []template.Field {
	alias := t.literal(fn.properties.Get("AutoPublishAlias"))
	provisioned := fn.properties.Get("ProvisionedConcurrencyConfig")
	if alias == nil {
		if provisioned != nil {
			t.resource(fn.id, provisioned.Pos, "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function")
		}
		return nil
	}
	if !alias.Scalar() || alias.Text == "" {
		t.resource(fn.id, alias.Pos, "'AutoPublishAlias' must be a string or a Ref to a template parameter")
		return nil
	}
	seed := code.JSON()
	if all := t.literal(fn.properties.Get("AutoPublishAliasAllProperties")); all.Scalar() && strings.EqualFold(all.Text, "true") {
		seed = fn.properties.JSON()
	}
	if sha := t.literal(fn.properties.Get("AutoPublishCodeSha256")); sha.Scalar() {
		seed = sha.Text
	}
	version := fn.id + "Version" + hash(seed)[:10]
	fn.alias, fn.aliasName = logicalID(fn.id+"Alias", alias.Text), text(alias.Pos, alias.Text)
	t.aliases[fn.id+".Version"], t.aliases[fn.id+".Alias"] = version, fn.alias
	made := declare(version, "AWS::Lambda::Version", fn.from, fn.pos, template.NewMap(fn.pos,
		template.F("FunctionName", ref(fn.pos, fn.id)), template.F("Description", fn.properties.Get("VersionDescription"))), "Condition")
	// AWS: an update publishes another version, and the last one stays.
	made.Value = made.Value.With("DeletionPolicy", text(fn.pos, "Retain"))
	return []template.Field{made, declare(fn.alias, "AWS::Lambda::Alias", fn.from, fn.pos, template.NewMap(fn.pos,
		template.F("Name", fn.aliasName), template.F("FunctionName", ref(fn.pos, fn.id)),
		template.F("FunctionVersion", getAtt(fn.pos, version, "Version")), template.F("ProvisionedConcurrencyConfig", provisioned)), "Condition")}
}
