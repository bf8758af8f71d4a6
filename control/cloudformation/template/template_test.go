package template

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
)

func fails(t *testing.T, err error, want string) {
	t.Helper()
	f := aws.AsFault(err)
	if f == nil {
		t.Fatalf("got %v, want a fault: %s", err, want)
	}
	if f.Code != "ValidationError" || f.Status != 400 {
		t.Errorf("fault is %s with status %d", f.Code, f.Status)
	}
	if f.Message != want {
		t.Errorf("message\n got %q\nwant %q", f.Message, want)
	}
}

const one = "Resources:\n  A:\n    Type: T\n"

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		// AWS: these messages are recorded.
		"no resources":        {"Resources: {}\n", "Template format error: At least one Resources member must be defined."},
		"resource no object":  {"Resources:\n  A: x\n", "Template format error: Any Resources member must be an object."},
		"resource no type":    {"Resources:\n  A:\n    Properties: {}\n", "Template format error: [/Resources/A] Every Resources object must contain a Type member."},
		"resource attribute":  {"Resources:\n  A:\n    Type: T\n    Invalid: x\n", "Invalid template resource property 'Invalid'"},
		"resource name":       {"Resources:\n  AWS::NoValue:\n    Type: T\n", "Template format error: Resource name AWS::NoValue is non alphanumeric."},
		"parameter name":      {"Parameters:\n  AWS::NoValue: {Type: String}\n" + one, "Template format error: Parameter name AWS::NoValue is non alphanumeric."},
		"null output":         {one + "Outputs:\n  MyOutput:\n    Value:\n", "[/Outputs/MyOutput/Value] 'null' values are not allowed in templates"},
		"output no value":     {one + "Outputs:\n  MyOutput: {}\n", "Template format error: Every Outputs member must contain a Value object"},
		"json":                {`{"this is invalid JSON"="bar"}`, "Template format error: JSON not well-formed. (line 1, column 25)"},
		"plain text":          {"https://example.com/t.yaml", "Template format error: unsupported structure."},
		"empty":               {"", "Template format error: YAML not well-formed. no documents in stream"},
		"yaml":                {"A:\n  - x\n B: 1\n", "Template format error: YAML not well-formed. (line 3, column 2): did not find expected key"},
		"duplicate":           {one + "  A:\n    Type: U\n", `Template format error: YAML not well-formed. Duplicate key "A", first used on line 2 (line 4, column 3)`},
		"duplicate in json":   {`{"A":1,"A":2}`, `Template format error: JSON not well-formed. Duplicate key "A", first used on line 1 (line 1, column 8)`},
		"alias":               {"A: &a [x]\nB: *a\n", "Template error: YAML aliases are not allowed in CloudFormation templates (line 2, column 4)"},
		"merge":               {"A:\n  <<: {x: 1}\n", "Template error: YAML merge keys (<<) are not allowed in CloudFormation templates (line 2, column 3)"},
		"tag":                 {"A: !Foo x\n", "Template format error: YAML not well-formed. !Foo is not the tag of a function (line 1, column 4)"},
		"unknown section":     {one + "Foo: 1\n", "Invalid template property or properties [Foo]"},
		"rules":               {one + "Rules: {}\n", "Template error: lamgate does not evaluate the Rules section, which guards the template's parameters; remove it to deploy without that guard (line 4, column 1)"},
		"macro":               {one + "Transform: Mine\n", "Template error: lamgate does not support the transform Mine (line 4, column 12)"},
		"ref":                 {one + "    Properties:\n      P: [!Ref X, !Ref Y, !Ref X]\n", "Template format error: Unresolved resource dependencies [X, Y] in the Resources block of the template (line 5, column 11)"},
		"ref in output":       {one + "Outputs:\n  O:\n    Value: !Ref X\n", "Template format error: Unresolved resource dependencies [X] in the Outputs block of the template (line 6, column 12)"},
		"depends on":          {one + "    DependsOn: B\n", "Template format error: Unresolved resource dependencies [B] in the Resources block of the template (line 4, column 16)"},
		"depends on itself":   {one + "    DependsOn: A\n", "Circular dependency between resources: [A]"},
		"getatt":              {one + "    Properties:\n      P: !GetAtt B.Arn\n", "Template error: instance of Fn::GetAtt references undefined resource B (line 5, column 10)"},
		"getatt by sub":       {one + "    Properties:\n      P: !Sub '${B.Arn}'\n", "Template error: instance of Fn::GetAtt references undefined resource B (line 5, column 10)"},
		"sub name":            {one + "    Properties:\n      P: !Sub '${a-b}'\n", "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons (line 5, column 10)"},
		"unknown function":    {one + "    Properties:\n      P: {Fn::Foo: x}\n", "Template error: encountered unsupported function: Fn::Foo Supported functions are: [" + supported + "] (line 5, column 10)"},
		"transform function":  {one + "    Properties:\n      P: {Fn::Transform: {Name: AWS::Include}}\n", "Template error: lamgate does not support Fn::Transform (AWS::Include) (line 5, column 10)"},
		"unextended length":   {one + "    Properties:\n      P: !Length [1]\n", "Template error: the function Fn::Length needs Transform: AWS::LanguageExtensions (line 5, column 10)"},
		"if without":          {one + "    Properties:\n      P: !If [C, 1, 2]\n", "Template error: unresolved condition dependency: C (line 5, column 10)"},
		"mapping":             {one + "    Properties:\n      P: !FindInMap [M, a, b]\n", "Template format error: Mapping named 'M' is not present in the 'Mappings' section of template. (line 5, column 10)"},
		"condition circle":    {one + "Conditions:\n  C: !Not [!Condition D]\n  D: !Not [!Condition C]\n", "Template error: Circular dependency between conditions: [C, D] (line 5, column 6)"},
		"condition on a res.": {one + "Conditions:\n  C: !Equals [!Ref A, x]\n", "Template error: Conditions cannot refer to resources, as this one does to A (line 5, column 15)"},
		"creation policy":     {one + "    CreationPolicy: {}\n", "Template error: lamgate does not support CreationPolicy, on resource A (line 4, column 5)"},
		"deletion policy":     {one + "    DeletionPolicy: Keep\n", "Template format error: Unrecognized DeletionPolicy Keep. DeletionPolicy must be one of [Delete Retain RetainExceptOnCreate Snapshot] (line 4, column 21)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.body)
			fails(t, err, c.want)
		})
	}
}

