package apigateway

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func object() *node             { return &node{kind: mapNode} }
func list(items ...*node) *node { return &node{kind: listNode, items: items} }
func text(s string) *node       { return &node{kind: textNode, text: s} }
func integer(i int) *node       { return &node{kind: numberNode, text: strconv.Itoa(i)} }
func boolean(b bool) *node      { return &node{kind: boolNode, text: strconv.FormatBool(b)} }

// number is a number if s is one.
func number(s string) *node {
	if plainNumber.MatchString(s) {
		return &node{kind: numberNode, text: s}
	}
	return text(s)
}

func texts(values []string) *node {
	n := list()
	for _, v := range values {
		n.items = append(n.items, text(v))
	}
	return n
}

// textMap returns a map of texts, or nil for none.
func textMap(m map[string]string) *node {
	if len(m) == 0 {
		return nil
	}
	n := object()
	for _, key := range sorted(m) {
		n.set(key, text(m[key]))
	}
	return n
}

func (n *node) setUnlessNil(key string, field *node) {
	if field != nil {
		n.set(key, field)
	}
}

func (n *node) setUnlessEmpty(key string, field *node) {
	if len(field.keys) > 0 {
		n.set(key, field)
	}
}

// setText sets a text unless it is empty.
func (n *node) setText(key, s string) {
	if s != "" {
		n.set(key, text(s))
	}
}

// pretty writes the node as JSON in the manner of AWS's exports: two spaces a
// level, a space before each colon, lists on one line with their brackets.
func (n *node) pretty() []byte {
	var b bytes.Buffer
	n.writePretty(&b, "\n")
	return b.Bytes()
}

// writePretty writes n, whose line begins with indent, a line break and spaces.
func (n *node) writePretty(b *bytes.Buffer, indent string) {
	switch n.kind {
	case listNode:
		b.WriteString("[ ")
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			item.writePretty(b, indent)
		}
		if len(n.items) > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(']')
	case mapNode:
		if len(n.keys) == 0 {
			b.WriteString("{ }")
			return
		}
		b.WriteByte('{')
		for i, key := range n.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(indent + "  ")
			writeJSONText(b, key)
			b.WriteString(" : ")
			n.fields[key].writePretty(b, indent+"  ")
		}
		b.WriteString(indent + "}")
	default:
		n.write(b)
	}
}

// yaml writes the node as YAML in the manner of AWS's exports: texts in double
// quotes, lists as far to the left as what they belong to.
func (n *node) yaml() []byte {
	var b bytes.Buffer
	n.writeYAML(&b, "")
	return b.Bytes()
}

// writeYAML writes a map whose lines begin with indent.
func (n *node) writeYAML(b *bytes.Buffer, indent string) {
	for i, key := range n.keys {
		if i > 0 {
			b.WriteString(indent)
		}
		if plainKey.MatchString(key) && !slices.Contains(wordsOfYAML, strings.ToLower(key)) {
			b.WriteString(key)
		} else {
			writeYAMLText(b, key)
		}
		b.WriteByte(':')
		n.fields[key].writeYAMLValue(b, indent)
	}
}

// plainKey are the keys that need no quotes, wordsOfYAML those that do though
// they look like them.
var (
	plainKey    = regexp.MustCompile(`^[A-Za-z$/][A-Za-z0-9_./{}+$-]*$`)
	wordsOfYAML = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
)

// writeYAMLValue writes what stands after a key whose line begins with indent.
func (n *node) writeYAMLValue(b *bytes.Buffer, indent string) {
	switch {
	case n.kind == mapNode && len(n.keys) > 0:
		b.WriteString("\n" + indent + "  ")
		n.writeYAML(b, indent+"  ")
	case n.kind == listNode && len(n.items) > 0:
		for _, item := range n.items {
			b.WriteString("\n" + indent + "-")
			item.writeYAMLItem(b, indent)
		}
		b.WriteByte('\n')
	default:
		n.writeYAMLScalar(b)
	}
}

// writeYAMLItem writes what stands after a dash whose line begins with indent.
func (n *node) writeYAMLItem(b *bytes.Buffer, indent string) {
	switch {
	case n.kind == mapNode && len(n.keys) > 0:
		b.WriteByte(' ')
		n.writeYAML(b, indent+"  ")
		b.Truncate(len(bytes.TrimRight(b.Bytes(), "\n")))
	case n.kind == listNode && len(n.items) > 0:
		for _, item := range n.items {
			b.WriteString("\n" + indent + "  -")
			item.writeYAMLItem(b, indent+"  ")
		}
	default:
		n.writeYAMLScalar(b)
		b.Truncate(b.Len() - 1)
	}
}

func (n *node) writeYAMLScalar(b *bytes.Buffer) {
	b.WriteByte(' ')
	switch n.kind {
	case mapNode:
		b.WriteString("{}")
	case listNode:
		b.WriteString("[]")
	case textNode:
		writeYAMLText(b, n.text)
	default:
		n.write(b)
	}
	b.WriteByte('\n')
}

// writeYAMLText writes a text in double quotes. YAML reads JSON's, but for
// characters that it wants escaped and JSON does not.
func writeYAMLText(b *bytes.Buffer, s string) {
	var quoted bytes.Buffer
	writeJSONText(&quoted, s)
	for _, c := range quoted.String() {
		if c >= 0x7f && c < 0xa0 || c == 0xfeff || c >= 0xfffe && c < 0x10000 {
			fmt.Fprintf(b, `\u%04x`, c)
			continue
		}
		b.WriteRune(c)
	}
}
