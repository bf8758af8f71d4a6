package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lamgate/lamgate/aws"
)

// A Parameter is the declaration of one parameter.
type Parameter struct {
	Name                  string
	Pos                   Pos
	Type                  string
	Description           string
	ConstraintDescription string
	NoEcho                bool
	Default               *string
	AllowedValues         []string // nil allows all
	allowedPattern        string
	pattern               *regexp.Regexp // nil without one
	minLength, maxLength  *int
	minValue, maxValue    *float64
}

// awsParameterType matches the types whose values are names of other things;
// lamgate takes those as plain strings, because it has no such things to look
// them up in.
var awsParameterType = regexp.MustCompile(`^AWS::(EC2::(AvailabilityZone::Name|Image::Id|Instance::Id|KeyPair::KeyName|SecurityGroup::GroupName|SecurityGroup::Id|Subnet::Id|Volume::Id|VPC::Id)|Route53::HostedZone::Id)$`)

func validParameterType(s string) bool {
	switch s {
	case "String", "Number", "CommaDelimitedList", "List<String>", "List<Number>":
		return true
	}
	if strings.HasPrefix(s, "AWS::SSM::Parameter::") {
		return true // refused when it would need a value
	}
	if inner, ok := strings.CutPrefix(s, "List<"); ok {
		s = strings.TrimSuffix(inner, ">")
	}
	return awsParameterType.MatchString(s)
}

// IsList reports whether the parameter's value is a list.
func (p *Parameter) IsList() bool {
	return p.Type == "CommaDelimitedList" || strings.HasPrefix(p.Type, "List<")
}

func (t *Template) readParameters() error {
	n, err := t.section("Parameters")
	if err != nil || n == nil {
		return err
	}
	if len(n.Fields) > maxParameters {
		return Invalid("Template format error: Number of parameters, %d, is greater than maximum allowed, %d", len(n.Fields), maxParameters)
	}
	for _, f := range n.Fields {
		p, err := readParameter(f)
		if err != nil {
			return err
		}
		t.Parameters = append(t.Parameters, p)
	}
	return nil
}

func readParameter(f Field) (*Parameter, error) {
	p := &Parameter{Name: f.Key, Pos: f.Pos}
	if !alphanumeric.MatchString(f.Key) {
		return nil, Invalid("Template format error: Parameter name %s is non alphanumeric.", f.Key)
	}
	if f.Value.Kind != Map {
		return nil, InvalidAt(f.Value.Pos, "Template format error: Any Parameters member must be an object.")
	}
	for _, a := range f.Value.Fields {
		if err := p.attribute(a); err != nil {
			return nil, err
		}
	}
	if p.Type == "" {
		return nil, InvalidAt(f.Pos, "Template format error: Every Parameters object must contain a Type member.")
	}
	if p.Default != nil {
		if err := p.check(*p.Default); err != nil {
			return nil, InvalidAt(f.Pos, "Template format error: the Default of %s", strings.TrimPrefix(err.Message, "Parameter "))
		}
	}
	return p, nil
}

func (p *Parameter) attribute(a Field) error {
	v := a.Value
	if a.Key == "AllowedValues" {
		if v.Kind != List || slices.ContainsFunc(v.Items, func(i *Node) bool { return !i.Scalar() }) {
			return InvalidAt(v.Pos, "Template format error: AllowedValues of parameter %s must be a list of strings.", p.Name)
		}
		p.AllowedValues = []string{}
		for _, item := range v.Items {
			p.AllowedValues = append(p.AllowedValues, item.Text)
		}
		return nil
	}
	if !v.Scalar() {
		return InvalidAt(v.Pos, "Template format error: Every %s member must be a string.", a.Key)
	}
	var err error
	switch a.Key {
	case "Type":
		p.Type = v.Text
		if !validParameterType(p.Type) {
			return InvalidAt(v.Pos, "Template format error: Unrecognized parameter type: %s", p.Type)
		}
	case "Description":
		p.Description = v.Text
	case "ConstraintDescription":
		p.ConstraintDescription = v.Text
	case "NoEcho":
		p.NoEcho = strings.EqualFold(v.Text, "true")
	case "Default":
		p.Default = &v.Text
	case "AllowedPattern":
		p.allowedPattern = v.Text
		if p.pattern, err = regexp.Compile(`^(?:` + v.Text + `)$`); err != nil {
			return InvalidAt(v.Pos, "Template error: lamgate cannot evaluate the AllowedPattern of parameter %s: %v", p.Name, err)
		}
	case "MinLength":
		p.minLength, err = integer(v.Text)
	case "MaxLength":
		p.maxLength, err = integer(v.Text)
	case "MinValue":
		p.minValue, err = float(v.Text)
	case "MaxValue":
		p.maxValue, err = float(v.Text)
	default:
		return InvalidAt(a.Pos, "Invalid template parameter property '%s'", a.Key)
	}
	if err != nil {
		return InvalidAt(v.Pos, "Template format error: %s of parameter %s must be a number.", a.Key, p.Name)
	}
	return nil
}

