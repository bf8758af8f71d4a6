package cloudformation

import (
	"slices"

	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

// outputs evaluates the outputs that exist under the template's conditions.
// known is false if one of them cannot be told yet.
func (s *Service) outputs(p *prepared, scope *template.Scope) (list []output, known bool, err error) {
	known = true
	for _, o := range p.Outputs {
		if !scope.Active(o.Condition) {
			continue
		}
		value, err := p.Evaluate(o.Value, scope)
		switch {
		case err != nil:
			return nil, false, err
		case value != nil && value.Kind == template.Unknown:
			known = false
			value = template.NewString(o.Pos, "")
		case !value.Scalar():
			return nil, false, template.InvalidAt(o.Pos, "Template format error: The Value field of every Outputs member must evaluate to a String.")
		}
		out := output{Key: o.Name, Value: value.Text, Description: o.Description}
		if o.Export != nil {
			name, err := p.Evaluate(o.Export, scope)
			switch {
			case err != nil:
				return nil, false, err
			case name != nil && name.Kind == template.Unknown:
				known = false
			case !name.Scalar() || name.Text == "":
				return nil, false, template.InvalidAt(o.Pos, "Template format error: Output %s is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.", o.Name)
			default:
				out.Export = name.Text
			}
		}
		list = append(list, out)
	}
	slices.SortFunc(list, func(a, b output) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return list, known, nil
}

// neighbours returns the live stacks of a stack's account and region.
func (s *Service) neighbours(account, region string) ([]*stack, error) {
	return state.LoadAll[stack](s.docs, stacksPrefix+place(account, region))
}

// imported returns the value of another stack's export.
func (s *Service) imported(st *stack, name string) (string, error) {
	all, err := s.neighbours(st.Account, st.Region)
	if err != nil {
		return "", err
	}
	for _, other := range all {
		for _, o := range other.Outputs {
			if o.Export == name && other.ID != st.ID {
				return o.Value, nil
			}
		}
	}
	return "", template.Invalid("No export named %s found.", name)
}

// checkExports refuses exports of a name that is taken, and the loss or change
// of those that another stack imports. The caller holds s.exports.
func (s *Service) checkExports(st *stack, outputs []output) error {
	all, err := s.neighbours(st.Account, st.Region)
	if err != nil {
		return err
	}
	now := map[string]string{}
	for _, o := range outputs {
		if o.Export == "" {
			continue
		}
		if _, twice := now[o.Export]; twice {
			return template.Invalid("Template error: the export name %s is used twice", o.Export)
		}
		now[o.Export] = o.Value
	}
	for _, other := range all {
		if other.ID == st.ID {
			continue
		}
		for _, o := range other.Outputs {
			if _, taken := now[o.Export]; taken && o.Export != "" {
				return template.Invalid("Export with name %s is already exported by stack %s.", o.Export, other.Name)
			}
		}
		for _, o := range st.Outputs {
			if o.Export == "" || !slices.Contains(other.Imports, o.Export) {
				continue
			}
			if value, stays := now[o.Export]; !stays {
				return template.Invalid("Export %s cannot be deleted as it is in use by %s", o.Export, other.Name)
			} else if value != o.Value {
				return template.Invalid("Export %s cannot be updated as it is in use by %s", o.Export, other.Name)
			}
		}
	}
	return nil
}
