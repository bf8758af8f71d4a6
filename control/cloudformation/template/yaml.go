package template

import (
	"errors"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// MaxBody is the size of the largest template AWS reads, from S3.
const MaxBody = 1 << 20

// MaxInlineBody is the size of the largest template a request may hold itself.
const MaxInlineBody = 51200

const (
	maxDepth = 100
	maxNodes = 200_000
)

// Read parses the text of a template, JSON if it begins with a brace and YAML
// otherwise, as AWS does.
func Read(body string) (*Node, error) {
	if len(body) > MaxBody {
		return nil, Invalid("Template may not exceed %d bytes in size.", MaxBody)
	}
	var root *Node
	var err error
	if trimmed := strings.TrimLeft(body, " \t\r\n\ufeff"); strings.HasPrefix(trimmed, "{") {
		root, err = readJSON(body)
	} else {
		root, err = readYAML(body)
	}
	if err != nil {
		return nil, err
	}
	if root.Kind != Map {
		return nil, Invalid("Template format error: unsupported structure.")
	}
	return root, nil
}

func readYAML(body string) (*Node, error) {
	var document yaml.Node
	if err := yaml.Load([]byte(body), &document); err != nil {
		return nil, yamlFault(err)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return nil, Invalid("Template format error: unsupported structure.")
	}
	r := yamlReader{}
	return r.node(document.Content[0], 0)
}

func yamlFault(err error) error {
	e, ok := errors.AsType[*yaml.LoadError](err)
	switch {
	case ok && e.Mark.Line > 0:
		return Invalid("Template format error: YAML not well-formed. (line %d, column %d): %s", e.Mark.Line, e.Mark.Column, e.Message)
	case ok:
		return Invalid("Template format error: YAML not well-formed. %s", strings.TrimPrefix(e.Message, "yaml: "))
	}
	return Invalid("Template format error: YAML not well-formed. %v", err)
}

// shortForms are the functions that may be written as a YAML tag, by their
// long name.
var shortForms = map[string]string{
	"!Ref": "Ref", "!Condition": "Condition",
	"!And": "Fn::And", "!Base64": "Fn::Base64", "!Cidr": "Fn::Cidr", "!Contains": "Fn::Contains",
	"!EachMemberEquals": "Fn::EachMemberEquals", "!EachMemberIn": "Fn::EachMemberIn",
	"!Equals": "Fn::Equals", "!FindInMap": "Fn::FindInMap", "!GetAtt": "Fn::GetAtt",
	"!GetAZs": "Fn::GetAZs", "!If": "Fn::If", "!ImportValue": "Fn::ImportValue",
	"!Join": "Fn::Join", "!Length": "Fn::Length", "!Not": "Fn::Not", "!Or": "Fn::Or",
	"!RefAll": "Fn::RefAll", "!Select": "Fn::Select", "!Split": "Fn::Split", "!Sub": "Fn::Sub",
	"!ToJsonString": "Fn::ToJsonString", "!Transform": "Fn::Transform",
	"!ValueOf": "Fn::ValueOf", "!ValueOfAll": "Fn::ValueOfAll",
}

// AWS: JSON's numbers stay numbers; every other plain scalar (dates, account
// IDs with a leading zero, hexadecimal) stays the text that was written. The
// Version 2012-10-17 of a policy need not be quoted.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

type yamlReader struct{ nodes int }

func (r *yamlReader) node(y *yaml.Node, depth int) (*Node, error) {
	pos := Pos{y.Line, y.Column}
	if r.nodes++; r.nodes > maxNodes {
		return nil, InvalidAt(pos, "Template format error: more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return nil, InvalidAt(pos, "Template format error: nested deeper than %d levels", maxDepth)
	}
	if y.Kind == yaml.AliasNode {
		// AWS: refused by name, which also settles alias bombs.
		return nil, InvalidAt(pos, "Template error: YAML aliases are not allowed in CloudFormation templates")
	}
	tag := ""
	if strings.HasPrefix(y.Tag, "!") && !strings.HasPrefix(y.Tag, "!!") && y.Tag != "!" {
		tag = y.Tag
	}
	var n *Node
	var err error
	switch y.Kind {
	case yaml.ScalarNode:
		n = scalar(y, pos, tag != "")
	case yaml.SequenceNode:
		n = &Node{Pos: pos, Kind: List, Items: make([]*Node, len(y.Content))}
		for i, item := range y.Content {
			if n.Items[i], err = r.node(item, depth+1); err != nil {
				return nil, err
			}
		}
	case yaml.MappingNode:
		if n, err = r.mapping(y, pos, depth); err != nil {
			return nil, err
		}
	default:
		return nil, Invalid("Template format error: unsupported structure.")
	}
	if tag == "" {
		return n, nil
	}
	long, ok := shortForms[tag]
	if !ok {
		return nil, InvalidAt(pos, "Template format error: YAML not well-formed. %s is not the tag of a function", tag)
	}
	if long == "Fn::GetAtt" && n.Kind == String {
		if logical, attribute, ok := strings.Cut(n.Text, "."); ok {
			n = NewList(pos, NewString(pos, logical), NewString(pos, attribute))
		}
	}
	return &Node{Pos: pos, Kind: Map, Fields: []Field{{Key: long, Pos: pos, Value: n}}}, nil
}

func (r *yamlReader) mapping(y *yaml.Node, pos Pos, depth int) (*Node, error) {
	n := &Node{Pos: pos, Kind: Map, Fields: make([]Field, 0, len(y.Content)/2)}
	seen := make(map[string]int, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		at := Pos{key.Line, key.Column}
		switch {
		case key.Kind == yaml.AliasNode:
			return nil, InvalidAt(at, "Template error: YAML aliases are not allowed in CloudFormation templates")
		case key.Kind != yaml.ScalarNode:
			return nil, InvalidAt(at, "Template format error: YAML not well-formed. A key must be a string")
		case key.Tag == "!!merge":
			return nil, InvalidAt(at, "Template error: YAML merge keys (<<) are not allowed in CloudFormation templates")
		}
		if line, twice := seen[key.Value]; twice {
			return nil, InvalidAt(at, "Template format error: YAML not well-formed. Duplicate key %q, first used on line %d", key.Value, line)
		}
		seen[key.Value] = key.Line
		value, err := r.node(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		n.Fields = append(n.Fields, Field{Key: key.Value, Pos: at, Value: value})
	}
	return n, nil
}

// scalar takes a scalar by its raw text. The argument of a function's tag is a
// string whatever it looks like.
func scalar(y *yaml.Node, pos Pos, tagged bool) *Node {
	n := &Node{Pos: pos, Kind: String, Text: y.Value}
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if tagged || y.Style&quoted != 0 || y.Style&yaml.TaggedStyle != 0 && y.Tag == "!!str" {
		return n
	}
	switch y.Value {
	case "", "~", "null", "Null", "NULL":
		n.Kind, n.Text = Null, ""
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		n.Kind, n.Text = Bool, "true"
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		n.Kind, n.Text = Bool, "false"
	default:
		if plainNumber.MatchString(y.Value) {
			n.Kind = Number
		}
	}
	return n
}
