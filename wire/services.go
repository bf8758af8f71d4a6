package wire

import (
	"fmt"
	"reflect"

	"github.com/lamgate/lamgate/api"
)

// A service is a mounted service with what was prepared for it at the start.
type service struct {
	*api.Service
	quirks
	router     *router
	operations []operation
}

// An operation is an operation of a service with the handler that runs it, or
// nil if the implementation lacks it.
type operation struct {
	*api.Operation
	handle api.Handler
}

func newService(m Mount) (*service, error) {
	s := &service{
		Service:    m.Service,
		quirks:     quirksOf(m.Service),
		operations: make([]operation, len(m.Service.Operations)),
	}
	for i := range m.Service.Operations {
		op := &m.Service.Operations[i]
		s.operations[i] = operation{Operation: op}
		if m.Implementation == nil {
			continue
		}
		s.operations[i].handle = op.Bind(m.Implementation)
		if s.operations[i].handle != nil {
			continue
		}
		if method, ok := reflect.TypeOf(m.Implementation).MethodByName(op.Name); ok {
			return nil, fmt.Errorf("wire: %s: method %s of %T has signature %v, which is not that of the operation (%s.%[2]sAPI)",
				m.Service.Name, op.Name, m.Implementation, method.Type, m.Service.Name)
		}
	}
	var err error
	s.router, err = newRouter(s)
	return s, err
}

// shape returns a shape by its index, or nil for -1.
func (s *service) shape(i int) *api.Shape {
	if i < 0 {
		return nil
	}
	return &s.Shapes[i]
}

// A Status says of an operation whether an implementation has it.
type Status struct {
	Operation string
	Done      bool
}

// Operations lists the operations of a service, by name, and which of them
// implementation has.
func Operations(s *api.Service, implementation any) []Status {
	list := make([]Status, len(s.Operations))
	for i := range s.Operations {
		op := &s.Operations[i]
		list[i] = Status{op.Name, implementation != nil && op.Bind(implementation) != nil}
	}
	return list
}

// SigningName returns the name under which a service takes signatures, which for
// most is that of its host.
func SigningName(host string) string {
	switch host {
	case "email":
		return "ses"
	case "appsync-api":
		return "appsync"
	}
	return host
}
