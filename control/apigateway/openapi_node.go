package apigateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// What the body of an import may hold. AWS takes 6 MB; the depth, and the size
// of what aliases and references make of the body, are far above those of real
// documents.
const (
	maxBody     = 6 << 20
	maxDepth    = 128
	maxExpanded = 64 << 20
)

type nodeKind uint8

const (
	nullNode nodeKind = iota
	textNode
	numberNode
	boolNode
	listNode
	mapNode
)

// A node is one value of an OpenAPI document, which may have been written as
// JSON or as YAML. Its methods may be called on nil: what is absent is empty.
type node struct {
	kind   nodeKind
	text   string // of a scalar, as it was written
	items  []*node
	keys   []string // of a map, in their order
	fields map[string]*node
}

var (
	errNotOpenAPI = errors.New("not a JSON or YAML object")
	errTooLarge   = errors.New("too deep or too large")
)

// readNode parses a document: JSON if it begins with a brace, else YAML.
func readNode(body []byte) (*node, error) {
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	r := &nodeReader{}
	var root *node
	var err error
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		root, err = r.readJSON(trimmed)
	} else {
		root, err = r.readYAML(body)
	}
	if err != nil {
		return nil, err
	}
	if root.kind != mapNode {
		return nil, errNotOpenAPI
	}
	return root, nil
}

type nodeReader struct{ size int }

// nodeSize is about what a node takes beside its text.
const nodeSize = 32

func (r *nodeReader) count(depth int, text string) error {
	r.size += nodeSize + len(text)
	if r.size > maxExpanded || depth > maxDepth {
		return errTooLarge
	}
	return nil
}

func (r *nodeReader) readJSON(body []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	n, err := r.json(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errNotOpenAPI
	}
	return n, nil
}

func (r *nodeReader) json(d *json.Decoder, depth int) (*node, error) {
	if err := r.count(depth, ""); err != nil {
		return nil, err
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case string:
		return &node{kind: textNode, text: t}, nil
	case json.Number:
		return &node{kind: numberNode, text: t.String()}, nil
	case bool:
		if t {
			return &node{kind: boolNode, text: "true"}, nil
		}
		return &node{kind: boolNode, text: "false"}, nil
	case json.Delim:
		n := &node{kind: listNode}
		if t == '{' {
			n.kind = mapNode
		}
		for d.More() {
			if n.kind == listNode {
				item, err := r.json(d, depth+1)
				if err != nil {
					return nil, err
				}
				n.items = append(n.items, item)
				continue
			}
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			field, err := r.json(d, depth+1)
			if err != nil {
				return nil, err
			}
			n.set(key.(string), field)
		}
		_, err := d.Token()
		return n, err
	}
	return &node{}, nil
}

func (r *nodeReader) readYAML(body []byte) (*node, error) {
	var document yaml.Node
	if err := yaml.Load(body, &document); err != nil {
		return nil, err
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return nil, errNotOpenAPI
	}
	return r.yaml(document.Content[0], 0)
}

// plainNumber is what JSON would call a number; everything else that YAML does
// stays the text that was written.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

