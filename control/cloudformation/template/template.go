package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The limits of AWS on the number of declarations in one template.
const (
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
	maxMappings   = 200
)

// A Template is a template's sections, checked as far as that can be done
// without values.
type Template struct {
	Root          *Node
	FormatVersion string
	Description   string
	Metadata      *Node
	Transforms    []Transform
	Parameters    []*Parameter
	Mappings      *Node // nil without any
	Conditions    *Node // nil without any
	Resources     []*Resource
	Outputs       []*Output
}

// A Transform is the name of a macro that the template asks for.
type Transform struct {
	Name string
	Pos  Pos
}

// The transforms of AWS that lamgate knows.
const (
	ServerlessTransform = "AWS::Serverless-2016-10-31"
	LanguageExtensions  = "AWS::LanguageExtensions"
)

var (
	alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	mappingKey   = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
)

// New takes a template's tree apart and checks everything that can be checked
// without values: sections, names, the shape of functions, references, cycles
// of conditions.
func New(root *Node) (*Template, error) {
	t, err := Outline(root)
	if err != nil {
		return nil, err
	}
	return t, t.check()
}

// Outline is New without the look at functions and references: those of a
// template whose transforms have not run may speak of what these will add.
func Outline(root *Node) (*Template, error) {
	t := &Template{Root: root}
	if err := t.header(); err != nil {
		return nil, err
	}
	if t.Transformed(LanguageExtensions) {
		expanded, err := t.expandLoops(root)
		if err != nil {
			return nil, err
		}
		t.Root = expanded
		root = expanded
	}
	if err := refuseNulls(root, ""); err != nil {
		return nil, err
	}
	for _, section := range []func() error{
		t.readParameters, t.readMappings, t.readConditions, t.readResources, t.readOutputs,
	} {
		if err := section(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Header reads only what stands outside the sections: version, description
// and transforms. It is all that can be said of a template before its
// transforms have run.
func Header(root *Node) (*Template, error) {
	t := &Template{Root: root}
	return t, t.header()
}

func (t *Template) header() error {
	var unknown []string
	for _, f := range t.Root.Fields {
		switch f.Key {
		case "AWSTemplateFormatVersion":
			t.FormatVersion = f.Value.Text
			if f.Value.Text != "2010-09-09" {
				return InvalidAt(f.Value.Pos, "Template format error: %s is not a supported value for AWSTemplateFormatVersion", f.Value.Text)
			}
		case "Description":
			if f.Value.Kind != String {
				return InvalidAt(f.Value.Pos, "Template format error: Description must be a string.")
			}
			if len(f.Value.Text) > 1024 {
				return InvalidAt(f.Value.Pos, "Template format error: 'Description' length is greater than 1024.")
			}
			t.Description = f.Value.Text
		case "Metadata":
			if f.Value.Kind != Map {
				return InvalidAt(f.Value.Pos, "Template format error: Metadata must be an object.")
			}
			t.Metadata = f.Value
		case "Transform":
			if err := t.readTransforms(f.Value); err != nil {
				return err
			}
		case "Rules":
			return InvalidAt(f.Pos, "Template error: lamgate does not evaluate the Rules section, which guards the template's parameters; remove it to deploy without that guard")
		case "Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Globals":
		default:
			unknown = append(unknown, f.Key)
		}
	}
	if len(unknown) > 0 {
		return Invalid("Invalid template property or properties [%s]", strings.Join(unknown, ", "))
	}
	if g := t.Root.Get("Globals"); g != nil && !t.Transformed(ServerlessTransform) {
		return Invalid("Invalid template property or properties [Globals]")
	}
	return nil
}

func (t *Template) readTransforms(n *Node) error {
	items := []*Node{n}
	if n.Kind == List {
		items = n.Items
	}
	for _, item := range items {
		switch {
		case item.Kind == Map:
			return InvalidAt(item.Pos, "Template error: lamgate does not support the transform %s", item.Get("Name").label())
		case item.Kind != String:
			return InvalidAt(item.Pos, "Template format error: Transform must be a string or a list of strings.")
		case item.Text != ServerlessTransform && item.Text != LanguageExtensions:
			return InvalidAt(item.Pos, "Template error: lamgate does not support the transform %s", item.Text)
		}
		t.Transforms = append(t.Transforms, Transform{item.Text, item.Pos})
	}
	return nil
}

// label is a node's text in a message.
func (n *Node) label() string {
	if n == nil {
		return "(none)"
	}
	return n.Text
}

// Transformed reports whether the template asks for a transform.
func (t *Template) Transformed(name string) bool {
	return slices.ContainsFunc(t.Transforms, func(tr Transform) bool { return tr.Name == name })
}

// section returns a section that must be a map if it is there.
func (t *Template) section(name string) (*Node, error) {
	n := t.Root.Get(name)
	if n != nil && n.Kind != Map {
		return nil, InvalidAt(n.Pos, "Template format error: %s must be an object.", name)
	}
	return n, nil
}

func (t *Template) readMappings() error {
	n, err := t.section("Mappings")
	if err != nil || n == nil {
		return err
	}
	if len(n.Fields) > maxMappings {
		return Invalid("Template format error: Number of mappings, %d, is greater than maximum allowed, %d", len(n.Fields), maxMappings)
	}
	for _, mapping := range n.Fields {
		if !alphanumeric.MatchString(mapping.Key) {
			return InvalidAt(mapping.Pos, "Template format error: Mapping name '%s' is non alphanumeric.", mapping.Key)
		}
		if mapping.Value.Kind != Map {
			return InvalidAt(mapping.Value.Pos, "Template format error: Every Mappings member must be a map.")
		}
		for _, first := range mapping.Value.Fields {
			if first.Value.Kind != Map {
				return InvalidAt(first.Value.Pos, "Template format error: Every Mappings member %s must be a map", mapping.Key)
			}
			for _, second := range first.Value.Fields {
				if !mappingKey.MatchString(second.Key) {
					return InvalidAt(second.Pos, "Template format error: Mappings attribute name '%s' must contain only alphanumeric characters, dashes and dots.", second.Key)
				}
				if v := second.Value; !v.Scalar() && (v.Kind != List || slices.ContainsFunc(v.Items, func(i *Node) bool { return !i.Scalar() })) {
					return InvalidAt(v.Pos, "Template format error: Every Mappings attribute must be a String or a List.")
				}
			}
		}
	}
	t.Mappings = n
	return nil
}

// refuseNulls finds the first null in the template.
func refuseNulls(n *Node, path string) error {
	switch n.Kind {
	case Null:
		return Invalid("[%s] 'null' values are not allowed in templates", path)
	case List:
		for i, item := range n.Items {
			if err := refuseNulls(item, fmt.Sprintf("%s/%d", path, i)); err != nil {
				return err
			}
		}
	case Map:
		for _, f := range n.Fields {
			if err := refuseNulls(f.Value, path+"/"+f.Key); err != nil {
				return err
			}
		}
	}
	return nil
}
