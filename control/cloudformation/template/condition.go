package template

import (
	"slices"
	"strings"
)

func (t *Template) readConditions() error {
	n, err := t.section("Conditions")
	if err != nil || n == nil {
		return err
	}
	for _, f := range n.Fields {
		if !alphanumeric.MatchString(f.Key) {
			return Invalid("Template format error: Condition name %s is non alphanumeric.", f.Key)
		}
	}
	t.Conditions = n
	return nil
}

// checkConditions checks the shape of every condition and that they do not
// turn in circles.
func (t *Template) checkConditions() error {
	if t.Conditions == nil {
		return nil
	}
	const unseen, open, done = 0, 1, 2
	state := make(map[string]int, len(t.Conditions.Fields))
	var path []string
	var visit func(name string) error
	visit = func(name string) error {
		switch state[name] {
		case done:
			return nil
		case open:
			from := slices.Index(path, name)
			return InvalidAt(t.Conditions.Get(name).Pos, "Template error: Circular dependency between conditions: [%s]", strings.Join(path[from:], ", "))
		}
		state[name] = open
		path = append(path, name)
		err := t.checkCondition(t.Conditions.Get(name), visit)
		path = path[:len(path)-1]
		state[name] = done
		return err
	}
	for _, f := range t.Conditions.Fields {
		if err := visit(f.Key); err != nil {
			return err
		}
	}
	return nil
}

// checkCondition checks one boolean expression; visit is called with the name
// of every condition it mentions.
func (t *Template) checkCondition(n *Node, visit func(string) error) error {
	name, arg := n.condition()
	items := 0
	if name != "" && arg.Kind == List {
		items = len(arg.Items)
	}
	switch name {
	case "Condition":
		if arg.Kind != String || t.Conditions.Get(arg.Text) == nil {
			return InvalidAt(n.Pos, "Template format error: Unresolved condition dependency %s in the Conditions block of the template", arg.label())
		}
		return visit(arg.Text)
	case "Fn::And", "Fn::Or":
		if items < 2 || items > 10 {
			return InvalidAt(n.Pos, "Template error: every %s object requires a list of at least 2 and at most 10 boolean parameters.", name)
		}
		for _, item := range arg.Items {
			if err := t.checkCondition(item, visit); err != nil {
				return err
			}
		}
		return nil
	case "Fn::Not":
		if items != 1 {
			return InvalidAt(n.Pos, "Template error: every Fn::Not object requires one boolean parameter.")
		}
		return t.checkCondition(arg.Items[0], visit)
	case "Fn::Equals":
		if items != 2 {
			return InvalidAt(n.Pos, "Template error: every Fn::Equals object requires a list of 2 string parameters.")
		}
		for _, item := range arg.Items {
			if err := t.checkConditionValue(item); err != nil {
				return err
			}
		}
		return nil
	}
	return InvalidAt(n.Pos, "Template format error: Conditions can only be boolean operations on parameters and other conditions")
}

func (t *Template) checkConditionValue(n *Node) error {
	if err := t.checkShapes(n); err != nil {
		return err
	}
	var fault error
	References(n, nil, func(r Reference) {
		switch {
		case fault != nil:
		case r.GetAtt || t.Resource(r.Name) != nil:
			fault = InvalidAt(r.Pos, "Template error: Conditions cannot refer to resources, as this one does to %s", r.Name)
		case t.Parameter(r.Name) == nil && !Pseudo(r.Name):
			fault = InvalidAt(r.Pos, "Template format error: Unresolved dependencies [%s]. Cannot reference resources in the Conditions block of the template", r.Name)
		}
	})
	return fault
}

// condition is function for the places where a boolean expression stands.
func (n *Node) condition() (name string, arg *Node) {
	if n == nil || n.Kind != Map || len(n.Fields) != 1 {
		return "", nil
	}
	return n.Fields[0].Key, n.Fields[0].Value
}

// evaluateConditions sets scope.Conditions from the parameters.
func (t *Template) evaluateConditions(s *Scope) error {
	s.Conditions = map[string]bool{}
	if t.Conditions == nil {
		return nil
	}
	for _, f := range t.Conditions.Fields {
		if _, err := t.evaluateCondition(f.Key, s); err != nil {
			return err
		}
	}
	return nil
}

func (t *Template) evaluateCondition(name string, s *Scope) (bool, error) {
	if v, ok := s.Conditions[name]; ok {
		return v, nil
	}
	v, err := t.truth(t.Conditions.Get(name), s)
	if err == nil {
		s.Conditions[name] = v
	}
	return v, err
}

func (t *Template) truth(n *Node, s *Scope) (bool, error) {
	name, arg := n.condition()
	switch name {
	case "Condition":
		return t.evaluateCondition(arg.Text, s)
	case "Fn::Not":
		v, err := t.truth(arg.Items[0], s)
		return !v, err
	case "Fn::And", "Fn::Or":
		for _, item := range arg.Items {
			v, err := t.truth(item, s)
			if err != nil {
				return false, err
			}
			if v == (name == "Fn::Or") {
				return v, nil
			}
		}
		return name == "Fn::And", nil
	}
	// Fn::Equals: nothing else passes checkCondition.
	a, err := t.Evaluate(arg.Items[0], s)
	if err != nil {
		return false, err
	}
	b, err := t.Evaluate(arg.Items[1], s)
	return Equal(a, b), err
}
