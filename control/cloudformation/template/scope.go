package template

import "github.com/lamgate/lamgate/aws"

// maxResolved bounds what one Scope may produce: a template of a megabyte can
// ask for gigabytes.
const maxResolved = 6 << 20

// A Scope holds the values that functions are evaluated with.
type Scope struct {
	Parameters map[string]*Node
	Conditions map[string]bool

	Account, Region, StackID, StackName string
	NotificationARNs                    []string

	// Lookup returns what Ref (attribute "") or Fn::GetAtt gives of a resource;
	// an Unknown while that does not exist.
	Lookup func(logicalID, attribute string) (*Node, error)
	// Import returns the value of an export.
	Import func(name string) (string, error)

	produced int
}

// NewScope checks parameters against the template's declarations and evaluates
// the template's conditions with them.
func (t *Template) NewScope(s Scope, parameters map[string]string) (*Scope, error) {
	values, err := t.Values(parameters)
	if err != nil {
		return nil, err
	}
	s.Parameters = values
	if s.Lookup == nil {
		s.Lookup = func(string, string) (*Node, error) { return &Node{Kind: Unknown}, nil }
	}
	if s.Import == nil {
		s.Import = func(name string) (string, error) { return "", Invalid("No export named %s found.", name) }
	}
	return &s, t.evaluateConditions(&s)
}

// Active reports whether a resource or output with this condition exists.
func (s *Scope) Active(condition string) bool { return condition == "" || s.Conditions[condition] }

// pseudo returns the value of a pseudo-parameter; nil for AWS::NoValue.
func (s *Scope) pseudo(name string, pos Pos) *Node {
	switch name {
	case "AWS::AccountId":
		return NewString(pos, s.Account)
	case "AWS::NotificationARNs":
		return NewStrings(pos, s.NotificationARNs...)
	case "AWS::Partition":
		return NewString(pos, aws.Partition)
	case "AWS::Region":
		return NewString(pos, s.Region)
	case "AWS::StackId":
		return NewString(pos, s.StackID)
	case "AWS::StackName":
		return NewString(pos, s.StackName)
	case "AWS::URLSuffix":
		return NewString(pos, "amazonaws.com")
	}
	return nil
}
