package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// A SyntaxError says what is wrong with the text of a policy, and where.
type SyntaxError struct {
	Reason string // as AWS words it: "Syntax errors in policy."
	Detail string // what exactly; empty when Reason says it
	Place  string // "Statement[2].Condition"; empty for the document
	Line   int    // from 1; 0 if unknown
	Column int
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	b.WriteString(e.Reason)
	place := e.Place
	if e.Line > 0 {
		place = strings.TrimSpace(fmt.Sprintf("%s at line %d, column %d", place, e.Line, e.Column))
	}
	switch {
	case e.Detail != "" && place != "":
		fmt.Fprintf(&b, " (%s: %s)", place, e.Detail)
	case e.Detail != "":
		fmt.Fprintf(&b, " (%s)", e.Detail)
	case place != "":
		fmt.Fprintf(&b, " (%s)", place)
	}
	return b.String()
}

// The words of AWS for what fits no other.
const (
	syntaxErrors = "Syntax errors in policy."
	invalidJSON  = "This policy contains invalid Json"
)

// What a policy's text may hold at most, whatever it is attached to. AWS's own
// limits are lower, differ by service and are enforced there.
const (
	maxText  = 128 << 10
	maxDepth = 16
)

// A node is a JSON value with its place, so that errors can point at it.
type node struct {
	kind   nodeKind
	text   string // of a string, number or boolean
	fields []field
	items  []node
	offset int
}

type field struct {
	name string
	node node
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	stringNode
	scalarNode // a number or boolean
	arrayNode
	objectNode
)

var nodeKindNames = [...]string{"null", "a string", "a number or boolean", "a list", "an object"}

// A reader reads one policy's text.
type reader struct {
	text string
	dec  *json.Decoder
}

// readTree reads text as one JSON value. An object may not name a field twice:
// of two that differ, a reader of the policy would see one and IAM the other.
func (r *reader) readTree() (node, error) {
	if len(r.text) > maxText {
		return node{}, &SyntaxError{Reason: syntaxErrors, Detail: fmt.Sprintf("the policy is longer than %d bytes", maxText)}
	}
	if !utf8.ValidString(r.text) {
		return node{}, &SyntaxError{Reason: invalidJSON, Detail: "it is not UTF-8"}
	}
	r.dec = json.NewDecoder(strings.NewReader(r.text))
	r.dec.UseNumber()
	root, err := r.value("", 0)
	if err != nil {
		return node{}, err
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return node{}, r.fail(int(r.dec.InputOffset()), invalidJSON, "", "something follows the policy")
	}
	return root, nil
}

func (r *reader) value(place string, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, r.fail(int(r.dec.InputOffset()), syntaxErrors, place, "nested too deeply")
	}
	at := r.skipSpace(int(r.dec.InputOffset()))
	token, err := r.token(place)
	if err != nil {
		return node{}, err
	}
	n := node{offset: at}
	switch t := token.(type) {
	case string:
		n.kind, n.text = stringNode, t
	case json.Number:
		n.kind, n.text = scalarNode, t.String()
	case bool:
		n.kind, n.text = scalarNode, fmt.Sprint(t)
	case json.Delim:
		if t == '[' {
			n.kind = arrayNode
			for r.dec.More() {
				item, err := r.value(element(place, len(n.items)), depth+1)
				if err != nil {
					return node{}, err
				}
				n.items = append(n.items, item)
			}
		} else {
			n.kind = objectNode
			if err := r.fields(&n, place, depth); err != nil {
				return node{}, err
			}
		}
		if _, err := r.token(place); err != nil { // the closing bracket
			return node{}, err
		}
	}
	return n, nil
}

func (r *reader) fields(n *node, place string, depth int) error {
	seen := map[string]bool{}
	for r.dec.More() {
		at := r.skipSpace(int(r.dec.InputOffset()))
		token, err := r.token(place)
		if err != nil {
			return err
		}
		name := token.(string) // the decoder takes nothing else here
		if seen[name] {
			return r.fail(at, syntaxErrors, join(place, name), "the element is there twice")
		}
		seen[name] = true
		value, err := r.value(join(place, name), depth+1)
		if err != nil {
			return err
		}
		n.fields = append(n.fields, field{name, value})
	}
	return nil
}

func (r *reader) token(place string) (json.Token, error) {
	t, err := r.dec.Token()
	if err == nil {
		return t, nil
	}
	at, detail := int(r.dec.InputOffset()), err.Error()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = int(syntax.Offset)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		at, detail = len(r.text), "it ends too early"
	}
	return nil, r.fail(at, invalidJSON, place, detail)
}

// skipSpace moves an offset over what stands between two tokens.
func (r *reader) skipSpace(at int) int {
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	return at
}

// fail makes an error of a place in the text.
func (r *reader) fail(offset int, reason, place, detail string) *SyntaxError {
	before := r.text[:max(0, min(offset, len(r.text)))]
	return &SyntaxError{
		Reason: reason,
		Detail: detail,
		Place:  place,
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1,
	}
}

func join(place, name string) string {
	if place == "" {
		return name
	}
	return place + "." + name
}

// element names the element of a list, counted as people count.
func element(place string, index int) string { return fmt.Sprintf("%s[%d]", place, index+1) }
