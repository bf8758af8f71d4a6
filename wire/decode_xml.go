package wire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/lamgate/lamgate/api"
)

// An element is an element of an XML body, without its namespaces.
type element struct {
	name     string
	attrs    []xml.Attr
	text     []byte
	children []*element
}

func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// parseXML reads a body into its root element. Document types and their entities
// are refused by the decoder underneath, which knows none.
func parseXML(body io.Reader) (*element, error) {
	d := xml.NewDecoder(body)
	root := &element{}
	open := []*element{root}
	count := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maxValues {
				return nil, errTooMany
			}
			if len(open) > maxDepth {
				return nil, errTooDeep
			}
			e := &element{name: t.Name.Local, attrs: t.Attr}
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			top.text = append(top.text, t...)
		}
	}
	if len(root.children) != 1 {
		return nil, errors.New("the message has no root element")
	}
	return root.children[0], nil
}

// decodeXML reads a body into the value of a shape, whose element may have any
// name: clients disagree on it.
func (s *service) decodeXML(body []byte, sh *api.Shape, v reflect.Value) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	root, err := parseXML(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.readElement(root, sh, v)
}

func (s *service) readElement(e *element, sh *api.Shape, v reflect.Value) error {
	switch sh.Kind {
	case api.Structure:
		return s.readMembers(e, sh, settle(v))
	case api.List:
		name := sh.ElementName
		if name == "" {
			name = "member"
		}
		return s.readElements(e, name, sh, v)
	case api.Map:
		return s.readEntries(e, "entry", sh, v)
	}
	if err := parseScalar(sh, string(e.text), v); err != nil {
		return fmt.Errorf("%s: %w", e.name, err)
	}
	return nil
}

func (s *service) readMembers(e *element, sh *api.Shape, v reflect.Value) error {
	for i := range sh.Members {
		m := &sh.Members[i]
		if m.Location != api.InBody {
			continue
		}
		member := &s.Shapes[m.Shape]
		var err error
		switch {
		case m.Attribute:
			err = readAttribute(e, m, member, v.Field(i))
		case member.Kind == api.List && (m.Flattened || member.Flattened):
			err = s.readElements(e, m.WireName, member, v.Field(i))
		case member.Kind == api.Map && (m.Flattened || member.Flattened):
			err = s.readEntries(e, m.WireName, member, v.Field(i))
		default:
			if c := e.child(m.WireName); c != nil {
				err = s.readElement(c, member, v.Field(i))
				if member.Kind == api.List && v.Field(i).IsNil() {
					v.Field(i).Set(reflect.MakeSlice(v.Field(i).Type(), 0, 0))
				}
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readAttribute(e *element, m *api.Member, sh *api.Shape, v reflect.Value) error {
	name := m.WireName[strings.LastIndexByte(m.WireName, ':')+1:]
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return parseScalar(sh, a.Value, v)
		}
	}
	return nil
}

// readElements reads all children of one name as the elements of a list.
func (s *service) readElements(e *element, name string, sh *api.Shape, v reflect.Value) error {
	v = settle(v)
	for _, c := range e.children {
		if c.name != name {
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := s.readElement(c, &s.Shapes[sh.Element], item); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	return nil
}

// readEntries reads all children of one name as the entries of a map.
func (s *service) readEntries(e *element, name string, sh *api.Shape, v reflect.Value) error {
	v = settle(v)
	keyName, valueName := keyAndValueNames(sh)
	for _, c := range e.children {
		if c.name != name {
			continue
		}
		key, value := c.child(keyName), c.child(valueName)
		if key == nil || value == nil {
			return fmt.Errorf("%s: an entry lacks its %s or %s", e.name, keyName, valueName)
		}
		k := reflect.New(v.Type().Key()).Elem()
		if err := parseScalar(&s.Shapes[sh.Key], string(key.text), k); err != nil {
			return err
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if err := s.readElement(value, &s.Shapes[sh.Value], item); err != nil {
			return err
		}
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		v.SetMapIndex(k, item)
	}
	return nil
}

func keyAndValueNames(sh *api.Shape) (key, value string) {
	key, value = "key", "value"
	if sh.KeyName != "" {
		key = sh.KeyName
	}
	if sh.ValueName != "" {
		value = sh.ValueName
	}
	return key, value
}
