package server

import (
	"github.com/lamgate/lamgate/wire"
)

// ServiceOperations are the operations of one service.
type ServiceOperations struct {
	Service       string
	Done, Missing []string
}

// Operations lists what of AWS's services lamgate has, in the order of their
// names. It needs no running server: implementations are asked for their
// methods, not called.
func Operations() []ServiceOperations {
	var list []ServiceOperations
	for _, m := range new(implementations).mounts() {
		s := ServiceOperations{Service: m.Service.Name, Done: []string{}, Missing: []string{}}
		for _, op := range wire.Operations(m.Service, m.Implementation) {
			if op.Done {
				s.Done = append(s.Done, op.Operation)
			} else {
				s.Missing = append(s.Missing, op.Operation)
			}
		}
		list = append(list, s)
	}
	return list
}
