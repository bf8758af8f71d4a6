package template

import (
	"regexp"
	"strings"
)

// A function's node is a map with one member, whose key names the function.
// function returns that name and the argument, or "" if n is no function.
func (n *Node) function() (name string, argument *Node) {
	if n == nil || n.Kind != Map || len(n.Fields) != 1 {
		return "", nil
	}
	f := n.Fields[0]
	if f.Key == "Ref" || strings.HasPrefix(f.Key, "Fn::") {
		return f.Key, f.Value
	}
	return "", nil
}

// Function returns the name and the argument of an intrinsic function, or ""
// if the node is a plain value.
func (n *Node) Function() (name string, argument *Node) { return n.function() }

// supported are the functions that may stand where a value stands.
const supported = "Fn::Base64, Fn::Cidr, Fn::FindInMap, Fn::GetAZs, Fn::GetAtt, Fn::If, Fn::ImportValue, Fn::Join, Fn::Select, Fn::Split, Fn::Sub, Fn::Length, Fn::ToJsonString"

// checkFunction checks the shape of a function that stands where a value
// stands; its arguments are checked on their own.
func (t *Template) checkFunction(name string, pos Pos, arg *Node) error {
	items := 0
	if arg.Kind == List {
		items = len(arg.Items)
	}
	switch name {
	case "Ref":
		if arg.Kind != String {
			return InvalidAt(pos, "Template error: every Ref object must have a single String value.")
		}
	case "Fn::GetAtt":
		if _, _, err := getAtt(pos, arg); err != nil {
			return err
		}
	case "Fn::Sub":
		_, _, err := subArguments(pos, arg)
		return err
	case "Fn::Join":
		if items != 2 || arg.Items[0].Kind != String || arg.Items[1].Kind != List && !arg.Items[1].isFunction() {
			return InvalidAt(pos, "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.")
		}
	case "Fn::Split":
		if items != 2 || arg.Items[0].Kind != String || !arg.Items[1].Scalar() && !arg.Items[1].isFunction() {
			return InvalidAt(pos, "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.")
		}
	case "Fn::Select":
		if items != 2 {
			return InvalidAt(pos, "Template error: Fn::Select requires a list argument with two elements: an integer index and a list")
		}
	case "Fn::FindInMap":
		if items != 3 && (items != 4 || !t.Transformed(LanguageExtensions)) {
			return InvalidAt(pos, "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value")
		}
		if m := arg.Items[0]; m.Kind == String && t.Mappings.Get(m.Text) == nil && items == 3 {
			return InvalidAt(pos, "Template format error: Mapping named '%s' is not present in the 'Mappings' section of template.", m.Text)
		}
	case "Fn::If":
		if items != 3 || arg.Items[0].Kind != String {
			return InvalidAt(pos, "Template error: every Fn::If object requires three parameters, the name of a condition and the values if it is true and if it is false.")
		}
		if t.Conditions.Get(arg.Items[0].Text) == nil {
			return InvalidAt(pos, "Template error: unresolved condition dependency: %s", arg.Items[0].Text)
		}
	case "Fn::Cidr":
		if items != 2 && items != 3 {
			return InvalidAt(pos, "Template error: every Fn::Cidr object requires two or three parameters, (1) an IP block, (2) a count and (3) the number of bits of each subnet.")
		}
	case "Fn::Base64", "Fn::ImportValue", "Fn::GetAZs":
		if !arg.Scalar() && !arg.isFunction() {
			return InvalidAt(pos, "Template error: every %s object must have a String-typed value.", name)
		}
	case "Fn::Length", "Fn::ToJsonString":
		if !t.Transformed(LanguageExtensions) {
			return InvalidAt(pos, "Template error: the function %s needs Transform: %s", name, LanguageExtensions)
		}
		if arg.Kind != List && arg.Kind != Map || name == "Fn::Length" && arg.Kind == Map && !arg.isFunction() {
			return InvalidAt(pos, "Template error: the argument of %s is of the wrong type", name)
		}
	case "Fn::Transform":
		return InvalidAt(pos, "Template error: lamgate does not support Fn::Transform (%s)", arg.Get("Name").label())
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals":
		return InvalidAt(pos, "Template error: %s stands only in the Conditions section", name)
	default:
		return InvalidAt(pos, "Template error: encountered unsupported function: %s Supported functions are: [%s]", name, supported)
	}
	return nil
}

func (n *Node) isFunction() bool {
	name, _ := n.function()
	return name != ""
}

// getAtt returns the arguments of Fn::GetAtt, written as a list or with a dot.
func getAtt(pos Pos, arg *Node) (logical string, attribute *Node, err error) {
	if arg.Kind == String {
		if l, a, ok := strings.Cut(arg.Text, "."); ok && l != "" && a != "" {
			return l, NewString(arg.Pos, a), nil
		}
	}
	if arg.Kind == List && len(arg.Items) == 2 && arg.Items[0].Kind == String && arg.Items[0].Text != "" &&
		(arg.Items[1].Kind == String && arg.Items[1].Text != "" || arg.Items[1].isFunction()) {
		return arg.Items[0].Text, arg.Items[1], nil
	}
	return "", nil, InvalidAt(pos, "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")
}

// subArguments returns the text and the variables (nil without any) of Fn::Sub.
func subArguments(pos Pos, arg *Node) (text string, variables *Node, err error) {
	switch {
	case arg.Kind == String:
		text = arg.Text
	case arg.Kind == List && len(arg.Items) == 2 && arg.Items[0].Kind == String && arg.Items[1].Kind == Map:
		text, variables = arg.Items[0].Text, arg.Items[1]
	default:
		return "", nil, InvalidAt(pos, "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string")
	}
	for _, part := range subParts(text) {
		if part.name != "" && !subName.MatchString(part.name) {
			return "", nil, InvalidAt(pos, "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons")
		}
	}
	return text, variables, nil
}

var subName = regexp.MustCompile(`^[A-Za-z0-9_.:]+$`)

// A subPart is a piece of a Fn::Sub text: text as it is, or a variable.
type subPart struct{ literal, name string }

// subParts takes the text of Fn::Sub apart. ${!x} is the literal ${x}, and a ${
// without its brace is text.
func subParts(text string) []subPart {
	var parts []subPart
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			break
		}
		length := strings.IndexByte(text[start:], '}')
		if length < 0 {
			break
		}
		name := text[start+2 : start+length]
		if start > 0 {
			parts = append(parts, subPart{literal: text[:start]})
		}
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			parts = append(parts, subPart{literal: "${" + literal + "}"})
		} else if trimmed := strings.TrimSpace(name); trimmed == "" {
			parts = append(parts, subPart{name: " "})
		} else {
			parts = append(parts, subPart{name: trimmed})
		}
		text = text[start+length+1:]
	}
	if text != "" {
		parts = append(parts, subPart{literal: text})
	}
	return parts
}
