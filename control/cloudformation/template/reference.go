package template

import (
	"slices"
	"strings"
)

// A Reference is a mention of a parameter, a resource or a pseudo-parameter.
type Reference struct {
	Name      string
	Attribute string // of Fn::GetAtt, if it is written out; "" for Ref and DependsOn
	GetAtt    bool
	Pos       Pos
}

// Pseudo reports whether name is a pseudo-parameter.
func Pseudo(name string) bool {
	switch name {
	case "AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition",
		"AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix":
		return true
	}
	return false
}

// References calls yield for every reference in n. conditions, if not nil, says
// which branch of a Fn::If is meant; otherwise both are.
func References(n *Node, conditions map[string]bool, yield func(Reference)) {
	if n == nil {
		return
	}
	name, arg := n.function()
	switch name {
	case "Ref":
		if arg.Kind == String {
			yield(Reference{Name: arg.Text, Pos: n.Pos})
		}
		return
	case "Fn::GetAtt":
		if logical, attribute, err := getAtt(n.Pos, arg); err == nil {
			r := Reference{Name: logical, GetAtt: true, Pos: n.Pos}
			if attribute.Kind == String {
				r.Attribute = attribute.Text
			} else {
				References(attribute, conditions, yield)
			}
			yield(r)
		}
		return
	case "Fn::Sub":
		text, variables, err := subArguments(n.Pos, arg)
		if err != nil {
			return
		}
		for _, part := range subParts(text) {
			if part.name == "" || variables.Get(part.name) != nil {
				continue
			}
			if logical, attribute, ok := strings.Cut(part.name, "."); ok {
				yield(Reference{Name: logical, Attribute: attribute, GetAtt: true, Pos: n.Pos})
			} else {
				yield(Reference{Name: part.name, Pos: n.Pos})
			}
		}
		References(variables, conditions, yield)
		return
	case "Fn::If":
		if conditions != nil && arg.Kind == List && len(arg.Items) == 3 {
			References(branch(arg, conditions), conditions, yield)
			return
		}
	}
	for _, item := range n.Items {
		References(item, conditions, yield)
	}
	for _, f := range n.Fields {
		References(f.Value, conditions, yield)
	}
}

// branch returns the value of a Fn::If that its condition chooses.
func branch(arg *Node, conditions map[string]bool) *Node {
	if conditions[arg.Items[0].Text] {
		return arg.Items[1]
	}
	return arg.Items[2]
}

// check looks at every function and every reference of the template.
func (t *Template) check() error {
	if err := t.checkConditions(); err != nil {
		return err
	}
	var inResources, inOutputs unresolved
	for _, r := range t.Resources {
		if r.Condition != "" && t.Conditions.Get(r.Condition) == nil {
			return InvalidAt(r.Pos, "Template format error: Condition %s, of resource %s, is not present in the Conditions block of the template", r.Condition, r.LogicalID)
		}
		for _, n := range []*Node{r.Properties, r.Metadata} {
			if err := t.checkNode(n, &inResources); err != nil {
				return err
			}
		}
		for _, d := range r.DependsOn {
			if t.Resource(d.Name) == nil {
				inResources.add(d)
			} else if d.Name == r.LogicalID {
				return Invalid("Circular dependency between resources: [%s]", r.LogicalID)
			}
		}
	}
	if err := inResources.fault("Resources"); err != nil {
		return err
	}
	for _, o := range t.Outputs {
		if o.Condition != "" && t.Conditions.Get(o.Condition) == nil {
			return InvalidAt(o.Pos, "Template format error: Condition %s, of output %s, is not present in the Conditions block of the template", o.Condition, o.Name)
		}
		for _, n := range []*Node{o.Value, o.Export} {
			if err := t.checkNode(n, &inOutputs); err != nil {
				return err
			}
		}
	}
	return inOutputs.fault("Outputs")
}

// unresolved collects the names that nothing in the template bears.
type unresolved struct {
	names []string
	first Pos
}

func (u *unresolved) add(r Reference) {
	if len(u.names) == 0 {
		u.first = r.Pos
	}
	if !slices.Contains(u.names, r.Name) {
		u.names = append(u.names, r.Name)
	}
}

func (u *unresolved) fault(block string) error {
	if len(u.names) == 0 {
		return nil
	}
	return InvalidAt(u.first, "Template format error: Unresolved resource dependencies [%s] in the %s block of the template", strings.Join(u.names, ", "), block)
}

func (t *Template) checkNode(n *Node, missing *unresolved) error {
	if n == nil {
		return nil
	}
	if err := t.checkShapes(n); err != nil {
		return err
	}
	var fault error
	References(n, nil, func(r Reference) {
		switch resource := t.Resource(r.Name); {
		case fault != nil:
		case r.GetAtt && resource == nil:
			fault = InvalidAt(r.Pos, "Template error: instance of Fn::GetAtt references undefined resource %s", r.Name)
		case !r.GetAtt && resource == nil && t.Parameter(r.Name) == nil && !Pseudo(r.Name):
			missing.add(r)
		}
	})
	return fault
}

func (t *Template) checkShapes(n *Node) error {
	if name, arg := n.function(); name != "" {
		if err := t.checkFunction(name, n.Pos, arg); err != nil {
			return err
		}
	}
	for _, item := range n.Items {
		if err := t.checkShapes(item); err != nil {
			return err
		}
	}
	for _, f := range n.Fields {
		if strings.HasPrefix(f.Key, "Fn::") && len(n.Fields) > 1 {
			return InvalidAt(f.Pos, "Template error: the function %s must be the only member of its object", f.Key)
		}
		if err := t.checkShapes(f.Value); err != nil {
			return err
		}
	}
	return nil
}
