package policy

import (
	"bytes"
	"encoding/json"
	"strings"
)

// UnmarshalJSON reads AWS's form, in which a list of one may stand as its
// element, Principal may be "*", and the values of conditions may be numbers
// and booleans. It is as strict about structure as Parse, but asks for nothing
// that only some kinds of policies must have.
func (d *Document) UnmarshalJSON(text []byte) error {
	doc, _, err := read(string(text))
	if err != nil {
		return err
	}
	*d = doc
	return nil
}

// MarshalJSON writes AWS's form: elements in their customary order, a list of
// one as its element.
func (d Document) MarshalJSON() ([]byte, error) {
	var w writer
	w.begin()
	if d.Version != "" {
		w.field("Version", d.Version)
	}
	if d.ID != "" {
		w.field("Id", d.ID)
	}
	w.name("Statement")
	w.buf.WriteByte('[')
	for i := range d.Statement {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		d.Statement[i].write(&w)
	}
	w.buf.WriteByte(']')
	w.end()
	return w.buf.Bytes(), w.err
}

// MarshalJSON writes a statement in AWS's form.
func (s Statement) MarshalJSON() ([]byte, error) {
	var w writer
	s.write(&w)
	return w.buf.Bytes(), w.err
}

func (s *Statement) write(w *writer) {
	w.begin()
	if s.Sid != "" {
		w.field("Sid", s.Sid)
	}
	w.field("Effect", string(s.Effect))
	w.principal("Principal", s.Principal)
	w.principal("NotPrincipal", s.NotPrincipal)
	w.list("Action", s.Action)
	w.list("NotAction", s.NotAction)
	w.list("Resource", s.Resource)
	w.list("NotResource", s.NotResource)
	if len(s.Condition) > 0 {
		w.name("Condition")
		w.begin()
		for _, op := range sortedKeys(s.Condition) {
			w.name(op)
			w.begin()
			for _, key := range sortedKeys(s.Condition[op]) {
				w.field(key, scalarOrList(s.Condition[op][key]))
			}
			w.end()
		}
		w.end()
	}
	w.end()
}

// A writer writes JSON objects whose fields keep their order.
type writer struct {
	buf   bytes.Buffer
	first bool
	err   error
}

func (w *writer) begin() { w.buf.WriteByte('{'); w.first = true }
func (w *writer) end()   { w.buf.WriteByte('}'); w.first = false }

func (w *writer) name(name string) {
	if !w.first {
		w.buf.WriteByte(',')
	}
	w.first = false
	w.value(name)
	w.buf.WriteByte(':')
}

func (w *writer) field(name string, v any) {
	w.name(name)
	w.value(v)
}

