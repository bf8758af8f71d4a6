package sam

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// globals are the properties of the Globals section, by its members.
type globals map[string]*template.Node

func (t *transformer) readGlobals(n *template.Node) {
	t.globals = globals{}
	if n == nil {
		return
	}
	known := []string{"Api", "CapacityProvider", "Function", "HttpApi", "LayerVersion", "SimpleTable", "StateMachine", "WebSocketApi"}
	if n.Kind != template.Map {
		t.add(n.Pos, "'Globals' section is invalid. It must be a non-empty dictionary")
		return
	}
	for _, f := range n.Fields {
		switch {
		case !slices.Contains(known, f.Key):
			t.add(f.Pos, "'Globals' section is invalid. '%s' is not supported. Must be one of the following values - ['%s']", f.Key, strings.Join(known, "', '"))
		case f.Value.Kind != template.Map:
			t.add(f.Value.Pos, "'Globals' section is invalid. Value of ${%s} must be a dictionary", f.Key)
		default:
			t.globals[f.Key] = f.Value
		}
	}
}

// with returns a resource's properties over the globals of its kind.
func (g globals) with(kind string, properties *template.Node) *template.Node {
	if properties == nil {
		properties = &template.Node{Kind: template.Map}
	}
	if g[kind] == nil {
		return properties
	}
	return merge(g[kind], properties)
}

// merge puts a resource's value over a global one. AWS: maps are merged, lists
// joined (the global part first), anything else is the resource's; a function's
// node is no map.
func merge(global, local *template.Node) *template.Node {
	switch {
	case global.Kind == template.List && local.Kind == template.List:
		return template.NewList(local.Pos, append(slices.Clone(global.Items), local.Items...)...)
	case global.Kind != template.Map || local.Kind != template.Map || isFunction(global) || isFunction(local):
		return local
	}
	out := &template.Node{Pos: local.Pos, Kind: template.Map}
	for _, f := range global.Fields {
		if over := local.Get(f.Key); over != nil {
			f.Value = merge(f.Value, over)
		}
		out.Fields = append(out.Fields, f)
	}
	for _, f := range local.Fields {
		if global.Get(f.Key) == nil {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

func isFunction(n *template.Node) bool {
	name, _ := n.Function()
	return name != ""
}
