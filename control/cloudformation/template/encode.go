package template

import (
	"encoding/json"
	"strings"
)

// MarshalJSON writes the node as JSON, maps in the template's order. An
// Unknown is written as AWS shows it in change sets.
func (n *Node) MarshalJSON() ([]byte, error) { return n.AppendJSON(nil), nil }

// AppendJSON appends the node as JSON.
func (n *Node) AppendJSON(b []byte) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	switch n.Kind {
	case Bool, Number:
		return append(b, n.Text...)
	case String:
		return appendString(b, n.Text)
	case Unknown:
		return append(b, `"{{changeSet:KNOWN_AFTER_APPLY}}"`...)
	case List:
		b = append(b, '[')
		for i, item := range n.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.AppendJSON(b)
		}
		return append(b, ']')
	case Map:
		b = append(b, '{')
		for i, f := range n.Fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, f.Key)
			b = append(b, ':')
			b = f.Value.AppendJSON(b)
		}
		return append(b, '}')
	default:
		return append(b, "null"...)
	}
}

// JSON returns the node as JSON text.
func (n *Node) JSON() string { return string(n.AppendJSON(nil)) }

// UnmarshalJSON reads a node from JSON text; its places are those in that text.
func (n *Node) UnmarshalJSON(b []byte) error {
	read, err := readJSON(string(b))
	if err != nil {
		return err
	}
	*n = *read
	return nil
}

func appendString(b []byte, s string) []byte {
	var w strings.Builder
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return append(b, `""`...) // a string always encodes
	}
	return append(b, strings.TrimSuffix(w.String(), "\n")...)
}
