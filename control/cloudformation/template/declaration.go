package template

import "slices"

// A Resource is the declaration of one resource.
type Resource struct {
	LogicalID           string
	Pos                 Pos
	Type                string
	TypePos             Pos
	Properties          *Node // nil without any
	Metadata            *Node // nil without any
	DependsOn           []Reference
	Condition           string
	DeletionPolicy      string // "" is Delete
	UpdateReplacePolicy string // "" is Delete
}

func (t *Template) readResources() error {
	n := t.Root.Get("Resources")
	switch {
	case n == nil, n.Kind == Map && len(n.Fields) == 0:
		return Invalid("Template format error: At least one Resources member must be defined.")
	case n.Kind != Map:
		return InvalidAt(n.Pos, "Template format error: Resources must be an object.")
	case len(n.Fields) > maxResources:
		return Invalid("Template format error: Number of resources, %d, is greater than maximum allowed, %d", len(n.Fields), maxResources)
	}
	for _, f := range n.Fields {
		r, err := readResource(f)
		if err != nil {
			return err
		}
		t.Resources = append(t.Resources, r)
	}
	return nil
}

func readResource(f Field) (*Resource, error) {
	r := &Resource{LogicalID: f.Key, Pos: f.Pos}
	if f.Value.Kind != Map {
		// AWS: recorded so, without the name of the offender.
		return nil, Invalid("Template format error: Any Resources member must be an object.")
	}
	if !alphanumeric.MatchString(f.Key) {
		return nil, Invalid("Template format error: Resource name %s is non alphanumeric.", f.Key)
	}
	if len(f.Key) > 255 {
		return nil, InvalidAt(f.Pos, "Template format error: Resource name %s is longer than 255 characters.", f.Key)
	}
	for _, attribute := range f.Value.Fields {
		if err := r.attribute(attribute); err != nil {
			return nil, err
		}
	}
	if r.Type == "" {
		return nil, Invalid("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", f.Key)
	}
	return r, nil
}

func (r *Resource) attribute(a Field) error {
	switch a.Key {
	case "Type":
		if a.Value.Kind != String || a.Value.Text == "" {
			return InvalidAt(a.Value.Pos, "Template format error: [/Resources/%s/Type] must be a string.", r.LogicalID)
		}
		r.Type, r.TypePos = a.Value.Text, a.Value.Pos
	case "Properties":
		if a.Value.Kind != Map {
			return InvalidAt(a.Value.Pos, "Template format error: [/Resources/%s] Properties must be an object.", r.LogicalID)
		}
		r.Properties = a.Value
	case "Metadata":
		if a.Value.Kind != Map {
			return InvalidAt(a.Value.Pos, "Template format error: [/Resources/%s] Metadata must be an object.", r.LogicalID)
		}
		r.Metadata = a.Value
	case "DependsOn":
		items := []*Node{a.Value}
		if a.Value.Kind == List {
			items = a.Value.Items
		}
		for _, item := range items {
			if item.Kind != String {
				return InvalidAt(item.Pos, "Template format error: DependsOn must be a string or list of strings.")
			}
			r.DependsOn = append(r.DependsOn, Reference{Name: item.Text, Pos: item.Pos})
		}
	case "Condition":
		if a.Value.Kind != String {
			return InvalidAt(a.Value.Pos, "Template format error: Every Condition member must be a string.")
		}
		r.Condition = a.Value.Text
	case "DeletionPolicy":
		r.DeletionPolicy = a.Value.Text
		return checkPolicy(a, "Delete", "Retain", "RetainExceptOnCreate", "Snapshot")
	case "UpdateReplacePolicy":
		r.UpdateReplacePolicy = a.Value.Text
		return checkPolicy(a, "Delete", "Retain", "Snapshot")
	case "CreationPolicy", "UpdatePolicy":
		return InvalidAt(a.Pos, "Template error: lamgate does not support %s, on resource %s", a.Key, r.LogicalID)
	default:
		// AWS: recorded so.
		return Invalid("Invalid template resource property '%s'", a.Key)
	}
	return nil
}

func checkPolicy(a Field, allowed ...string) error {
	if a.Value.Kind == String && slices.Contains(allowed, a.Value.Text) {
		if a.Value.Text == "Snapshot" {
			return InvalidAt(a.Value.Pos, "Template error: none of the resource types that lamgate supports can be snapshot by its %s", a.Key)
		}
		return nil
	}
	return InvalidAt(a.Value.Pos, "Template format error: Unrecognized %s %s. %s must be one of %v", a.Key, a.Value.Text, a.Key, allowed)
}

// An Output is the declaration of one output.
type Output struct {
	Name        string
	Pos         Pos
	Description string
	Value       *Node
	Export      *Node // the export's name; nil without one
	Condition   string
}

func (t *Template) readOutputs() error {
	n, err := t.section("Outputs")
	if err != nil || n == nil {
		return err
	}
	if len(n.Fields) > maxOutputs {
		return Invalid("Template format error: Number of outputs, %d, is greater than maximum allowed, %d", len(n.Fields), maxOutputs)
	}
	for _, f := range n.Fields {
		o := &Output{Name: f.Key, Pos: f.Pos}
		if !alphanumeric.MatchString(f.Key) {
			return Invalid("Template format error: Output name %s is non alphanumeric.", f.Key)
		}
		if f.Value.Kind != Map {
			return InvalidAt(f.Value.Pos, "Template format error: Every Outputs member must be an object.")
		}
		for _, a := range f.Value.Fields {
			switch a.Key {
			case "Value":
				o.Value = a.Value
			case "Description":
				if a.Value.Kind != String {
					return InvalidAt(a.Value.Pos, "Template format error: Every Description member must be a string.")
				}
				o.Description = a.Value.Text
			case "Condition":
				if a.Value.Kind != String {
					return InvalidAt(a.Value.Pos, "Template format error: Every Condition member must be a string.")
				}
				o.Condition = a.Value.Text
			case "Export":
				if o.Export = a.Value.Get("Name"); o.Export == nil || len(a.Value.Fields) != 1 {
					return InvalidAt(a.Value.Pos, "Template format error: Output %s is malformed: Export must be an object with the member Name.", f.Key)
				}
			default:
				return InvalidAt(a.Pos, "Invalid template output property '%s'", a.Key)
			}
		}
		if o.Value == nil {
			return Invalid("Template format error: Every Outputs member must contain a Value object")
		}
		t.Outputs = append(t.Outputs, o)
	}
	return nil
}

// Resource returns the declaration of a resource, or nil.
func (t *Template) Resource(logicalID string) *Resource {
	for _, r := range t.Resources {
		if r.LogicalID == logicalID {
			return r
		}
	}
	return nil
}
