//go:build unix

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// extensions makes extensions of the test binary's programs.
func (f *fixture) extensions(programs map[string]string) []Extension {
	var list []Extension
	for name, program := range programs {
		list = append(list, Extension{name, f.program, []string{"SANDBOX_TEST_PROGRAM=" + program, "EXTENSION=" + name}})
	}
	return list
}

func nextEnded(t *testing.T, s Sandbox) Ended {
	t.Helper()
	select {
	case e := <-s.Ended():
		return e
	case <-time.After(testTime):
		t.Fatal("nobody ended")
		return Ended{}
	}
}

func TestExtensionsRunBeforeTheCommand(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "exit 7", func(spec *Spec) {
			spec.Extensions = f.extensions(map[string]string{"one": "hang", "two": "exit 3"})
		})
		out.await(t, "hanging")
		if e := nextEnded(t, s); e.Extension != "two" || e.Exit.Code != 3 {
			t.Errorf("there ended %+v", e)
		}
		out.await(t, "ran") // before it ended, but read later
		if got := out.String(); got != "hanging\nran\n" && got != "ran\nhanging\n" {
			t.Errorf("before the command they printed %q", got)
		}
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
		if e := nextEnded(t, s); e.Extension != "" || e.Exit.Code != 7 || e.Exit.Ran <= 0 {
			t.Errorf("there ended %+v", e)
		}
		if err := s.Release(); !errors.Is(err, errNothingWaits) {
			t.Errorf("a second release gives %v", err)
		}
		select {
		case <-s.Done():
			t.Fatal("the sandbox ended with its command, beside an extension that runs")
		case <-time.After(20 * time.Millisecond):
		}
		s.Kill()
		if x := waitFor(t, s); x.Code != 7 {
			t.Errorf("exit is %+v", x)
		}
		if e, open := <-s.Ended(); open {
			t.Errorf("after the end there ended %+v", e)
		}
	})
}

// What extensions print can be told from what the command does.
func TestExtensionsHaveAnOutputOfTheirOwn(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		s, out := f.run(t, "exit 7", func(spec *Spec) {
			spec.Extensions = f.extensions(map[string]string{"one": "exit 3"})
			spec.ExtensionOutput = w
		})
		w.Close()
		nextEnded(t, s)
		got := make([]byte, 4)
		if _, err := io.ReadFull(r, got); string(got) != "ran\n" {
			t.Errorf("the extension prints %q, %v", got, err)
		}
		if got := out.String(); got != "" {
			t.Errorf("and elsewhere %q", got)
		}
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, s)
		if got := out.String(); got != "ran\n" {
			t.Errorf("the command prints %q", got)
		}
		if got, err := io.ReadAll(r); len(got) > 0 || err != nil {
			t.Errorf("where extensions print, it prints %q, %v", got, err)
		}
	})
}

// The command has its log open, with and without extensions, which have not.
func TestTheCommandHasALog(t *testing.T) {
	for _, beside := range []bool{false, true} {
		both(t, func(t *testing.T, f *fixture) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			s, out := f.run(t, "log mine", func(spec *Spec) {
				spec.Log = w
				if beside {
					spec.Extensions = f.extensions(map[string]string{"one": "log theirs"})
				}
			})
			if beside {
				nextEnded(t, s)
				if err := s.Release(); err != nil {
					t.Fatal(err)
				}
			}
			w.Close()
			waitFor(t, s)
			if got, err := io.ReadAll(r); string(got) != "mine" || err != nil {
				t.Errorf("the log has %q, %v", got, err)
			}
			if got := out.String(); strings.Contains(got, "bad file descriptor") != beside {
				t.Errorf("there was printed %q", got)
			}
		})
	}
}

func TestTheLastToEndEndsTheSandbox(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, _ := f.run(t, "exit 7", func(spec *Spec) {
			spec.Extensions = f.extensions(map[string]string{"one": "exit 1"})
		})
		if e := nextEnded(t, s); e.Extension != "one" {
			t.Errorf("there ended %+v", e)
		}
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
		if x := waitFor(t, s); x.Code != 7 {
			t.Errorf("exit is %+v", x)
		}
	})
}

func TestSignalsGoToTheCommandBesideExtensions(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "catch", func(spec *Spec) {
			spec.Extensions = f.extensions(map[string]string{"one": "hang"})
		})
		if err := s.Release(); err != nil {
			t.Fatal(err)
		}
		out.await(t, "ready")
		if err := s.Freeze(); err != nil {
			t.Fatal(err)
		}
		if err := s.Thaw(); err != nil {
			t.Fatal(err)
		}
		if err := s.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if e := nextEnded(t, s); e.Extension != "" || e.Exit.Code != 42 {
			t.Errorf("there ended %+v", e)
		}
	})
}

