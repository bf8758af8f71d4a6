package server_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startRefused starts a server that cannot start, and returns what it says.
func startRefused(t *testing.T, s *site) string {
	t.Helper()
	p, ready := s.launch(t)
	select {
	case line, ok := <-ready:
		if ok {
			t.Fatalf("it started: %s", line)
		}
	case <-time.After(time.Minute):
		t.Fatal("it neither starts nor ends")
	}
	<-p.exited
	if code := p.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("the exit status is %d instead of 1", code)
	}
	said := strings.TrimSpace(p.stderr.String())
	if strings.Contains(said, "goroutine ") || strings.Count(said, "\n") > 3 {
		t.Errorf("the error is no sentence:\n%s", said)
	}
	if left := cgroupsOf(p.pid); len(left) > 0 {
		t.Errorf("control groups remain: %q", left)
	}
	if left := mountsBelow(t, s.data); len(left) > 0 {
		t.Errorf("mounts remain: %q", left)
	}
	return said
}

func TestStartThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, s *site)
		says    []string
	}{
		{"the port is in use", func(t *testing.T, s *site) {
			l := must(net.Listen("tcp", s.address))(t)
			t.Cleanup(func() { l.Close() })
			s.flags = append(s.flags, "--log-level", "error")
		}, []string{"is taken", "--listen"}},
		{"the address is no address", func(_ *testing.T, s *site) { s.address = "127.0.0.1:http:4566" }, []string{"127.0.0.1:http:4566"}},
		{"the address is not this machine's", func(_ *testing.T, s *site) { s.address = "192.0.2.1:4566" }, []string{"192.0.2.1:4566"}},
		{"another server has the data directory", func(t *testing.T, s *site) {
			other := *s
			other.address = freeAddress(t)
			other.start(t)
		}, []string{"in use by another", "--data"}},
		{"the data directory is a file", func(t *testing.T, s *site) {
			if err := os.WriteFile(s.data, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"data", "not a directory"}},
		{"the data directory is below a file", func(t *testing.T, s *site) {
			if err := os.WriteFile(s.data, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s.data = filepath.Join(s.data, "below")
		}, []string{"below", "not a directory"}},
		{"the data directory may not be written", func(t *testing.T, s *site) {
			smallDisk(t, s.data, "ro,size=1m")
		}, []string{"read-only"}},
		{"the state's directory is a file", func(t *testing.T, s *site) {
			if err := os.MkdirAll(s.data, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(s.data, "state"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, []string{"state", "not a directory"}},
		{"the level of isolation does not exist", func(_ *testing.T, s *site) { s.flags = []string{"--isolation", "none"} }, []string{"--isolation", "namespace"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			c.prepare(t, s)
			var said string
			if strings.HasPrefix(c.name, "the level") {
				p, _ := s.launch(t)
				<-p.exited
				if code := p.cmd.ProcessState.ExitCode(); code != 2 {
					t.Errorf("the exit status is %d instead of 2", code)
				}
				said = p.stderr.String()
			} else {
				said = startRefused(t, s)
			}
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("it says %q, without %q", said, want)
				}
			}
		})
	}
}
