package template

import (
	"testing"

	"github.com/lamgate/lamgate/aws"
)

// Whatever the text, parsing and evaluating ends, within bounds, in a template
// or in a fault; and what was read survives being written as JSON.
func FuzzParse(f *testing.F) {
	f.Add(values + "!Sub '${Name}-${A}-${A.Arn}-${!x}'\n")
	f.Add(`{"Resources": {"A": {"Type": "T", "Properties": {"x": {"Fn::Join": ["", ["a", {"Ref": "AWS::Region"}]]}}}}}`)
	f.Add("Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::A:\n  - X\n  - [a, b]\n  - R${X}: {Type: T, DependsOn: [Ra]}\n")
	f.Add("A: &a [*a]\n")
	f.Add("Resources: {A: {Type: T, Properties: {x: !Cidr [10.0.0.0/8, 256, 1], y: !Select [0, !Split [',', 'a,b']]}}}")
	f.Fuzz(func(t *testing.T, body string) {
		root, err := Read(body)
		if err != nil {
			mustBeFault(t, err)
			return
		}
		again, err := readJSON(root.JSON())
		if err != nil {
			t.Fatalf("own JSON %s: %v", root.JSON(), err)
		}
		if !Equal(root, again) {
			t.Fatalf("\nread    %s\nwritten %s", root.JSON(), again.JSON())
		}
		tpl, err := New(root)
		if err != nil {
			mustBeFault(t, err)
			return
		}
		s, err := tpl.NewScope(Scope{Region: "us-east-1"}, nil)
		if err != nil {
			mustBeFault(t, err)
			return
		}
		if _, err := tpl.Dependencies(s); err != nil {
			mustBeFault(t, err)
		}
		for _, r := range tpl.Resources {
			if r.Properties == nil {
				continue
			}
			if _, err := tpl.Evaluate(r.Properties, s); err != nil {
				mustBeFault(t, err)
			}
		}
	})
}

func mustBeFault(t *testing.T, err error) {
	if aws.AsFault(err) == nil {
		t.Fatalf("not a fault: %v", err)
	}
}