func TestBounds(t *testing.T) {
	for name, body := range map[string]string{
		"size":         strings.Repeat("#", MaxBody+1),
		"depth":        strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"depth, yaml":  "A: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"depth, json":  `{"A":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
		"nodes":        `{"A":[` + strings.Repeat("1,", 250_000) + "1]}",
		"resources":    "Resources:\n" + many(501, "  R%d: {Type: T}\n"),
		"alias bomb":   "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" + one,
		"foreach bomb": "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A:\n  - X\n  - [" + many(1000, "v%d,") + "]\n  - R${X}:\n      Type: T\n      Metadata:\n        Fn::ForEach::B:\n        - Y\n        - [" + many(1000, "v%d,") + "]\n        - ${Y}: " + strings.Repeat("z", 1000) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(body); aws.AsFault(err) == nil {
				t.Fatalf("got %v, want a fault", err)
			}
		})
	}
	t.Run("evaluation", func(t *testing.T) {
		tpl, err := parse("Parameters: {P: {Type: String}}\n" + one + "    Properties:\n      P: !Sub '" + strings.Repeat("${P}", 10_000) + "'\n")
		if err != nil {
			t.Fatal(err)
		}
		s, err := tpl.NewScope(Scope{}, map[string]string{"P": strings.Repeat("x", 4096)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tpl.Evaluate(tpl.Resources[0].Properties, s)
		fails(t, err, "Template error: the template's functions resolve to more than 6291456 bytes (line 6, column 10)")
	})
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "%d", strings.Repeat("i", i/26)+string(rune('a'+i%26))))
	}
	return b.String()
}

// parse reads a template from its text.
func parse(body string) (*Template, error) {
	root, err := Read(body)
	if err != nil {
		return nil, err
	}
	return New(root)
}
