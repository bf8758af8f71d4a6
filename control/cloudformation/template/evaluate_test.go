package template

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const values = `
Transform: AWS::LanguageExtensions
Parameters:
  Name: {Type: String, Default: api}
  Names: {Type: CommaDelimitedList, Default: 'a, b,c'}
  Count: {Type: Number, Default: 3}
Mappings:
  M:
    us-east-1: {small: 12, list: [x, y]}
Conditions:
  IsAPI: !Equals [!Ref Name, api]
  IsNot: !Not [!Condition IsAPI]
  Both: !And [!Condition IsAPI, !Or [!Condition IsNot, !Equals [!Ref Count, 3]]]
Resources:
  A: {Type: T}
  B:
    Type: T
    Condition: IsNot
  C:
    Type: T
    Properties:
      Value: `

func evaluate(t *testing.T, expression string) (*Node, error) {
	t.Helper()
	tpl, err := parse(values + expression + "\n")
	if err != nil {
		return nil, err
	}
	s, err := tpl.NewScope(Scope{
		Account: "000000000000", Region: "us-east-1", StackName: "stack", StackID: "arn:stack",
		Lookup: func(id, attribute string) (*Node, error) {
			switch attribute {
			case "":
				return NewString(Pos{}, "ref-of-"+id), nil
			case "Arn":
				return NewString(Pos{}, "arn-of-"+id), nil
			case "Later":
				return &Node{Kind: Unknown}, nil
			}
			return nil, Invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", id, attribute)
		},
		Import: func(name string) (string, error) { return "imported-" + name, nil },
	}, nil)
	if err != nil {
		return nil, err
	}
	return tpl.Evaluate(tpl.Resource("C").Properties.Get("Value"), s)
}

