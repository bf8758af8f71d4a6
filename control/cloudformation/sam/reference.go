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
			} else {
				f.Value = t.rename(f.Value)
			}
			out.Fields = append(out.Fields, f)
		}
		return out
	}
	return n
}

func (t *transformer) renameText(s string) string {
	for from, to := range t.aliases {
		s = strings.ReplaceAll(s, "${"+from+"}", "${"+to+"}")
	}
	return s
}
