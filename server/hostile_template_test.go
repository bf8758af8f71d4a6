package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/aws"
)

// TestHostileTemplates gives CloudFormation templates that mean harm: each is
// refused as the caller's mistake, at once, and leaves no stack.
func TestHostileTemplates(t *testing.T) {
	home := newSite(t)
	p := home.start(t)
	const group = "Resources: {Group: {Type: 'AWS::Logs::LogGroup'}}\n"
	laugh := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'k'; c++ {
		laugh += fmt.Sprintf("%c: &%[1]c [*%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c, *%[2]c]\n", c, c-1)
	}
	joins := "Resources:\n  G0: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: xxxxxxxxxx}}\nOutputs:\n  O: {Value: "
	joins += strings.Repeat("!Join [',', [a, b, ", 90) + "x" + strings.Repeat("]]", 90) + "}\n"
	for _, c := range []struct{ name, template string }{
		{"nothing", " "},
		{"no template", "hello"},
		{"a list", "[1, 2]"},
		{"no resources", "Resources: {}"},
		{"YAML that breaks off", "Resources: {Group: {Type: "},
		{"YAML with a tab", "Resources:\n\tGroup: {}\n"},
		{"YAML of two documents", group + "---\n" + group},
		{"YAML with a key twice", group + group},
		{"YAML of aliases that grow", laugh + group},
		{"YAML of an alias to itself", "a: &a [*a]\n" + group},
		{"YAML of great depth", group + "Metadata: " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)},
		{"YAML of great indentation", group + "Metadata: {a: " + strings.Repeat("{a: ", 10_000) + strings.Repeat("}", 10_001)},
		{"YAML with a tag that does not exist", "Resources: {Group: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Nothing x}}}"},
		{"YAML with a merge of nonsense", "Resources: {Group: {<<: 1, Type: 'AWS::Logs::LogGroup'}}"},
		{"bytes that are no text", "Resources:\n  Group: {Type: \"\xff\xfe\"}\n"},
		{"a NUL", group + "Description: \"a\x00b\"\n"},
		{"JSON that breaks off", `{"Resources": {"Group": {"Type": `},
		{"JSON of great depth", `{"Resources": ` + strings.Repeat(`{"a":`, 8_000) + "1" + strings.Repeat("}", 8_001)},
		{"more than 51,200 bytes", group + "#" + strings.Repeat("x", 60_000)},
		{"a type that does not exist", "Resources: {Group: {Type: 'AWS::No::Thing'}}"},
		{"a property that does not exist", "Resources: {Group: {Type: 'AWS::Logs::LogGroup', Properties: {Nothing: 1}}}"},
		{"a reference to nothing", "Resources: {Group: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Nothing}}}"},
		{"a reference to itself", "Resources: {Group: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Group}}}"},
		{"a circle", "Resources: {A: {Type: 'AWS::Logs::LogGroup', DependsOn: B}, B: {Type: 'AWS::Logs::LogGroup', DependsOn: A}}"},
		{"a condition in a circle", "Conditions: {A: !Not [Condition: B], B: !Not [Condition: A]}\nResources: {Group: {Type: 'AWS::Logs::LogGroup', Condition: A}}"},
		{"600 resources", "Resources:\n" + func() (s string) {
			for i := range 600 {
				s += fmt.Sprintf("  G%d: {Type: 'AWS::Logs::LogGroup'}\n", i)
			}
			return s
		}()},
		{"a transform that does not exist", "Transform: Nothing-2020\n" + group},
		{"a version that does not exist", "AWSTemplateFormatVersion: '2099-01-01'\n" + group},
		{"a pattern that never ends", "Parameters: {P: {Type: String, AllowedPattern: '(a+)+$', Default: '" + strings.Repeat("a", 1000) + "!'}}\n" + group},
		{"a pattern of nonsense", "Parameters: {P: {Type: String, AllowedPattern: '((', Default: a}}\n" + group},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := call[cloudformation.CreateStackOutput](ctx, p, &cloudformation.Service, "CreateStack", &cloudformation.CreateStackInput{StackName: new("hostile"), TemplateBody: &c.template})
			if f := aws.AsFault(err); f == nil || f.Status != http.StatusBadRequest || f.Message == "" {
				t.Errorf("it is refused with %v", err)
			} else {
				t.Logf("%.300s", f.Message)
			}
			if status, err := stackStatus(t.Context(), p, "hostile"); err == nil {
				t.Errorf("a stack is left: %s", status)
			}
			p.alive(t)
		})
	}
	// Deep, but not hostile.
	_, err := call[cloudformation.ValidateTemplateOutput](t.Context(), p, &cloudformation.Service, "ValidateTemplate", &cloudformation.ValidateTemplateInput{TemplateBody: &joins})
	if f := aws.AsFault(err); err != nil && (f == nil || f.Status != http.StatusBadRequest) {
		t.Error(err)
	}
	p.stop(t)
}
