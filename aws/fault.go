package aws

import (
	"errors"
	"fmt"
	"net/http"
)

// A Fault is an error as an AWS client sees it: a code that programs test for,
// a message for people, and the HTTP status it travels with. Operations return
// Faults for everything that the caller can act on; any other error becomes an
// internal fault where it meets the wire, and a line in the log.
type Fault struct {
	Code    string // as on the wire, such as "ResourceNotFoundException"
	Message string
	Status  int

	// Members are further members of the modelled error by their wire name,
	// such as Lambda's "Type" and "Reason". May be nil.
	Members map[string]string
}

// Faultf returns a Fault with a formatted message.
func Faultf(status int, code, format string, args ...any) *Fault {
	return &Fault{Code: code, Message: fmt.Sprintf(format, args...), Status: status}
}

// With returns a copy of the fault with one more member of the modelled error.
func (f *Fault) With(member, value string) *Fault {
	g := *f
	g.Members = make(map[string]string, len(f.Members)+1)
	for k, v := range f.Members {
		g.Members[k] = v
	}
	g.Members[member] = value
	return &g
}

func (f *Fault) Error() string { return f.Code + ": " + f.Message }

// AsFault returns the Fault in err's chain, or nil if there is none.
func AsFault(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return nil
}

// HasCode reports whether err is a Fault with the given code.
func HasCode(err error, code string) bool {
	f := AsFault(err)
	return f != nil && f.Code == code
}

// InternalFault is what a caller sees of an error that is not theirs.
func InternalFault() *Fault {
	return Faultf(http.StatusInternalServerError, "InternalFailure", "The request processing has failed because of an unknown error, exception or failure.")
}
