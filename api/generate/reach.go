package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// A service is a model made ready for writing.
type service struct {
	*model
	name, pkg  string
	operations []*operation   // by name
	shapes     []string       // the reachable ones, by name
	index      map[string]int // of a shape in shapes
	structs    []string       // the shapes that become Go structs: what operations reach, errors aside
}

func newService(name string, m *model) (*service, error) {
	s := &service{
		model: m,
		name:  name,
		pkg:   strings.ReplaceAll(name, "-", ""),
		index: map[string]int{},
	}
	for _, op := range slices.Sorted(maps.Keys(m.Operations)) {
		s.operations = append(s.operations, m.Operations[op])
	}

	data, all := map[string]bool{}, map[string]bool{}
	for _, op := range s.operations {
		for _, r := range []*ref{op.Input, op.Output} {
			if r == nil {
				continue
			}
			if err := s.reach(r.Shape, data); err != nil {
				return nil, err
			}
		}
		for _, r := range op.Errors {
			if err := s.reach(r.Shape, all); err != nil {
				return nil, err
			}
		}
	}
	// Errors that no operation lists may be raised by any.
	for name, sh := range m.Shapes {
		if sh.Exception {
			if err := s.reach(name, all); err != nil {
				return nil, err
			}
		}
	}
	maps.Copy(all, data)
	s.shapes = slices.Sorted(maps.Keys(all))
	for i, name := range s.shapes {
		s.index[name] = i
	}
	for _, name := range s.shapes {
		if sh := m.Shapes[name]; data[name] && sh.Type == "structure" && !sh.Document && !sh.EventStream {
			s.structs = append(s.structs, name)
		}
	}
	return s, s.checkNames()
}

// reach adds a shape and all that it refers to. An event stream's events are
// not followed: they do not pass through the encoder.
func (s *service) reach(name string, seen map[string]bool) error {
	if seen[name] {
		return nil
	}
	sh, ok := s.Shapes[name]
	if !ok {
		return fmt.Errorf("no shape %q", name)
	}
	seen[name] = true
	if sh.EventStream {
		return nil
	}
	for _, m := range sh.Members {
		if err := s.reach(m.Shape, seen); err != nil {
			return err
		}
	}
	for _, r := range []*ref{sh.Member, sh.Key, sh.Value} {
		if r == nil {
			continue
		}
		if err := s.reach(r.Shape, seen); err != nil {
			return err
		}
	}
	return nil
}

// checkNames fails on two declarations of one name in the package.
func (s *service) checkNames() error {
	seen := map[string]bool{"Service": true}
	declare := func(name string) error {
		if seen[name] {
			return fmt.Errorf("two declarations are called %s", name)
		}
		seen[name] = true
		return nil
	}
	for _, name := range s.structs {
		if err := declare(exported(name)); err != nil {
			return err
		}
		fields := map[string]bool{}
		for _, m := range s.Shapes[name].Members {
			if fields[exported(m.name)] {
				return fmt.Errorf("%s has two fields called %s", name, exported(m.name))
			}
			fields[exported(m.name)] = true
		}
	}
	for _, op := range s.operations {
		if err := declare(op.Name + "API"); err != nil {
			return err
		}
		if op.Input == nil {
			if err := declare(s.input(op)); err != nil {
				return err
			}
		}
		if op.Output == nil {
			if err := declare(s.output(op)); err != nil {
				return err
			}
		}
	}
	return nil
}

// input and output return the names of the structs of an operation; where the
// model has none, an empty one is written.
func (s *service) input(op *operation) string {
	if op.Input == nil {
		return op.Name + "Input"
	}
	return exported(op.Input.Shape)
}

func (s *service) output(op *operation) string {
	if op.Output == nil {
		return op.Name + "Output"
	}
	return exported(op.Output.Shape)
}

// exported returns a name of the model as an exported Go name.
func exported(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, name)
	return strings.ToUpper(name[:1]) + name[1:]
}