func integer(s string) (*int, error) {
	v, err := strconv.Atoi(s)
	return &v, err
}

func float(s string) (*float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	return &v, err
}

// Values returns the value of every parameter: what is given, or its default.
func (t *Template) Values(given map[string]string) (map[string]*Node, error) {
	values := make(map[string]*Node, len(t.Parameters))
	var missing, unknown []string
	for _, p := range t.Parameters {
		value, ok := given[p.Name]
		switch {
		case ok:
		case p.Default != nil:
			value = *p.Default
		default:
			missing = append(missing, p.Name)
			continue
		}
		if strings.HasPrefix(p.Type, "AWS::SSM::Parameter::") {
			return nil, InvalidAt(p.Pos, "Parameter %s: lamgate does not support the type %s, as it has no Systems Manager yet", p.Name, p.Type)
		}
		if err := p.check(value); err != nil {
			return nil, err
		}
		values[p.Name] = p.node(value)
	}
	for name := range given {
		if t.Parameter(name) == nil {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	switch {
	case len(missing) > 0:
		return nil, Invalid("Parameters: [%s] must have values", strings.Join(missing, ", "))
	case len(unknown) > 0:
		return nil, Invalid("Parameters: [%s] do not exist in the template", strings.Join(unknown, ", "))
	}
	return values, nil
}

// Parameter returns the declaration of a parameter, or nil.
func (t *Template) Parameter(name string) *Parameter {
	for _, p := range t.Parameters {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (p *Parameter) node(value string) *Node {
	if !p.IsList() {
		return NewString(p.Pos, value)
	}
	n := NewList(p.Pos)
	for item := range strings.SplitSeq(value, ",") {
		n.Items = append(n.Items, NewString(p.Pos, strings.TrimSpace(item)))
	}
	return n
}

// check returns what is wrong with a value in AWS's words, or nil.
func (p *Parameter) check(value string) *aws.Fault {
	values := []string{value}
	if p.IsList() {
		values = strings.Split(value, ",")
		for i := range values {
			values[i] = strings.TrimSpace(values[i])
		}
	}
	number := p.Type == "Number" || p.Type == "List<Number>"
	for _, v := range values {
		f, err := strconv.ParseFloat(v, 64)
		length := utf8.RuneCountInString(v)
		var what string
		switch {
		case number && err != nil:
			what = "must be a number"
		case p.AllowedValues != nil && !slices.Contains(p.AllowedValues, v):
			what = "must be one of AllowedValues"
		case p.pattern != nil && !p.pattern.MatchString(v):
			what = "must match pattern " + p.allowedPattern
		case p.minLength != nil && length < *p.minLength:
			what = "must contain at least " + strconv.Itoa(*p.minLength) + " characters"
		case p.maxLength != nil && length > *p.maxLength:
			what = "must contain at most " + strconv.Itoa(*p.maxLength) + " characters"
		case number && p.minValue != nil && f < *p.minValue:
			what = "must be a number not less than " + strconv.FormatFloat(*p.minValue, 'f', -1, 64)
		case number && p.maxValue != nil && f > *p.maxValue:
			what = "must be a number not greater than " + strconv.FormatFloat(*p.maxValue, 'f', -1, 64)
		default:
			continue
		}
		if p.ConstraintDescription != "" && what != "must be a number" {
			return Invalid("Parameter %s failed to satisfy constraint: %s", p.Name, p.ConstraintDescription)
		}
		return Invalid("Parameter '%s' %s", p.Name, what)
	}
	return nil
}
