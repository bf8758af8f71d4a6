package cloudformation

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A resourceChange is what an update would do with one resource.
type resourceChange struct {
	Action       string // Add, Modify, Remove
	LogicalID    string
	PhysicalID   string `json:",omitempty"`
	Type         string
	Replacement  string         `json:",omitempty"` // True, False, Conditional
	PolicyAction string         `json:",omitempty"`
	Scope        []string       `json:",omitempty"`
	Details      []changeDetail `json:",omitempty"`
	Before       string         `json:",omitempty"` // the properties, as JSON
	After        string         `json:",omitempty"`
}

type changeDetail struct {
	Attribute  string
	Name       string `json:",omitempty"`
	Recreation string
	Evaluation string
	Source     string
	Cause      string `json:",omitempty"`
}

// plan compares a stack with a template. Nothing is made; whatever can be known
// to fail fails here.
func (s *Service) plan(st *stack, p *prepared, d definition) (changes []resourceChange, changed bool, err error) {
	fresh := map[string]bool{} // will not be what it is, or is not yet
	lookup := s.lookup(p, func(id string) *resource.Outcome {
		if r := st.Resources[id]; r != nil && !fresh[id] && !r.Uncertain {
			return r.outcome()
		}
		return nil
	})
	scope, err := p.scope(st, d, lookup, func(name string) (string, error) { return s.imported(st, name) })
	if err != nil {
		return nil, false, err
	}
	graph, err := p.Dependencies(scope)
	if err != nil {
		return nil, false, err
	}
	for _, id := range order(graph) {
		declared := p.Resource(id)
		now, err := s.resolve(p, declared, scope)
		if err != nil {
			return nil, false, err
		}
		before := st.Resources[id]
		if before == nil || before.Status == createFailed {
			fresh[id] = true
			changes = append(changes, resourceChange{Action: "Add", LogicalID: id, Type: declared.Type, After: propertiesContext(now)})
			continue
		}
		metadata, err := evaluateOptional(p.Template, declared.Metadata, scope)
		if err != nil {
			return nil, false, err
		}
		c := s.compare(p, declared, before, now, metadata, d, scope)
		if c == nil {
			continue
		}
		fresh[id] = c.Replacement != "False"
		changes = append(changes, *c)
	}
	for id, r := range st.Resources {
		if _, stays := graph[id]; !stays {
			changes = append(changes, removal(r))
		}
	}
	slices.SortFunc(changes, func(a, b resourceChange) int { return strings.Compare(a.LogicalID, b.LogicalID) })
	outputs, _, err := s.outputs(p, scope)
	if err != nil {
		return nil, false, err
	}
	return changes, len(changes) > 0 || !slices.Equal(outputs, st.Outputs), nil
}

func evaluateOptional(t *template.Template, n *template.Node, scope *template.Scope) (*template.Node, error) {
	if n == nil {
		return nil, nil
	}
	return t.Evaluate(n, scope)
}

func propertiesContext(properties *template.Node) string {
	return template.NewMap(template.Pos{}, template.F("Properties", properties)).JSON()
}

func removal(r *record) resourceChange {
	c := resourceChange{Action: "Remove", LogicalID: r.LogicalID, PhysicalID: r.PhysicalID, Type: r.Type, PolicyAction: "Delete"}
	if strings.HasPrefix(r.DeletionPolicy, "Retain") {
		c.PolicyAction = "Retain"
	}
	if r.Properties != nil {
		c.Before = propertiesContext(r.Properties)
	}
	return c
}

// A difference is what distinguishes a resource's declaration from what the
// resource was made with.
type difference struct {
	properties []string // names, sorted
	tags       bool     // of the stack, for types that bear tags
	replace    bool
	maybe      bool // whether it is replaced depends on a value not known yet
}

func (d difference) none() bool { return len(d.properties) == 0 && !d.tags }

// differ compares properties, and the stack's tags, with a record.
func differ(kind *resource.Type, r *record, now *template.Node, tags map[string]string) difference {
	var d difference
	names := map[string]bool{}
	for _, n := range []*template.Node{now, r.Properties} {
		if n == nil {
			continue
		}
		for _, f := range n.Fields {
			names[f.Key] = true
		}
	}
	for name := range names {
		value := now.Get(name)
		if template.Equal(value, r.Properties.Get(name)) {
			continue
		}
		d.properties = append(d.properties, name)
		if kind.Properties[name].Replace {
			if value.HasUnknown() {
				d.maybe = true
			} else {
				d.replace = true
			}
		}
	}
	slices.Sort(d.properties)
	if _, tagged := kind.Properties["Tags"]; tagged && kind.Update != nil {
		d.tags = !equalTags(tags, r.Tags)
	}
	return d
}

