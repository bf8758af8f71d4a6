//go:build amd64 || arm64

package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestStartsThatAreGivenUp cancels starts at every moment of theirs. Each returns,
// and nobody remains whom the server has made.
func TestStartsThatAreGivenUp(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	dir := lateCode(t, f, "one")
	for name, change := range map[string]func(*Spec){
		"ordinary":   func(*Spec) {},
		"private":    func(spec *Spec) { spec.Network, spec.Sockets = PrivateNetwork, 2 },
		"late":       func(spec *Spec) { spec.Task, spec.Late, spec.LateFrom = "", true, dir },
		"extensions": func(spec *Spec) { spec.Extensions = []Extension{{"one", "/bin/sleep", nil}} },
	} {
		t.Run(name, func(t *testing.T) {
			enough := errors.New("enough")
			spec := f.spec
			spec.Command = []string{"/bin/sleep", "1000"}
			change(&spec)
			for after := time.Duration(0); after < 6*time.Millisecond; after += 150 * time.Microsecond {
				ctx, cancel := context.WithTimeoutCause(t.Context(), after, enough)
				var s Sandbox
				var err error
				returned := make(chan struct{})
				go func() {
					defer close(returned)
					s, err = f.Start(ctx, spec)
				}()
				select {
				case <-returned:
				case <-time.After(testTime):
					t.Fatalf("cancelled after %v, a start does not return", after)
				}
				cancel()
				if err != nil {
					if !errors.Is(err, enough) {
						t.Errorf("cancelled after %v, a start gives %v", after, err)
					}
					continue
				}
				s.Kill()
				waitFor(t, s)
				for _, l := range []interface{ Close() error }{s.RuntimeAPI(), s.Endpoint()} {
					if l != nil {
						l.Close()
					}
				}
			}
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
				t.Errorf("process %d has not been waited for (%v)", pid, err)
			}
		})
	}
}

// A context that ends as the start does says so when the sandbox runs already.
func TestContextThatEndsLate(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	dir := lateCode(t, f, "one")
	s, out := f.late(t, dir, "cat code; exit 42")
	for range 100 {
		if err := s.(*namespace).control.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), testTime)
	defer cancel()
	if err := s.Assign(ctx, Assignment{Name: "one", Task: filepath.Join(dir, "one"), MemoryMB: 128, TmpMB: 16}); err != nil {
		t.Fatal(err)
	}
	if err := s.Signal(os.Signal(syscall.SIGUSR1)); err != nil {
		t.Fatal(err)
	}
	if x := waitFor(t, s); x.Code != 42 {
		t.Errorf("exit is %+v, and it printed %q", x, out)
	}
}
