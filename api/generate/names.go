package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/lamgate/lamgate/api"
)

// A service is a table with what the generated files need beside it.
type service struct {
	*api.Service
	pkg     string
	structs []int // the shapes that become Go structs: what operations reach, errors aside
}

func newService(table *api.Service) (*service, error) {
	s := &service{Service: table, pkg: strings.ReplaceAll(table.Name, "-", "")}
	data := map[int]bool{}
	for i := range s.Operations {
		s.reach(s.Operations[i].Input, data)
		s.reach(s.Operations[i].Output, data)
	}
	for i := range s.Shapes {
		if data[i] && s.Shapes[i].Kind == api.Structure && !s.Shapes[i].EventStream {
			s.structs = append(s.structs, i)
		}
	}
	return s, s.checkNames()
}

func (s *service) reach(shape int, seen map[int]bool) {
	if shape < 0 || seen[shape] {
		return
	}
	seen[shape] = true
	sh := &s.Shapes[shape]
	switch sh.Kind {
	case api.Structure:
		for i := range sh.Members {
			s.reach(sh.Members[i].Shape, seen)
		}
	case api.List:
		s.reach(sh.Element, seen)
	case api.Map:
		s.reach(sh.Key, seen)
		s.reach(sh.Value, seen)
	}
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
	for _, i := range s.structs {
		sh := &s.Shapes[i]
		if err := declare(exported(sh.Name)); err != nil {
			return err
		}
		fields := map[string]bool{}
		for _, m := range sh.Members {
			if fields[exported(m.Name)] {
				return fmt.Errorf("%s has two fields called %s", sh.Name, exported(m.Name))
			}
			fields[exported(m.Name)] = true
		}
	}
	for i := range s.Operations {
		op := &s.Operations[i]
		if err := declare(op.Name + "API"); err != nil {
			return err
		}
		for _, name := range s.emptyStructs(op) {
			if err := declare(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// emptyStructs returns the names of the structs that an operation has although
// the model has no shapes for them.
func (s *service) emptyStructs(op *api.Operation) []string {
	var names []string
	if op.Input < 0 {
		names = append(names, s.input(op))
	}
	if op.Output < 0 {
		names = append(names, s.output(op))
	}
	return names
}

func (s *service) input(op *api.Operation) string {
	if op.Input < 0 {
		return op.Name + "Input"
	}
	return exported(s.Shapes[op.Input].Name)
}

func (s *service) output(op *api.Operation) string {
	if op.Output < 0 {
		return op.Name + "Output"
	}
	return exported(s.Shapes[op.Output].Name)
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
