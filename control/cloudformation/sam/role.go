package sam

import (
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/policy"
)

const managedPrefix = "arn:aws:iam::aws:policy/"

// role returns the properties of the role that a function runs as.
func (t *transformer) role(fn *function, id string, tags *template.Node) *template.Node {
	pos := fn.pos
	trust := fn.properties.Get("AssumeRolePolicyDocument")
	if trust == nil {
		trust = template.NewMap(pos,
			template.F("Version", text(pos, "2012-10-17")),
			template.F("Statement", template.NewList(pos, template.NewMap(pos,
				template.F("Action", template.NewStrings(pos, "sts:AssumeRole")),
				template.F("Effect", text(pos, "Allow")),
				template.F("Principal", template.NewMap(pos, template.F("Service", template.NewStrings(pos, "lambda.amazonaws.com"))))))))
	}
	managed := template.NewStrings(pos, managedPrefix+"service-role/AWSLambdaBasicExecutionRole")
	if tracing := t.literal(fn.properties.Get("Tracing")); tracing.IsString("Active") {
		managed.Items = append(managed.Items, text(tracing.Pos, managedPrefix+"AWSXrayWriteOnlyAccess"))
	}
	// AWS: the policy follows the property, whether or not it names a network.
	if vpc := fn.properties.Get("VpcConfig"); vpc != nil && !(vpc.Kind == template.Map && len(vpc.Fields) == 0) {
		managed.Items = append(managed.Items, text(vpc.Pos, managedPrefix+"service-role/AWSLambdaVPCAccessExecutionRole"))
	}
	inline := template.NewList(pos)
	if given := fn.properties.Get("Policies"); given != nil {
		items := given.Items
		if given.Kind != template.List {
			items = []*template.Node{given}
		}
		for i, item := range items {
			t.policy(fn, item, id+"Policy"+strconv.Itoa(i), managed, inline)
		}
	}
	inline.Items = append(inline.Items, fn.statements...)
	properties := template.NewMap(pos,
		template.F("AssumeRolePolicyDocument", trust), template.F("ManagedPolicyArns", managed),
		template.F("Path", fn.properties.Get("RolePath")), template.F("PermissionsBoundary", fn.properties.Get("PermissionsBoundary")))
	if len(inline.Items) > 0 {
		properties.Fields = append(properties.Fields, template.F("Policies", inline))
	}
	properties.Fields = append(properties.Fields, template.F("Tags", tags))
	return properties
}

// policy adds one member of Policies to the managed policies or to the inline
// ones: a name or ARN, a policy template, or a document.
func (t *transformer) policy(fn *function, n *template.Node, name string, managed, inline *template.Node) {
	put := func(document *template.Node) {
		inline.Items = append(inline.Items, template.NewMap(n.Pos, template.F("PolicyName", text(n.Pos, name)), template.F("PolicyDocument", document)))
	}
	switch {
	case n.Kind == template.String:
		arn, ok := managedPolicy(n.Text)
		if !ok {
			t.resource(fn.id, n.Pos, "lamgate does not know the managed policy %s", n.Text)
			return
		}
		managed.Items = append(managed.Items, text(n.Pos, arn))
	case n.Kind != template.Map:
		t.resource(fn.id, n.Pos, "Policy at this place is neither a name, a policy template nor a document")
	case n.Get("Statement") != nil:
		put(n)
	case isFunction(n):
		t.functionPolicy(fn, n, managed, put)
	case len(n.Fields) == 1:
		t.fromTemplate(fn, n, put)
	default:
		t.resource(fn.id, n.Pos, "Policy at this place is neither a policy template nor a document with a Statement")
	}
}

// functionPolicy takes a policy that only deploying can tell: the ARN of a
// managed one, or AWS::NoValue.
func (t *transformer) functionPolicy(fn *function, n *template.Node, managed *template.Node, put func(*template.Node)) {
	if name, arg := n.Function(); name == "Fn::If" {
		document := func(b *template.Node) bool { return b.Get("Statement") != nil }
		if arg.Kind == template.List && len(arg.Items) == 3 && (document(arg.Items[1]) || document(arg.Items[2])) {
			put(n)
			return
		}
		t.refuseTemplates(fn, arg)
	}
	if known := t.literal(n); known.Kind == template.String {
		if arn, ok := managedPolicy(known.Text); ok {
			n = text(n.Pos, arn)
		}
	}
	managed.Items = append(managed.Items, n)
}

// refuseTemplates refuses policy templates within a Fn::If.
func (t *transformer) refuseTemplates(fn *function, arg *template.Node) {
	for _, branch := range arg.Items {
		if branch.Kind == template.Map && len(branch.Fields) == 1 && !isFunction(branch) {
			t.resource(fn.id, branch.Pos, "lamgate does not support the policy template %s within Fn::If", branch.Fields[0].Key)
		}
	}
}

func (t *transformer) fromTemplate(fn *function, n *template.Node, put func(*template.Node)) {
	name, values := n.Fields[0].Key, n.Fields[0].Value
	p, known := policyTemplates()[name]
	if !known {
		t.resource(fn.id, n.Fields[0].Pos, "There is no policy template %s", name)
		return
	}
	if values.Kind != template.Map {
		t.resource(fn.id, values.Pos, "Invalid parameter values for policy template '%s'", name)
		return
	}
	var missing []string
	for parameter := range strings.FieldsSeq(p.parameters) {
		if values.Get(parameter) == nil {
			missing = append(missing, parameter)
		}
	}
	if len(missing) > 0 {
		t.resource(fn.id, n.Pos, "Following required parameters of template '%s' don't have values: [%s]", name, strings.Join(missing, ", "))
		return
	}
	put(p.document(n.Pos, values))
}

// managedPolicy returns the ARN of a managed policy given by that or by name.
func managedPolicy(name string) (string, bool) {
	if strings.HasPrefix(name, "arn:") {
		return name, true
	}
	for _, p := range policy.AWSManagedPolicies() {
		if p.Name == name {
			return p.ARN, true
		}
	}
	return "", false
}
