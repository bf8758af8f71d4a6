package statetest

import (
	"testing"

	"github.com/lamgate/lamgate/state"
)

// Open returns a store in a directory of the test, closed when it ends.
func Open(t testing.TB) *state.Store {
	t.Helper()
	return OpenWith(t, state.Options{})
}

// OpenWith is Open for tests with a clock or a directory of their own.
func OpenWith(t testing.TB, o state.Options) *state.Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = directory(t)
	}
	s, err := state.Open(o)
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
