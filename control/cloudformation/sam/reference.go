package sam

import (
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// rename replaces references to what a serverless resource turns into, such as
// Ref of Function.Alias or ${Api.Stage}, by the resource that it is.
func (t *transformer) rename(n *template.Node) *template.Node {
	if len(t.aliases) == 0 {
		return n
	}
	switch name, arg := n.Function(); {
	case name == "Ref" && arg.Kind == template.String:
		if id, ok := t.aliases[arg.Text]; ok {
			return ref(n.Pos, id)
		}
		return n
	case name == "Fn::GetAtt" && arg.Kind == template.List && len(arg.Items) == 2:
		if id, ok := t.aliases[arg.Items[0].Text]; ok {
			return getAtt(n.Pos, id, arg.Items[1].Text)
		}
		return n
	case name == "Fn::Sub" && arg.Kind == template.String:
		return sub(n.Pos, t.renameText(arg.Text))
	}
	switch n.Kind {
	case template.List:
		out := template.NewList(n.Pos)
		for _, item := range n.Items {
			out.Items = append(out.Items, t.rename(item))
		}
		return out
	case template.Map:
		out := template.NewMap(n.Pos)
		for _, f := range n.Fields {
			if f.Key == "Fn::Sub" && f.Value.Kind == template.List && len(f.Value.Items) == 2 && f.Value.Items[0].Kind == template.String {
				first := text(f.Value.Items[0].Pos, t.renameText(f.Value.Items[0].Text))
				f.Value = template.NewList(f.Value.Pos, first, t.rename(f.Value.Items[1]))
			} else if f.Key == "DependsOn" {
				f.Value = t.renameDependencies(f.Value)
			} else {
				f.Value = t.rename(f.Value)
			}
			out.Fields = append(out.Fields, f)
		}
		return out
	}
	return n
}

// renameDependencies replaces what a DependsOn names.
func (t *transformer) renameDependencies(n *template.Node) *template.Node {
	if id, ok := t.aliases[n.Text]; ok && n.Kind == template.String {
		return text(n.Pos, id)
	}
	if n.Kind != template.List {
		return n
	}
	out := template.NewList(n.Pos)
	for _, item := range n.Items {
		out.Items = append(out.Items, t.renameDependencies(item))
	}
	return out
}

func (t *transformer) renameText(s string) string {
	for from, to := range t.aliases {
		s = strings.ReplaceAll(s, "${"+from+"}", "${"+to+"}")
	}
	return s
}
