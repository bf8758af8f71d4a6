package sam

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// Options are what the transform needs beside the template.
type Options struct {
	Parameters map[string]string // values given for the template's parameters
	Region     string
}

// The types of the transform that lamgate has.
const (
	functionType = "AWS::Serverless::Function"
	apiType      = "AWS::Serverless::Api"
	layerType    = "AWS::Serverless::LayerVersion"
)

// implicitAPI is the logical ID of the API of all events that name none.
const implicitAPI = "ServerlessRestApi"

// A transformer is one run of the transform.
type transformer struct {
	problems
	root       *template.Node
	parameters map[string]string
	globals    globals
	apis       map[string]*restAPI // by logical ID
	aliases    map[string]string   // what replaces Function.Alias and the like, and layers
	conditions []template.Field    // to be added
}

// Transform returns the template with its serverless resources replaced.
func Transform(root *template.Node, o Options) (*template.Node, error) {
	resources := root.Get("Resources")
	if resources == nil || resources.Kind != template.Map {
		return nil, template.Invalid("Template format error: At least one Resources member must be defined.")
	}
	t := &transformer{root: root, parameters: values(root, o.Parameters), apis: map[string]*restAPI{}, aliases: map[string]string{}}
	t.readGlobals(root.Get("Globals"))
	t.declareAPIs(resources)
	out := template.NewMap(resources.Pos)
	var behind []template.Field // APIs come when all events are known
	for _, f := range resources.Fields {
		switch kind := f.Value.Get("Type"); {
		case kind.IsString(functionType):
			out.Fields = append(out.Fields, t.function(f)...)
		case kind.IsString(apiType):
		case kind.IsString(layerType):
			out.Fields = append(out.Fields, t.layer(f))
		case kind != nil && strings.HasPrefix(kind.Text, "AWS::Serverless::"):
			t.resource(f.Key, kind.Pos, "lamgate does not support the type %s", kind.Text)
		default:
			out.Fields = append(out.Fields, f)
		}
	}
	for _, id := range t.order(resources) {
		behind = append(behind, t.apis[id].resources(t)...)
	}
	out.Fields = append(out.Fields, behind...)
	t.checkTwins(out)
	if err := t.fault(); err != nil {
		return nil, err
	}
	return t.assemble(out), nil
}

// assemble puts the new resources into the template, without the sections that
// only the transform knows, and mends references.
func (t *transformer) assemble(resources *template.Node) *template.Node {
	out := template.NewMap(t.root.Pos)
	for _, f := range t.root.Fields {
		switch f.Key {
		case "Globals":
			continue
		case "Resources":
			f.Value = resources
		case "Conditions":
			f.Value = &template.Node{Pos: f.Value.Pos, Kind: f.Value.Kind, Fields: append(f.Value.Fields[:len(f.Value.Fields):len(f.Value.Fields)], t.conditions...)}
		}
		f.Value = t.rename(f.Value)
		out.Fields = append(out.Fields, f)
	}
	return out
}

// checkTwins refuses a template that declares a resource which the transform
// makes as well.
func (t *transformer) checkTwins(resources *template.Node) {
	seen := map[string]bool{}
	for _, f := range resources.Fields {
		if seen[f.Key] {
			t.resource(f.Key, f.Pos, "Transform generates a resource of this logical ID too.")
		}
		seen[f.Key] = true
	}
}

// values returns the parameters' values, as far as they are known.
func values(root *template.Node, given map[string]string) map[string]string {
	known := map[string]string{}
	if p := root.Get("Parameters"); p != nil {
		for _, f := range p.Fields {
			if v, ok := given[f.Key]; ok {
				known[f.Key] = v
			} else if d := f.Value.Get("Default"); d.Scalar() {
				known[f.Key] = d.Text
			}
		}
	}
	return known
}

// literal returns a value with a reference to a parameter replaced by the
// parameter's value: some things the transform must know.
func (t *transformer) literal(n *template.Node) *template.Node {
	if name, arg := n.Function(); name == "Ref" && arg.Kind == template.String {
		if v, ok := t.parameters[arg.Text]; ok {
			return template.NewString(n.Pos, v)
		}
	}
	return n
}

// hash is the end of a generated logical ID.
func hash(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// logicalID appends a name to a prefix, or its hash if it cannot stand in a
// logical ID.
func logicalID(prefix, name string) string {
	for _, c := range name {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return prefix + hash(name)[:10]
		}
	}
	return prefix + name
}

func text(pos template.Pos, s string) *template.Node { return template.NewString(pos, s) }

func ref(pos template.Pos, name string) *template.Node {
	return template.NewMap(pos, template.F("Ref", text(pos, name)))
}

func getAtt(pos template.Pos, id, attribute string) *template.Node {
	return template.NewMap(pos, template.F("Fn::GetAtt", template.NewStrings(pos, id, attribute)))
}

func sub(pos template.Pos, s string) *template.Node {
	return template.NewMap(pos, template.F("Fn::Sub", text(pos, s)))
}

// declare makes a resource. Attributes of the one that it comes from (such as
// Condition) are given by name.
func declare(id, kind string, from *template.Node, pos template.Pos, properties *template.Node, attributes ...string) template.Field {
	n := template.NewMap(pos, template.F("Type", text(pos, kind)))
	for _, a := range attributes {
		if v := from.Get(a); v != nil {
			n.Fields = append(n.Fields, template.F(a, v))
		}
	}
	n.Fields = append(n.Fields, template.F("Properties", properties))
	return template.Field{Key: id, Pos: pos, Value: n}
}