func (r *nodeReader) yaml(y *yaml.Node, depth int) (*node, error) {
	if err := r.count(depth, y.Value); err != nil {
		return nil, err
	}
	switch y.Kind {
	case yaml.AliasNode:
		// Expanded and counted anew: a cycle ends at the greatest depth.
		return r.yaml(y.Alias, depth+1)
	case yaml.ScalarNode:
		n := &node{kind: textNode, text: y.Value}
		switch tag := y.ShortTag(); {
		case tag == "!!null":
			n.kind = nullNode
		case tag == "!!bool" && (strings.EqualFold(y.Value, "true") || strings.EqualFold(y.Value, "false")):
			n.kind, n.text = boolNode, strings.ToLower(y.Value)
		case (tag == "!!int" || tag == "!!float") && plainNumber.MatchString(y.Value):
			n.kind = numberNode
		}
		return n, nil
	case yaml.SequenceNode:
		n := &node{kind: listNode}
		for _, c := range y.Content {
			item, err := r.yaml(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case yaml.MappingNode:
		return r.yamlMap(y, depth)
	}
	return nil, errNotOpenAPI
}

// yamlMap reads a map, with what it merges (<<) behind its own fields: an
// operation may have its security from there.
func (r *nodeReader) yamlMap(y *yaml.Node, depth int) (*node, error) {
	n := &node{kind: mapNode}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		if key.Kind != yaml.ScalarNode {
			return nil, errNotOpenAPI
		}
		field, err := r.yaml(y.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		r.size += len(key.Value) // an alias repeats the keys, too
		switch {
		case key.ShortTag() != "!!merge":
			n.set(key.Value, field)
		case field.kind == listNode:
			merged = append(merged, field.items...)
		default:
			merged = append(merged, field)
		}
	}
	for _, m := range merged {
		if m.kind != mapNode {
			return nil, errNotOpenAPI
		}
		for key, field := range m.all() {
			if n.fields[key] == nil {
				n.set(key, field)
			}
		}
	}
	return n, nil
}

func (n *node) set(key string, field *node) {
	if n.fields == nil {
		n.fields = map[string]*node{}
	}
	if _, ok := n.fields[key]; !ok {
		n.keys = append(n.keys, key)
	}
	n.fields[key] = field
}

// all iterates over the fields of a map, in their order.
func (n *node) all() iter.Seq2[string, *node] {
	return func(yield func(string, *node) bool) {
		if n == nil {
			return
		}
		for _, key := range n.keys {
			if !yield(key, n.fields[key]) {
				return
			}
		}
	}
}

// weigh returns size and the size of n together, or as much of it as is too
// much.
func (n *node) weigh(size int) int {
	size += nodeSize + len(n.text)
	for _, item := range n.items {
		if size > maxExpanded {
			return size
		}
		size = item.weigh(size)
	}
	for key, field := range n.all() {
		if size > maxExpanded {
			return size
		}
		size = field.weigh(size + len(key))
	}
	return size
}

// get returns the field below n that a path of keys leads to, or nil.
func (n *node) get(path ...string) *node {
	for _, key := range path {
		if n == nil {
			return nil
		}
		n = n.fields[key]
	}
	return n
}

// at returns the node below n that a JSON pointer without its first slash leads
// to, or nil.
func (n *node) at(pointer string) *node {
	for part := range strings.SplitSeq(pointer, "/") {
		n = n.get(unescape(part))
	}
	return n
}

// str returns the text of a scalar.
func (n *node) str() string {
	if n == nil {
		return ""
	}
	return n.text
}

func (n *node) isTrue() bool { return n != nil && strings.EqualFold(n.text, "true") }

// elements returns a list's values.
func (n *node) elements() []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// list returns the texts of a list's scalars.
func (n *node) list() []string {
	var texts []string
	for _, item := range n.elements() {
		texts = append(texts, item.text)
	}
	return texts
}

// texts returns the fields of a map that are texts, or nil if it has none.
func (n *node) texts() map[string]string {
	var m map[string]string
	for key, f := range n.all() {
		if f.kind == textNode {
			put(&m, key, f.text)
		}
	}
	return m
}

// MarshalJSON writes the node as JSON, its keys in the order they had.
func (n *node) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	n.write(&b)
	return b.Bytes(), nil
}

func (n *node) write(b *bytes.Buffer) {
	switch n.kind {
	case nullNode:
		b.WriteString("null")
	case textNode:
		writeJSONText(b, n.text)
	case numberNode, boolNode:
		b.WriteString(n.text)
	case listNode:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b)
		}
		b.WriteByte(']')
	case mapNode:
		b.WriteByte('{')
		for i, key := range n.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSONText(b, key)
			b.WriteByte(':')
			n.fields[key].write(b)
		}
		b.WriteByte('}')
	}
}

func writeJSONText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string has no error
	b.Truncate(b.Len() - 1)
}
