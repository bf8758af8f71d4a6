package apigateway

import (
	"context"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// GetModelTemplate implements apigateway.GetModelTemplateAPI.
func (s *Service) GetModelTemplate(ctx context.Context, in *api.GetModelTemplateRequest) (*api.Template, error) {
	name := aws.Value(in.ModelName)
	a, err := s.load(ctx, aws.Value(in.RestApiId), noModel(name))
	if err != nil {
		return nil, err
	}
	m := a.Models[name]
	if m == nil {
		return nil, noModel(name)
	}
	w := &templateWriter{root: a.flat(m)}
	w.WriteString("#set($inputRoot = $input.path('$'))\n")
	w.value(w.root, "", 0)
	if w.Len() > maxTemplate {
		return nil, badRequest("The template of model %s would exceed %d bytes: its references make too much of it", name, maxTemplate)
	}
	return &api.Template{Value: new(w.String())}, nil
}

const (
	maxTemplate      = 256 << 10
	maxTemplateDepth = 32
)

// A templateWriter writes a mapping template that makes a sample of a schema.
//
// AWS: strings are "foo", numbers 42 and booleans true; an object without
// properties is { }; a list loops over what its user is to name in the place of
// TODO. The form is that of templates which users of the console have kept.
type templateWriter struct {
	strings.Builder
	root *node
}

func (w *templateWriter) value(n *node, indent string, depth int) {
	n = w.resolve(n)
	if depth > maxTemplateDepth || w.Len() > maxTemplate {
		w.WriteString("{ }")
		return
	}
	switch schemaType(n) {
	case "string":
		w.WriteString(`"foo"`)
	case "integer", "number":
		w.WriteString("42")
	case "boolean":
		w.WriteString("true")
	case "null":
		w.WriteString("null")
	case "array":
		w.array(n, indent, depth)
	default:
		w.object(n, indent, depth)
	}
}

func (w *templateWriter) object(n *node, indent string, depth int) {
	properties := n.get("properties")
	if properties == nil || len(properties.keys) == 0 {
		w.WriteString("{ }")
		return
	}
	w.WriteString("{\n")
	separator := ""
	for name, property := range properties.all() {
		w.WriteString(separator + indent + "  ")
		text, _ := (&node{kind: textNode, text: name}).MarshalJSON()
		w.Write(text)
		w.WriteString(" : ")
		w.value(property, indent+"  ", depth+1)
		separator = ",\n"
	}
	w.WriteString("\n" + indent + "}")
}

func (w *templateWriter) array(n *node, indent string, depth int) {
	w.WriteString("[\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot.TODO)\n" + indent + " ")
	items := n.get("items")
	if list := items.elements(); len(list) > 0 {
		items = list[0]
	}
	w.value(items, indent, depth+1)
	w.WriteString(" \n#if($foreach.hasNext),#end\n#end\n" + indent + "]")
}

// resolve follows a schema's references within the flat root.
func (w *templateWriter) resolve(n *node) *node {
	for range maxReferences {
		ref := n.get("$ref")
		if ref == nil {
			return n
		}
		if ref.str() == "#" {
			n = w.root
			continue
		}
		pointer, ok := strings.CutPrefix(ref.str(), "#/")
		if !ok {
			return nil
		}
		n = w.root.at(pointer)
	}
	return nil
}

// schemaType returns the type of a schema: of several the first that is not
// null, and without any what its keywords speak of.
func schemaType(n *node) string {
	t := n.get("type")
	for _, one := range t.elements() {
		if one.text != "null" {
			return one.text
		}
	}
	switch {
	case t.str() != "":
		return t.str()
	case n.get("items") != nil:
		return "array"
	}
	return "object"
}
