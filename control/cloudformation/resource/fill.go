package resource

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// fill sets the members of an operation's input from the properties of the same
// names. Those in except are the caller's to treat; any other property without
// a member is an error, so that none can be dropped.
func fill(in any, properties *template.Node, except ...string) error {
	return fillStruct(reflect.ValueOf(in).Elem(), properties, except)
}

func fillStruct(to reflect.Value, n *template.Node, except []string) error {
	if n.Kind != template.Map {
		return fmt.Errorf("%s wants an object, not a %s", to.Type(), n.Kind)
	}
	for _, f := range n.Fields {
		if slices.Contains(except, f.Key) {
			continue
		}
		member := to.FieldByName(f.Key)
		if !member.IsValid() {
			return fmt.Errorf("%s has no member for the property %s", to.Type(), f.Key)
		}
		if err := fillValue(member, f.Value); err != nil {
			return fmt.Errorf("%s: %w", f.Key, err)
		}
	}
	return nil
}

func fillValue(to reflect.Value, n *template.Node) error {
	switch to.Kind() {
	case reflect.Pointer:
		v := reflect.New(to.Type().Elem())
		to.Set(v)
		return fillValue(v.Elem(), n)
	case reflect.Struct:
		return fillStruct(to, n, nil)
	case reflect.Slice:
		if n.Kind != template.List {
			return fmt.Errorf("a %s is no list", n.Kind)
		}
		v := reflect.MakeSlice(to.Type(), len(n.Items), len(n.Items))
		to.Set(v)
		for i, item := range n.Items {
			if err := fillValue(v.Index(i), item); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		if n.Kind != template.Map {
			return fmt.Errorf("a %s is no map", n.Kind)
		}
		to.Set(reflect.MakeMapWithSize(to.Type(), len(n.Fields)))
		for _, f := range n.Fields {
			v := reflect.New(to.Type().Elem()).Elem()
			if err := fillValue(v, f.Value); err != nil {
				return err
			}
			to.SetMapIndex(reflect.ValueOf(f.Key), v)
		}
		return nil
	}
	if !n.Scalar() {
		return fmt.Errorf("a %s is no %s", n.Kind, to.Kind())
	}
	switch to.Kind() {
	case reflect.String:
		to.SetString(n.Text)
		return nil
	case reflect.Bool:
		to.SetBool(strings.EqualFold(n.Text, "true"))
		return nil
	case reflect.Int32, reflect.Int64:
		v, err := strconv.ParseInt(n.Text, 10, to.Type().Bits())
		to.SetInt(v)
		return err
	case reflect.Float64:
		v, err := strconv.ParseFloat(n.Text, 64)
		to.SetFloat(v)
		return err
	}
	return fmt.Errorf("cannot fill a %s", to.Type())
}

// document returns a JSON property as text: a policy, a schema, a body.
func document(n *template.Node) string {
	switch {
	case n == nil:
		return ""
	case n.Kind == template.String:
		return n.Text
	}
	return n.JSON()
}
