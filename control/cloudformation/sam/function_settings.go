package sam

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// Of a function's properties these become resources of their own, or statements
// of its role.

// allow lets the role that a function runs as, if SAM makes it, do something.
func (fn *function) allow(pos template.Pos, name, action string, resource *template.Node) {
	fn.statements = append(fn.statements, template.NewMap(pos, template.F("PolicyName", text(pos, name)),
		template.F("PolicyDocument", template.NewMap(pos, template.F("Version", text(pos, "2012-10-17")),
			template.F("Statement", template.NewList(pos, template.NewMap(pos,
				template.F("Action", text(pos, action)), template.F("Resource", resource), template.F("Effect", text(pos, "Allow")))))))))
}

// deadLetter returns the property DeadLetterConfig of the Lambda function.
func (t *transformer) deadLetter(fn *function) *template.Node {
	queue := fn.properties.Get("DeadLetterQueue")
	if queue == nil {
		return nil
	}
	kind, target := t.literal(queue.Get("Type")), queue.Get("TargetArn")
	actions := map[string]string{"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}
	switch {
	case !kind.Scalar() || target == nil:
		t.resource(fn.id, queue.Pos, "'DeadLetterQueue' requires Type and TargetArn properties to be specified.")
		return nil
	case actions[kind.Text] == "":
		t.resource(fn.id, kind.Pos, "'DeadLetterQueue' requires Type of ['SQS', 'SNS'].")
		return nil
	}
	fn.allow(queue.Pos, "DeadLetterQueuePolicy", actions[kind.Text], target)
	return template.NewMap(queue.Pos, template.F("TargetArn", target))
}

// asynchronous returns the resource of a function's EventInvokeConfig.
func (t *transformer) asynchronous(fn *function) []template.Field {
	config := fn.properties.Get("EventInvokeConfig")
	if config == nil {
		return nil
	}
	out := template.NewMap(config.Pos, template.F("FunctionName", ref(config.Pos, fn.id)))
	qualifier := text(config.Pos, "$LATEST")
	if fn.alias != "" {
		qualifier = fn.aliasName
	}
	out.Fields = append(out.Fields, template.F("Qualifier", qualifier))
	for _, f := range config.Fields {
		switch f.Key {
		case "MaximumEventAgeInSeconds", "MaximumRetryAttempts":
			out.Fields = append(out.Fields, f)
		case "DestinationConfig":
			f.Value = t.destinations(fn, f.Value)
			out.Fields = append(out.Fields, f)
		default:
			t.resource(fn.id, f.Pos, "property %s not defined for EventInvokeConfig", f.Key)
		}
	}
	made := declare(fn.id+"EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", fn.from, config.Pos, out, "Condition")
	if fn.alias != "" {
		made.Value = made.Value.With("DependsOn", text(config.Pos, fn.alias))
	}
	return []template.Field{made}
}

// destinations returns a DestinationConfig without what only SAM knows, and lets
// the role send there.
func (t *transformer) destinations(fn *function, config *template.Node) *template.Node {
	out := template.NewMap(config.Pos)
	for _, f := range config.Fields {
		if f.Key != "OnSuccess" && f.Key != "OnFailure" {
			t.resource(fn.id, f.Pos, "property %s not defined for DestinationConfig", f.Key)
			continue
		}
		kind, target := t.literal(f.Value.Get("Type")), f.Value.Get("Destination")
		if target == nil {
			if kind.Scalar() && slices.Contains([]string{"SQS", "SNS"}, kind.Text) {
				t.resource(fn.id, f.Pos, "lamgate does not make the %s of %s: it has no such service. Give its ARN as Destination", kind.Text, f.Key)
			} else {
				t.resource(fn.id, f.Pos, "Type and Destination must be provided")
			}
			continue
		}
		if kind != nil {
			t.allowDestination(fn, f, kind, target)
		}
		f.Value = template.NewMap(f.Value.Pos, template.F("Destination", target))
		out.Fields = append(out.Fields, f)
	}
	return out
}

func (t *transformer) allowDestination(fn *function, f template.Field, kind, target *template.Node) {
	actions := map[string]string{
		"SQS": "sqs:SendMessage", "SNS": "sns:Publish", "Lambda": "lambda:InvokeFunction", "EventBridge": "events:PutEvents", "S3Bucket": "s3:PutObject",
	}
	action := actions[kind.Text]
	if !kind.Scalar() || action == "" || kind.Text == "S3Bucket" && f.Key == "OnSuccess" {
		t.resource(fn.id, kind.Pos, "'Type: %s' is not a supported Destination type", kind.Text)
		return
	}
	if kind.Text == "S3Bucket" {
		target = template.NewMap(target.Pos, template.F("Fn::Join", template.NewList(target.Pos, text(target.Pos, "/"), template.NewList(target.Pos, target, text(target.Pos, "*")))))
	}
	fn.allow(f.Pos, fn.id+"EventInvokeConfig"+f.Key+kind.Text+"Policy", action, target)
}

// url returns the resources of a function's FunctionUrlConfig: the URL, and for
// one that is open to everyone the two permissions that this takes.
func (t *transformer) url(fn *function) []template.Field {
	config := fn.properties.Get("FunctionUrlConfig")
	if config == nil {
		return nil
	}
	pos, target := config.Pos, ref(config.Pos, fn.id)
	if fn.alias != "" {
		target = ref(pos, fn.alias)
	}
	out := template.NewMap(pos, template.F("TargetFunctionArn", target))
	for _, f := range config.Fields {
		switch f.Key {
		case "AuthType", "Cors", "InvokeMode":
			out.Fields = append(out.Fields, f)
		default:
			t.resource(fn.id, f.Pos, "property %s not defined for FunctionUrlConfig", f.Key)
		}
	}
	auth := t.literal(config.Get("AuthType"))
	switch {
	case auth == nil:
		t.resource(fn.id, pos, "AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.")
		return nil
	case !isFunction(auth) && (!auth.Scalar() || auth.Text != "AWS_IAM" && auth.Text != "NONE"):
		t.resource(fn.id, auth.Pos, "AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.")
		return nil
	}
	made := []template.Field{declare(fn.id+"Url", "AWS::Lambda::Url", fn.from, pos, out, "Metadata", "DeletionPolicy", "UpdateReplacePolicy", "Condition")}
	if !auth.IsString("NONE") {
		return made
	}
	permission := func(suffix, action string, only template.Field) template.Field {
		return declare(fn.id+suffix, "AWS::Lambda::Permission", fn.from, pos, template.NewMap(pos,
			template.F("Action", text(pos, action)), template.F("FunctionName", target), template.F("Principal", text(pos, "*")), only), "Condition")
	}
	// AWS: since October 2025 a URL needs both.
	return append(made,
		permission("UrlPublicPermissions", "lambda:InvokeFunctionUrl", template.F("FunctionUrlAuthType", text(pos, "NONE"))),
		permission("URLInvokeAllowPublicAccess", "lambda:InvokeFunction", template.F("InvokedViaFunctionUrl", text(pos, "true"))))
}

// isImage reports whether a function's code is a container image.
func (t *transformer) isImage(fn *function) bool {
	kind := t.literal(fn.properties.Get("PackageType"))
	return kind.Scalar() && strings.EqualFold(kind.Text, "Image")
}