func equalTags(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if other, ok := b[k]; !ok || other != v {
			return false
		}
	}
	return true
}

// compare returns the change of a resource that stays, or nil without one.
func (s *Service) compare(p *prepared, declared *template.Resource, before *record, now, metadata *template.Node, d definition, scope *template.Scope) *resourceChange {
	c := &resourceChange{Action: "Modify", LogicalID: declared.LogicalID, PhysicalID: before.PhysicalID, Type: declared.Type, Replacement: "False"}
	if before.Properties != nil {
		c.Before = propertiesContext(before.Properties)
	}
	c.After = propertiesContext(now)
	kind := s.types[declared.Type]
	if declared.Type != before.Type {
		c.Replacement, c.PolicyAction, c.Scope = "True", "ReplaceAndDelete", []string{"Properties"}
		return c
	}
	diff := differ(kind, before, now, d.Tags)
	for _, name := range diff.properties {
		recreation := "Never"
		if kind.Properties[name].Replace {
			recreation = "Always"
			if now.Get(name).HasUnknown() {
				recreation = "Conditionally"
			}
		}
		c.Details = append(c.Details, details("Properties", name, recreation, declared.Properties.Get(name), p, scope)...)
	}
	attribute := func(name string, expression *template.Node) {
		c.Scope = append(c.Scope, name)
		c.Details = append(c.Details, details(name, "", "Never", expression, p, scope)...)
	}
	if !template.Equal(metadata, before.Metadata) {
		attribute("Metadata", declared.Metadata)
	}
	if len(diff.properties) > 0 {
		c.Scope = append(c.Scope, "Properties")
	}
	if diff.tags {
		attribute("Tags", nil)
	}
	if declared.DeletionPolicy != before.DeletionPolicy {
		attribute("DeletionPolicy", nil)
	}
	if declared.UpdateReplacePolicy != before.UpdateReplacePolicy {
		attribute("UpdateReplacePolicy", nil)
	}
	switch {
	case len(c.Scope) == 0:
		return nil
	case diff.replace:
		c.Replacement = "True"
	case diff.maybe:
		c.Replacement = "Conditional"
	}
	if c.Replacement != "False" {
		c.PolicyAction = "ReplaceAndDelete"
		if declared.UpdateReplacePolicy == "Retain" {
			c.PolicyAction = "ReplaceAndRetain"
		}
	}
	return c
}

// details says where a change comes from.
// AWS: a change by a parameter is told twice, as the parameter's (Static) and as
// a direct one (Dynamic).
func details(attribute, name, recreation string, expression *template.Node, p *prepared, scope *template.Scope) []changeDetail {
	base := changeDetail{Attribute: attribute, Name: name, Recreation: recreation, Evaluation: "Static", Source: "DirectModification"}
	var list []changeDetail
	add := func(source, evaluation, cause string) {
		d := base
		d.Source, d.Evaluation, d.Cause = source, evaluation, cause
		if !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	template.References(expression, scope.Conditions, func(r template.Reference) {
		switch {
		case p.Parameter(r.Name) != nil:
			add("ParameterReference", "Static", r.Name)
		case r.GetAtt:
			add("ResourceAttribute", "Dynamic", r.Name+"."+r.Attribute)
		case p.Resource(r.Name) != nil:
			add("ResourceReference", "Dynamic", r.Name)
		}
	})
	if len(list) == 0 {
		return []changeDetail{base}
	}
	if slices.ContainsFunc(list, func(d changeDetail) bool { return d.Source == "ParameterReference" }) {
		add("DirectModification", "Dynamic", "")
	}
	return list
}

// order returns the nodes of a graph without circles, each behind what it needs.
func order(graph map[string][]string) []string {
	list := make([]string, 0, len(graph))
	seen := make(map[string]bool, len(graph))
	names := make([]string, 0, len(graph))
	for name := range graph {
		names = append(names, name)
	}
	slices.Sort(names)
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, need := range graph[name] {
			visit(need)
		}
		list = append(list, name)
	}
	for _, name := range names {
		visit(name)
	}
	return list
}
