package cloudformation

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/cloudformation/sam"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A prepared template is read, transformed and checked.
type prepared struct {
	*template.Template
	text templateText
}

// prepare reads a template and runs its transforms. given are the values of its
// parameters, as far as there are any.
func (s *Service) prepare(body string, given map[string]string, c aws.Caller) (*prepared, error) {
	root, err := template.Read(body)
	if err != nil {
		return nil, err
	}
	head, err := template.Header(root)
	if err != nil {
		return nil, err
	}
	text := templateText{Body: body}
	if head.Transformed(template.ServerlessTransform) {
		root, err = sam.Transform(root, sam.Options{Parameters: given, Region: c.Region})
		if err != nil {
			return nil, err
		}
	}
	t, err := template.New(root)
	if err != nil {
		return nil, err
	}
	if len(head.Transforms) > 0 {
		text.Processed = t.Root.With("Transform", nil).JSON()
	}
	return &prepared{t, text}, s.checkTypes(t)
}

// checkTypes refuses the resource types that lamgate lacks, all at once.
func (s *Service) checkTypes(t *template.Template) error {
	var unknown []string
	for _, r := range t.Resources {
		if s.types[r.Type] == nil {
			unknown = append(unknown, template.InvalidAt(r.TypePos, "Resources.%s.Type: lamgate does not support the resource type %s", r.LogicalID, r.Type).Message)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return template.Invalid("%s", strings.Join(unknown, "\n"))
}

// The capabilities that a client acknowledges.
const (
	capabilityIAM        = "CAPABILITY_IAM"
	capabilityNamedIAM   = "CAPABILITY_NAMED_IAM"
	capabilityAutoExpand = "CAPABILITY_AUTO_EXPAND"
)

// capability returns which acknowledgement a template needs, "" for none, and
// the types that need it.
func (s *Service) capability(t *template.Template) (need string, because []string) {
	for _, r := range t.Resources {
		kind := s.types[r.Type]
		if kind == nil || !kind.IAM {
			continue
		}
		if !slices.Contains(because, r.Type) {
			because = append(because, r.Type)
		}
		if kind.NameProperty != "" && r.Properties.Get(kind.NameProperty) != nil {
			need = capabilityNamedIAM
		} else if need == "" {
			need = capabilityIAM
		}
	}
	slices.Sort(because)
	return need, because
}

// acknowledged checks that the client knows what the template can do.
func (s *Service) acknowledged(t *template.Template, given []string) error {
	need, _ := s.capability(t)
	if need == "" || slices.Contains(given, capabilityNamedIAM) || slices.Contains(given, need) {
		return nil
	}
	return insufficientCapabilities(need)
}

func insufficientCapabilities(need string) error {
	return aws.Faultf(http.StatusBadRequest, "InsufficientCapabilitiesException", "Requires capabilities : [%s]", need)
}

// scope returns the values that the template's functions meet in a stack.
func (p *prepared) scope(st *stack, d definition, lookup func(id, attribute string) (*template.Node, error), imports func(string) (string, error)) (*template.Scope, error) {
	return p.NewScope(template.Scope{
		Account: st.Account, Region: st.Region, StackID: st.ID, StackName: st.Name,
		NotificationARNs: d.NotificationARNs, Lookup: lookup, Import: imports,
	}, d.values())
}

// resolve evaluates a resource's properties and compares them with its type.
func (s *Service) resolve(p *prepared, r *template.Resource, scope *template.Scope) (*template.Node, error) {
	properties := &template.Node{Pos: r.Pos, Kind: template.Map}
	if r.Properties != nil {
		var err error
		if properties, err = p.Evaluate(r.Properties, scope); err != nil {
			return nil, err
		}
		if properties == nil || properties.Kind != template.Map {
			return nil, template.InvalidAt(r.Properties.Pos, "Template format error: [/Resources/%s] Properties must be an object.", r.LogicalID)
		}
	}
	return properties, s.types[r.Type].Check(r.LogicalID, r.Pos, properties)
}

// lookup returns what functions see of resources: what outcome says of one, and
// Unknown where that says nothing.
func (s *Service) lookup(p *prepared, outcome func(id string) *resource.Outcome) func(id, attribute string) (*template.Node, error) {
	return func(id, attribute string) (*template.Node, error) {
		kind := s.types[p.Resource(id).Type]
		if attribute != "" {
			if fault := kind.Attribute(id, attribute); fault != nil {
				return nil, fault
			}
		}
		if o := outcome(id); o != nil {
			if v, ok := o.Value(attribute); ok {
				return template.NewString(template.Pos{}, v), nil
			}
		}
		return &template.Node{Kind: template.Unknown}, nil
	}
}

// parameters returns the values of a request's parameters for the template,
// with defaults and previous values filled in.
func (p *prepared) parameters(given map[string]string) []parameter {
	var list []parameter
	for _, declared := range p.Template.Parameters {
		value, ok := given[declared.Name]
		if !ok && declared.Default != nil {
			value = *declared.Default
		}
		list = append(list, parameter{Key: declared.Name, Value: value, NoEcho: declared.NoEcho})
	}
	return list
}