func TestEvaluate(t *testing.T) {
	for expression, want := range map[string]string{
		"2012-10-17":                   `"2012-10-17"`,
		"012345678901":                 `"012345678901"`,
		"1.10":                         `1.10`,
		"yes":                          `true`,
		"'yes'":                        `"yes"`,
		"!Ref Name":                    `"api"`,
		"!Ref Names":                   `["a","b","c"]`,
		"!Ref Count":                   `"3"`,
		"!Ref A":                       `"ref-of-A"`,
		"!Ref AWS::Partition":          `"aws"`,
		"!Ref AWS::URLSuffix":          `"amazonaws.com"`,
		"[x, !Ref AWS::NoValue]":       `["x"]`,
		"{a: !Ref AWS::NoValue, b: 1}": `{"b":1}`,
		"!GetAtt A.Arn":                `"arn-of-A"`,
		"{Fn::GetAtt: [A, Arn]}":       `"arn-of-A"`,
		"{Fn::GetAtt: A.Arn}":          `"arn-of-A"`,
		"!GetAtt A.Later":              `"{{changeSet:KNOWN_AFTER_APPLY}}"`,
		"!Sub '${Name}-${A}-${A.Arn}-${!x}-${AWS::Region}-$ {'":  `"api-ref-of-A-arn-of-A-${x}-us-east-1-$ {"`,
		"!Sub ['${Name}-${x}', {x: !Ref Count}]":                 `"api-3"`,
		"!Sub 'a ${A.Later}'":                                    `"{{changeSet:KNOWN_AFTER_APPLY}}"`,
		"!Join ['-', [a, !Ref Name, 1]]":                         `"a-api-1"`,
		"!Join ['', !Ref Names]":                                 `"abc"`,
		"!Split [',', 'x,y']":                                    `["x","y"]`,
		"!Select [1, !Ref Names]":                                `"b"`,
		"!Select ['0', !GetAZs '']":                              `"us-east-1a"`,
		"!FindInMap [M, !Ref AWS::Region, small]":                `12`,
		"!FindInMap [M, !Ref AWS::Region, list]":                 `["x","y"]`,
		"!FindInMap [M, nowhere, x, {DefaultValue: d}]":          `"d"`,
		"!If [IsAPI, one, two]":                                  `"one"`,
		"!If [IsNot, one, !Ref AWS::NoValue]":                    `null`,
		"!If [Both, {a: !If [IsNot, 1, 2]}, x]":                  `{"a":2}`,
		"!Base64 {Ref: Name}":                                    `"YXBp"`,
		"!ImportValue x":                                         `"imported-x"`,
		"!Cidr [10.0.0.0/16, 3, 8]":                              `["10.0.0.0/24","10.0.1.0/24","10.0.2.0/24"]`,
		"!Cidr ['2001:db8::/56', 2, 64]":                         `["2001:db8::/64","2001:db8:0:1::/64"]`,
		"!Length [a, b]":                                         `2`,
		"{Fn::ToJsonString: {a: !Ref Name}}":                     `"{\"a\":\"api\"}"`,
		"{Condition: {StringEquals: {a: b}}, Effect: Allow}":     `{"Condition":{"StringEquals":{"a":"b"}},"Effect":"Allow"}`,
		"{Fn::ForEach::L: [X, [p, q], {'${X}1': !Sub 'v${X}'}]}": `{"p1":"vp","q1":"vq"}`,
	} {
		t.Run(expression, func(t *testing.T) {
			v, err := evaluate(t, expression)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, v.JSON()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEvaluateRefuses(t *testing.T) {
	for expression, want := range map[string]string{
		"!Select [3, !Ref Names]":        "Template error: Fn::Select cannot select nonexistent value at index 3 (line 22, column 14)",
		"!FindInMap [M, nope, x]":        "Template error: Unable to get mapping for M::nope::x (line 22, column 14)",
		"!GetAtt A.Nope":                 "Template error: resource A does not support attribute type Nope in Fn::GetAtt (line 22, column 14)",
		"!Ref B":                         "Template format error: Unresolved resource dependencies [B] in the Resources block of the template (line 22, column 14)",
		"'{{resolve:ssm:x}}'":            "Template error: lamgate does not support dynamic references ({{resolve:…}}) (line 22, column 14)",
		"!Sub ['${L}', {L: !Ref Names}]": "Template error: variable L in Fn::Sub expression does not resolve to a string (line 22, column 14)",
		"!Cidr [10.0.0.0/24, 2, 8]":      "Template error: Fn::Cidr: 10.0.0.0/24 has no room for 2 blocks of 8 bits (line 22, column 14)",
	} {
		t.Run(expression, func(t *testing.T) {
			_, err := evaluate(t, expression)
			fails(t, err, want)
		})
	}
}

func TestParameters(t *testing.T) {
	const declaration = `
Parameters:
  S: {Type: String, MinLength: 2, MaxLength: 4, AllowedPattern: '[a-z]+'}
  N: {Type: Number, MinValue: 1, MaxValue: 9, Default: 5}
  E: {Type: String, AllowedValues: [dev, prod], Default: dev, ConstraintDescription: must be dev or prod}
  Key: {Type: 'AWS::EC2::KeyPair::KeyName', Default: k}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>', Default: 'a,b'}
` + one
	tpl, err := parse(declaration)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		given map[string]string
		want  string
	}{
		"good":     {map[string]string{"S": "abc"}, ""},
		"missing":  {nil, "Parameters: [S] must have values"},
		"unknown":  {map[string]string{"S": "abc", "X": "1"}, "Parameters: [X] do not exist in the template"},
		"short":    {map[string]string{"S": "a"}, "Parameter 'S' must contain at least 2 characters"},
		"long":     {map[string]string{"S": "abcde"}, "Parameter 'S' must contain at most 4 characters"},
		"pattern":  {map[string]string{"S": "AB"}, "Parameter 'S' must match pattern [a-z]+"},
		"no num":   {map[string]string{"S": "abc", "N": "x"}, "Parameter 'N' must be a number"},
		"too much": {map[string]string{"S": "abc", "N": "10"}, "Parameter 'N' must be a number not greater than 9"},
		"allowed":  {map[string]string{"S": "abc", "E": "x"}, "Parameter E failed to satisfy constraint: must be dev or prod"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tpl.Values(c.given)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			fails(t, err, c.want)
		})
	}
}

func TestDependencies(t *testing.T) {
	parse := func(body string) (map[string][]string, error) {
		tpl, err := parse(body)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tpl.NewScope(Scope{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return tpl.Dependencies(s)
	}
	graph, err := parse(`
Conditions:
  Never: !Equals [a, b]
Resources:
  A: {Type: T, DependsOn: [B, D]}
  B: {Type: T, Properties: {x: !Sub '${C.Arn}', y: !If [Never, !Ref A, !Ref C]}}
  C: {Type: T}
  D: {Type: T, Condition: Never}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"A": {"B"}, "B": {"C"}, "C": {}}
	if diff := cmp.Diff(want, graph); diff != "" {
		t.Error(diff)
	}
	_, err = parse("Resources:\n  A: {Type: T, DependsOn: B}\n  B: {Type: T, DependsOn: C}\n  C: {Type: T, DependsOn: B}\n")
	fails(t, err, "Circular dependency between resources: [B, C]")
}

func TestSameTreeInJSONAndYAML(t *testing.T) {
	y, err := Read("Resources:\n  A:\n    Type: T\n    Properties: {N: 1, B: true, L: [!Ref X, !Sub 'a', !GetAtt A.B.C]}\n")
	if err != nil {
		t.Fatal(err)
	}
	j, err := Read(`{"Resources": {"A": {"Type": "T", "Properties": {"N": 1, "B": true, "L": [{"Ref": "X"}, {"Fn::Sub": "a"}, {"Fn::GetAtt": ["A", "B.C"]}]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	if !Equal(y, j) {
		t.Errorf("\nYAML %s\nJSON %s", y.JSON(), j.JSON())
	}
}
