package template

import (
	"slices"
	"strings"
)

// Dependencies returns, for every resource that exists under the conditions of
// s, the logical IDs it has to wait for, sorted; a circle among them is a
// fault.
func (t *Template) Dependencies(s *Scope) (map[string][]string, error) {
	active := make(map[string]bool, len(t.Resources))
	for _, r := range t.Resources {
		if s.Active(r.Condition) {
			active[r.LogicalID] = true
		}
	}
	graph := make(map[string][]string, len(active))
	for _, r := range t.Resources {
		if !active[r.LogicalID] {
			continue
		}
		needs := []string{}
		add := func(ref Reference) {
			if active[ref.Name] && s.Parameters[ref.Name] == nil {
				needs = append(needs, ref.Name)
			}
		}
		for _, d := range r.DependsOn {
			add(d)
		}
		References(r.Properties, s.Conditions, add)
		References(r.Metadata, s.Conditions, add)
		slices.Sort(needs)
		graph[r.LogicalID] = slices.Compact(needs)
	}
	if circle := Circle(graph); circle != nil {
		return nil, Invalid("Circular dependency between resources: [%s]", strings.Join(circle, ", "))
	}
	return graph, nil
}

// Circle returns the nodes of one circle in a graph, sorted, or nil.
func Circle(graph map[string][]string) []string {
	waiting := make(map[string]int, len(graph))
	dependents := map[string][]string{}
	var ready []string
	for name, needs := range graph {
		waiting[name] = len(needs)
		for _, need := range needs {
			dependents[need] = append(dependents[need], name)
		}
		if len(needs) == 0 {
			ready = append(ready, name)
		}
	}
	for len(ready) > 0 {
		name := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		delete(waiting, name)
		for _, d := range dependents[name] {
			if waiting[d]--; waiting[d] == 0 {
				ready = append(ready, d)
			}
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	// What is left is in a circle or behind one. From anywhere, following what
	// is waited for must come round.
	names := make([]string, 0, len(waiting))
	for name := range waiting {
		names = append(names, name)
	}
	slices.Sort(names)
	var path []string
	for at := names[0]; ; {
		if i := slices.Index(path, at); i >= 0 {
			circle := path[i:]
			slices.Sort(circle)
			return circle
		}
		path = append(path, at)
		for _, need := range graph[at] {
			if _, left := waiting[need]; left {
				at = need
				break
			}
		}
	}
}
