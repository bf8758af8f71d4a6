// Package statetest gives tests a store of their own.
package statetest

import (
	"testing"

	"github.com/lamgate/lamgate/state"
)

// Open returns a store in a directory that the test leaves behind with it.
func Open(t testing.TB) *state.Store {
	t.Helper()
	s, err := state.Open(state.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
