package wire

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api"
)

// A branch is a parameter of the Query protocol with those whose names begin
// with its own and a dot: Tags.member.1.Key is the branch Key of the branch 1 of
// the branch member of Tags.
type branch struct {
	value    string
	branches map[string]*branch
}

func growTree(form url.Values) (*branch, error) {
	root := &branch{}
	count := 0
	for name, values := range form {
		if strings.Count(name, ".") > maxDepth {
			return nil, errTooDeep
		}
		b := root
		for part := range strings.SplitSeq(name, ".") {
			if b.branches == nil {
				b.branches = map[string]*branch{}
			}
			next := b.branches[part]
			if next == nil {
				if count++; count > maxValues {
					return nil, errTooMany
				}
				next = &branch{}
				b.branches[part] = next
			}
			b = next
		}
		b.value = values[0]
	}
	return root, nil
}

// numbered returns the branches whose names are numbers, in their order. Gaps
// are closed, as AWS does.
func (b *branch) numbered() []*branch {
	var numbers []int
	for name := range b.branches {
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && strconv.Itoa(n) == name {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	list := make([]*branch, len(numbers))
	for i, n := range numbers {
		list[i] = b.branches[strconv.Itoa(n)]
	}
	return list
}

// decodeForm reads the parameters of a call into the struct v.
func (s *service) decodeForm(form url.Values, sh *api.Shape, v reflect.Value) error {
	root, err := growTree(form)
	if err != nil {
		return err
	}
	return s.readBranch(root, sh, v)
}

func (s *service) readBranch(b *branch, sh *api.Shape, v reflect.Value) error {
	switch sh.Kind {
	case api.Structure:
		return s.readBranches(b, sh, settle(v))
	case api.List:
		name := sh.ElementName
		if name == "" {
			name = "member"
		}
		inner := b.branches[name]
		if sh.Flattened {
			inner = b
		}
		return s.readNumberedList(inner, sh, v)
	case api.Map:
		inner := b.branches["entry"]
		if sh.Flattened {
			inner = b
		}
		return s.readNumberedMap(inner, sh, v)
	}
	return parseScalar(sh, b.value, v)
}

func (s *service) readBranches(b *branch, sh *api.Shape, v reflect.Value) error {
	for i := range sh.Members {
		m := &sh.Members[i]
		member := &s.Shapes[m.Shape]
		inner := b.branches[m.WireName]
		flattened := m.Flattened || member.Flattened
		if inner == nil && flattened && member.ElementName != "" {
			inner = b.branches[member.ElementName]
		}
		if inner == nil {
			continue
		}
		var err error
		switch {
		case flattened && member.Kind == api.List:
			err = s.readNumberedList(inner, member, v.Field(i))
		case flattened && member.Kind == api.Map:
			err = s.readNumberedMap(inner, member, v.Field(i))
		default:
			err = s.readBranch(inner, member, v.Field(i))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.WireName, err)
		}
	}
	return nil
}

func (s *service) readNumberedList(b *branch, sh *api.Shape, v reflect.Value) error {
	v = settle(v)
	list := reflect.MakeSlice(v.Type(), 0, 0)
	if b != nil {
		for _, inner := range b.numbered() {
			item := reflect.New(v.Type().Elem()).Elem()
			if err := s.readBranch(inner, &s.Shapes[sh.Element], item); err != nil {
				return err
			}
			list = reflect.Append(list, item)
		}
	}
	v.Set(list)
	return nil
}

func (s *service) readNumberedMap(b *branch, sh *api.Shape, v reflect.Value) error {
	v = settle(v)
	m := reflect.MakeMap(v.Type())
	keyName, valueName := keyAndValueNames(sh)
	if b != nil {
		for _, entry := range b.numbered() {
			key, value := entry.branches[keyName], entry.branches[valueName]
			if key == nil || value == nil {
				return fmt.Errorf("an entry lacks its %s or %s", keyName, valueName)
			}
			k := reflect.New(v.Type().Key()).Elem()
			if err := parseScalar(&s.Shapes[sh.Key], key.value, k); err != nil {
				return err
			}
			item := reflect.New(v.Type().Elem()).Elem()
			if err := s.readBranch(value, &s.Shapes[sh.Value], item); err != nil {
				return err
			}
			m.SetMapIndex(k, item)
		}
	}
	v.Set(m)
	return nil
}
