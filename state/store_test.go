package state

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"
)

// A tester is a *testing.T, a *testing.B or a *rapid.T.
type tester interface {
	Context() context.Context
	Helper()
	Error(...any)
	Fatal(...any)
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// must returns a call's value and fails the test if the call has failed.
func must[T any](value T, err error) func(tester) T {
	return func(t tester) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func TestDirectoryHasOneStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	if _, err := Open(Options{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Fatalf("the second store was answered %v, want %v", err, ErrInUse)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, Options{Dir: dir})
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	stop := s.Documents().Watch("", func(Change) {})
	defer stop()
	if err := s.Logs().Append("a", []LogEvent{{Message: "x"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	s := open(t, Options{})
	must(s.Documents().Put(t.Context(), "a", []byte("x"), 0))(t)
	s.Close()
	if _, err := s.Documents().Put(t.Context(), "b", nil, 0); !errors.Is(err, errClosed) {
		t.Errorf("a write was answered %v", err)
	}
	if _, err := s.Queue("q"); !errors.Is(err, errClosed) {
		t.Errorf("a queue was answered %v", err)
	}
	if err := s.Logs().Append("a", []LogEvent{{Message: "x"}}); !errors.Is(err, errClosed) {
		t.Errorf("a line was answered %v", err)
	}
}