// value writes v without HTML's escapes, which would make a policy that a
// person has to read hard to.
func (w *writer) value(v any) {
	enc := json.NewEncoder(&w.buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && w.err == nil {
		w.err = err
	}
	w.buf.Truncate(w.buf.Len() - 1) // the encoder's newline
}

func (w *writer) list(name string, values []string) {
	if values != nil {
		w.field(name, scalarOrList(values))
	}
}

func (w *writer) principal(name string, p *Principal) {
	switch {
	case p == nil:
	case p.Everyone:
		w.field(name, "*")
	default:
		w.name(name)
		w.begin()
		for _, kind := range sortedKeys(p.Kinds) {
			w.field(kind, scalarOrList(p.Kinds[kind]))
		}
		w.end()
	}
}

func scalarOrList(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	if values == nil {
		return []string{}
	}
	return values
}

// A source keeps, beside a document that was read, where its statements stand.
type source struct {
	reader
	statements []node
	alone      bool // the statement does not stand in a list
}

func (s *source) place(i int) string {
	if s.alone {
		return "Statement"
	}
	return element("Statement", i)
}

// failStatement makes an error of a statement.
func (s *source) failStatement(i int, reason, detail string) *SyntaxError {
	return s.fail(s.statements[i].offset, reason, s.place(i), detail)
}

// read reads a document and what holds for policies of all kinds.
func read(text string) (Document, *source, error) {
	src := &source{reader: reader{text: text}}
	root, err := src.readTree()
	if err != nil {
		return Document{}, nil, err
	}
	if root.kind != objectNode {
		return Document{}, nil, src.fail(root.offset, syntaxErrors, "", "a policy is an object, not "+nodeKindNames[root.kind])
	}
	var doc Document
	for _, f := range root.fields {
		switch f.name {
		case "Version":
			doc.Version, err = src.str(f.node, f.name)
			if err == nil && doc.Version != Version2012 && doc.Version != "2008-10-17" {
				err = src.fail(f.node.offset, syntaxErrors, f.name, "the versions are 2012-10-17 and 2008-10-17")
			}
		case "Id":
			doc.ID, err = src.str(f.node, f.name)
		case "Statement":
			switch f.node.kind {
			case objectNode:
				src.statements, src.alone = []node{f.node}, true
			case arrayNode:
				src.statements = f.node.items
			default:
				err = src.fail(f.node.offset, syntaxErrors, f.name, "want a statement or a list of them, not "+nodeKindNames[f.node.kind])
			}
		default:
			err = src.fail(f.node.offset, syntaxErrors, f.name, "no such element: a policy has Version, Id and Statement")
		}
		if err != nil {
			return Document{}, nil, err
		}
	}
	if src.statements != nil {
		doc.Statement = make([]Statement, len(src.statements))
	}
	for i, n := range src.statements {
		if doc.Statement[i], err = src.statement(n, src.place(i)); err != nil {
			return Document{}, nil, err
		}
	}
	return doc, src, nil
}

const statementElements = "Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, NotResource and Condition"

func (s *source) statement(n node, place string) (Statement, error) {
	var st Statement
	if n.kind != objectNode {
		return st, s.fail(n.offset, syntaxErrors, place, "a statement is an object, not "+nodeKindNames[n.kind])
	}
	for _, f := range n.fields {
		at := join(place, f.name)
		var err error
		switch f.name {
		case "Sid":
			st.Sid, err = s.str(f.node, at)
		case "Effect":
			var effect string
			if effect, err = s.str(f.node, at); err == nil {
				st.Effect = Effect(effect)
				if st.Effect != Allow && st.Effect != Deny {
					err = s.fail(f.node.offset, "Invalid effect: "+effect, at, "the effects are Allow and Deny")
				}
			}
		case "Principal":
			st.Principal, err = s.principal(f.node, at)
		case "NotPrincipal":
			st.NotPrincipal, err = s.principal(f.node, at)
		case "Action":
			st.Action, err = s.list(f.node, at)
		case "NotAction":
			st.NotAction, err = s.list(f.node, at)
		case "Resource":
			st.Resource, err = s.list(f.node, at)
		case "NotResource":
			st.NotResource, err = s.list(f.node, at)
		case "Condition":
			st.Condition, err = s.condition(f.node, at)
		default:
			err = s.fail(f.node.offset, syntaxErrors, at, "no such element: a statement has "+statementElements)
		}
		if err != nil {
			return st, err
		}
	}
	for name, both := range map[string]bool{
		"Action":    st.Action != nil && st.NotAction != nil,
		"Resource":  st.Resource != nil && st.NotResource != nil,
		"Principal": st.Principal != nil && st.NotPrincipal != nil,
	} {
		if both {
			return st, s.fail(n.offset, syntaxErrors, place, "it has both "+name+" and Not"+name)
		}
	}
	if st.Effect == "" {
		return st, s.fail(n.offset, "Missing required field Effect", place, "")
	}
	return st, nil
}

func (s *source) str(n node, place string) (string, error) {
	if n.kind != stringNode {
		return "", s.fail(n.offset, syntaxErrors, place, "want a string, not "+nodeKindNames[n.kind])
	}
	return n.text, nil
}

// list reads a string or a list of them; it is never nil.
func (s *source) list(n node, place string) ([]string, error) {
	if n.kind == stringNode {
		return []string{n.text}, nil
	}
	if n.kind != arrayNode {
		return nil, s.fail(n.offset, syntaxErrors, place, "want a string or a list of strings, not "+nodeKindNames[n.kind])
	}
	list := make([]string, len(n.items))
	for i, item := range n.items {
		var err error
		if list[i], err = s.str(item, element(place, i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *source) principal(n node, place string) (*Principal, error) {
	if n.kind == stringNode {
		if n.text != "*" {
			return nil, s.fail(n.offset, "Invalid principal in policy.", place, `as a string it can only be "*"; for others write {"AWS": …} or {"Service": …}`)
		}
		return &Principal{Everyone: true}, nil
	}
	if n.kind != objectNode {
		return nil, s.fail(n.offset, syntaxErrors, place, `want "*" or an object, not `+nodeKindNames[n.kind])
	}
	p := &Principal{Kinds: make(map[string][]string, len(n.fields))}
	for _, f := range n.fields {
		at := join(place, f.name)
		switch f.name {
		case "AWS", "Service", "Federated", "CanonicalUser":
		default:
			return nil, s.fail(f.node.offset, `Invalid principal in policy: "`+f.name+`"`, at, "the kinds are AWS, Service, Federated and CanonicalUser")
		}
		names, err := s.list(f.node, at)
		if err != nil {
			return nil, err
		}
		p.Kinds[f.name] = names
	}
	return p, nil
}

func (s *source) condition(n node, place string) (Condition, error) {
	if n.kind != objectNode {
		return nil, s.fail(n.offset, syntaxErrors, place, "want an object of operators, not "+nodeKindNames[n.kind])
	}
	c := make(Condition, len(n.fields))
	for _, operators := range n.fields {
		at := join(place, operators.name)
		op, known := parseOperator(operators.name)
		if !known {
			return nil, s.fail(operators.node.offset, syntaxErrors, at, "no such condition operator")
		}
		if operators.node.kind != objectNode {
			return nil, s.fail(operators.node.offset, syntaxErrors, at, "want an object of condition keys, not "+nodeKindNames[operators.node.kind])
		}
		keys := make(map[string][]string, len(operators.node.fields))
		for _, f := range operators.node.fields {
			values, err := s.conditionValues(f.node, join(at, f.name), &op)
			if err != nil {
				return nil, err
			}
			keys[f.name] = values
		}
		c[operators.name] = keys
	}
	return c, nil
}

func (s *source) conditionValues(n node, place string, op *operator) ([]string, error) {
	items := []node{n}
	if n.kind == arrayNode {
		items = n.items
	}
	values := make([]string, len(items))
	for i, item := range items {
		if item.kind != stringNode && item.kind != scalarNode {
			return nil, s.fail(item.offset, syntaxErrors, place, "want strings, numbers or booleans, not "+nodeKindNames[item.kind])
		}
		if op.valid != nil && !op.valid(item.text) && !strings.Contains(item.text, "${") {
			return nil, s.fail(item.offset, syntaxErrors, place, "the operator cannot compare with "+quoted([]string{item.text}))
		}
		values[i] = item.text
	}
	return values, nil
}