func TestKillBeforeRelease(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, out := f.run(t, "exit 7", func(spec *Spec) {
			spec.Extensions = f.extensions(map[string]string{"one": "hang"})
		})
		out.await(t, "hanging")
		s.Kill()
		if x := waitFor(t, s); x.Code != -1 || x.Signal != "killed" {
			t.Errorf("exit is %+v", x)
		}
		if err := s.Release(); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("a release after the end gives %v", err)
		}
	})
}

func TestWhatCannotBeRunBesideExtensions(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		spec := f.spec
		spec.Command = []string{f.program}
		spec.Extensions = []Extension{{"good", f.program, []string{"SANDBOX_TEST_PROGRAM=hang"}}, {"bad", "/var/task/nothing", nil}}
		_, err := f.Start(t.Context(), spec)
		if e, ok := errors.AsType[*ExtensionError](err); !ok || e.Extension != "bad" || !errors.Is(err, syscall.ENOENT) {
			t.Errorf("an extension that does not exist gives %v", err)
		}
		s, _ := f.run(t, "", func(spec *Spec) {
			spec.Command = []string{"/var/task/nothing"}
			spec.Extensions = f.extensions(map[string]string{"one": "hang"})
		})
		if err := s.Release(); !errors.Is(err, syscall.ENOENT) {
			t.Errorf("a command that does not exist gives %v", err)
		}
	})
}

func TestReleaseWithoutExtensions(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		s, _ := f.run(t, "hang", nil)
		if err := s.Release(); !errors.Is(err, errNothingWaits) {
			t.Errorf("it gives %v", err)
		}
	})
}

func TestDirectory(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		if err := os.Mkdir(f.spec.Task+"/inner", 0o755); err != nil {
			t.Fatal(err)
		}
		s, out := f.run(t, "", func(spec *Spec) {
			spec.Directory = "/var/task/inner"
			spec.Command = []string{"/bin/sh", "-c", "test -d ../inner && basename $(pwd)"}
			spec.Env = []string{"PATH=/usr/bin:/bin"}
		})
		waitFor(t, s)
		if out.String() != "inner\n" {
			t.Errorf("it printed %q", out)
		}
	})
}

// TestDial reaches a listener inside, as often as there are sockets.
func TestDial(t *testing.T) {
	for _, test := range []struct {
		level   string
		network Network
	}{{NamespaceLevel, PrivateNetwork}, {NamespaceLevel, HostNetwork}, {ProcessLevel, HostNetwork}} {
		t.Run(fmt.Sprint(test.level, " ", test.network), func(t *testing.T) {
			f := newFixture(t, test.level)
			s, out := f.run(t, "answer", func(spec *Spec) { spec.Network, spec.Sockets = test.network, 2 })
			out.await(t, "port ")
			out.await(t, "\n")
			var port int
			if _, err := fmt.Sscanf(out.String(), "port %d", &port); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), testTime)
			defer cancel()
			if _, err := s.Dial(ctx, 1); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("a port where nobody listens gives %v", err)
			}
			for range 2 {
				c, err := s.Dial(ctx, port)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(c)
				c.Close()
				if string(b) != "answer" || err != nil {
					t.Errorf("it answers %q, %v", b, err)
				}
				if a, ok := c.RemoteAddr().(*net.TCPAddr); !ok || a.Port != port {
					t.Errorf("the other end is %v", c.RemoteAddr())
				}
			}
			if _, err := s.Dial(ctx, port); test.network == PrivateNetwork && !errors.Is(err, ErrNoSocket) {
				t.Errorf("a third connection gives %v", err)
			}
		})
	}
}

func TestPrivateMemory(t *testing.T) {
	both(t, func(t *testing.T, f *fixture) {
		if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
			t.Skip(err)
		}
		s, out := f.run(t, "hold 24", nil)
		out.await(t, "holding")
		if n := s.PrivateMemory() >> 20; n < 24 || n > 128 {
			t.Errorf("it holds %d MB", n)
		}
		s.Kill()
		waitFor(t, s)
		if n := s.PrivateMemory(); n != 0 {
			t.Errorf("after its end it holds %d bytes", n)
		}
	})
}
