package server

import (
	"net/http"

	"github.com/lamgate/lamgate/execution/environment"
)

// Environments is what functions take of this host: of all accounts together,
// for whoever asks, a function too, need not know whose they are.
type Environments struct {
	Running       int   // environments of functions
	Idle          int   // of these
	PrivateMemory int64 // of them all, in bytes that nobody shares
	// StemCells stand ready without a function.
	StemCells []environment.StemCells
}

func (o *own) environments(w http.ResponseWriter, _ *http.Request) {
	e := Environments{StemCells: o.fleet.StemCells()}
	for _, u := range o.fleet.Use() {
		e.Running += u.Environments
		e.Idle += u.Idle
		e.PrivateMemory += u.PrivateMemory
	}
	o.answer(w, http.StatusOK, e)
}
