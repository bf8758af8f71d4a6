package template

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// A jsonReader parses JSON by hand, because encoding/json keeps no places.
type jsonReader struct {
	text         string
	at           int
	line, column int // of the byte at at
	nodes        int
}

func readJSON(text string) (*Node, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	r := &jsonReader{text: text, line: 1, column: 1}
	r.space()
	n, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(r.text) {
		return nil, r.fault("")
	}
	return n, nil
}

// fault reports what stands at the reader's place.
//
// AWS: the column is one past the offending character (recorded for
// {"this is invalid JSON"="bar"}, column 25).
func (r *jsonReader) fault(detail string) error {
	message := "Template format error: JSON not well-formed. (line %d, column %d)"
	if detail != "" {
		message += ": " + detail
	}
	return Invalid(message, r.line, r.column+1)
}

func (r *jsonReader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *jsonReader) advance(n int) {
	for end := min(r.at+n, len(r.text)); r.at < end; r.at++ {
		switch c := r.text[r.at]; {
		case c == '\n':
			r.line++
			r.column = 1
		case utf8.RuneStart(c):
			r.column++
		}
	}
}

func (r *jsonReader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.advance(1)
	}
}

func (r *jsonReader) value(depth int) (*Node, error) {
	pos := Pos{r.line, r.column}
	if r.nodes++; r.nodes > maxNodes {
		return nil, InvalidAt(pos, "Template format error: more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return nil, InvalidAt(pos, "Template format error: nested deeper than %d levels", maxDepth)
	}
	switch c := r.peek(); {
	case c == '{':
		return r.object(pos, depth)
	case c == '[':
		return r.array(pos, depth)
	case c == '"':
		s, err := r.str()
		return NewString(pos, s), err
	case c == '-' || c >= '0' && c <= '9':
		end := r.at
		for end < len(r.text) && strings.IndexByte("+-.eE0123456789", r.text[end]) >= 0 {
			end++
		}
		text := r.text[r.at:end]
		if !plainNumber.MatchString(text) {
			return nil, r.fault("")
		}
		r.advance(len(text))
		return &Node{Pos: pos, Kind: Number, Text: text}, nil
	}
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(r.text[r.at:], word) {
			r.advance(len(word))
			if word == "null" {
				return &Node{Pos: pos, Kind: Null}, nil
			}
			return &Node{Pos: pos, Kind: Bool, Text: word}, nil
		}
	}
	return nil, r.fault("")
}

func (r *jsonReader) object(pos Pos, depth int) (*Node, error) {
	n := &Node{Pos: pos, Kind: Map}
	seen := map[string]int{}
	r.advance(1)
	if r.space(); r.peek() == '}' {
		r.advance(1)
		return n, nil
	}
	for {
		r.space()
		at := Pos{r.line, r.column}
		if r.peek() != '"' {
			return nil, r.fault("")
		}
		key, err := r.str()
		if err != nil {
			return nil, err
		}
		if line, twice := seen[key]; twice {
			return nil, InvalidAt(at, "Template format error: JSON not well-formed. Duplicate key %q, first used on line %d", key, line)
		}
		seen[key] = at.Line
		if r.space(); r.peek() != ':' {
			return nil, r.fault("")
		}
		r.advance(1)
		r.space()
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Fields = append(n.Fields, Field{Key: key, Pos: at, Value: value})
		if done, err := r.next('}'); done || err != nil {
			return n, err
		}
	}
}

func (r *jsonReader) array(pos Pos, depth int) (*Node, error) {
	n := &Node{Pos: pos, Kind: List}
	r.advance(1)
	if r.space(); r.peek() == ']' {
		r.advance(1)
		return n, nil
	}
	for {
		r.space()
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
		if done, err := r.next(']'); done || err != nil {
			return n, err
		}
	}
}

// next passes the comma before another element, or the bracket that ends them.
func (r *jsonReader) next(end byte) (done bool, err error) {
	r.space()
	switch r.peek() {
	case ',':
		r.advance(1)
		return false, nil
	case end:
		r.advance(1)
		return true, nil
	}
	return false, r.fault("")
}

func (r *jsonReader) str() (string, error) {
	for end := r.at + 1; end < len(r.text); end++ {
		switch c := r.text[end]; {
		case c == '\\':
			end++
		case c < 0x20:
			r.advance(end - r.at)
			return "", r.fault("")
		case c == '"':
			var s string
			if err := json.Unmarshal([]byte(r.text[r.at:end+1]), &s); err != nil {
				return "", r.fault("")
			}
			r.advance(end + 1 - r.at)
			return s, nil
		}
	}
	r.advance(len(r.text) - r.at)
	return "", r.fault("")
}
