package server_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/execution/disk"
	"github.com/lamgate/lamgate/wire"
)

const (
	testAccount = "000000000000"
	testRegion  = "us-east-1"
)

// A site is where a server lives: its directories and its address stay the same
// from one process to the next.
type site struct {
	dir     string // of everything
	data    string
	temp    string // TMPDIR of the server
	address string
	flags   []string
	env     []string            // beside this process's own
	user    *syscall.Credential // of the server, if it is not this process's
}

func newSite(t testing.TB, flags ...string) *site {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { disk.RemoveTree(dir) }) // packages are read-only
	s := &site{dir: dir, data: filepath.Join(dir, "data"), temp: filepath.Join(dir, "temp"), address: freeAddress(t), flags: flags}
	if err := os.Mkdir(s.temp, 0o777); err != nil {
		t.Fatal(err)
	}
	return s
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A process is a running server.
type process struct {
	*site
	cmd    *exec.Cmd
	pid    int
	client *wire.Client
	stderr *output
	exited chan struct{}
	status error // of the process; valid after exited
}

// An output keeps the beginning of what a process says, but for the lines in
// which its runtime tells of collections of garbage.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	line []byte // that has not ended
	live int    // MB that the last collection has left
}

const maxOutput = 1 << 20

// tellCollections has a server tell of collections of garbage.
const tellCollections = "GODEBUG=gctrace=1"

// collection is "gc 7 @0.1s 1%: 0.1+0.2 ms clock, 0.1 ms cpu, 23->24->11 MB, …".
var collection = regexp.MustCompile(`^gc \d+ @.*?->(\d+) MB, `)

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.line = append(o.line, p...)
	for {
		end := bytes.IndexByte(o.line, '\n') + 1
		if end == 0 && len(o.line) < maxOutput {
			return len(p), nil
		}
		line := o.line[:end]
		if end == 0 {
			line = o.line
		}
		if m := collection.FindSubmatch(line); m != nil {
			o.live, _ = strconv.Atoi(string(m[1]))
		} else if room := maxOutput - o.b.Len(); room > 0 {
			o.b.Write(line[:min(room, len(line))])
		}
		o.line = o.line[len(line):]
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String() + string(o.line)
}

// liveHeap is what the server's last collection of garbage has left, in MB. It
// takes tellCollections.
func (p *process) liveHeap() int {
	p.stderr.mu.Lock()
	defer p.stderr.mu.Unlock()
	return p.stderr.live
}

// launch starts a process without waiting until it serves. The channel yields
// its first line, or is closed if it ends without one.
func (s *site) launch(t testing.TB) (*process, <-chan string) {
	t.Helper()
	p := &process{site: s, stderr: &output{}, exited: make(chan struct{})}
	p.cmd = exec.Command(command, append([]string{"serve", "--listen", s.address, "--data", s.data}, s.flags...)...)
	p.cmd.Env = append(append(os.Environ(), "TMPDIR="+s.temp), s.env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = p.cmd.Process.Pid
	p.client = wire.NewClient("http://"+s.address, testRegion, testAccount, "secret")
	line := make(chan string, 1)
	go func() {
		defer close(p.exited)
		r := bufio.NewReader(stdout)
		if first, err := r.ReadString('\n'); err == nil {
			line <- first
		}
		close(line)
		_, _ = io.Copy(io.Discard, r)
		p.status = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if said := p.stderr.String(); strings.Contains(said, "DATA RACE") || strings.Contains(said, "panic") {
			t.Errorf("the server went wrong: %s", said)
		} else if t.Failed() {
			t.Logf("the server's log:\n%s", tail(p.stderr.String(), 4000))
		}
	})
	return p, line
}

func tail(s string, size int) string { return s[max(0, len(s)-size):] }

// start starts a process and returns when it serves.
func (s *site) start(t testing.TB) *process {
	t.Helper()
	p, line := s.launch(t)
	select {
	case first := <-line:
		if !strings.HasPrefix(first, "ready http://"+s.address) {
			t.Fatalf("the server did not start: %q\n%s", first, p.stderr)
		}
	case <-time.After(time.Minute):
		t.Fatalf("the server is not ready after a minute:\n%s", p.stderr)
	}
	return p
}

// kill ends the process as nothing can be prepared for.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop ends the process as its users do, and expects that it has nothing to
// complain of.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // where it stands still
		<-p.exited
		t.Fatalf("the server does not end:\n%s", tail(p.stderr.String(), 64<<10))
	}
	if p.status != nil {
		t.Errorf("the server ended with %v:\n%s", p.status, tail(p.stderr.String(), 4000))
	}
}

func (p *process) url(path string) string { return "http://" + p.address + path }

// alive fails the test unless the server serves.
func (p *process) alive(t testing.TB) {
	t.Helper()
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(p.url("/_lamgate/health"))
	if err != nil {
		t.Fatalf("the server serves no more: %v\n%s", err, tail(p.stderr.String(), 4000))
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the server is not well: %s", response.Status)
	}
}

// call runs an operation of AWS's.
func call[Out any](ctx context.Context, p *process, s *api.Service, operation string, in any) (*Out, error) {
	out := new(Out)
	return out, p.client.Call(ctx, s, operation, in, out)
}

// mustCall is call for what cannot fail.
func mustCall[Out any](t testing.TB, p *process, s *api.Service, operation string, in any) *Out {
	t.Helper()
	out, err := call[Out](t.Context(), p, s, operation, in)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return out
}

// eventually calls f until it returns nil, and fails the test with its last
// error when it never does.
func eventually(t testing.TB, within time.Duration, f func() error) {
	t.Helper()
	if err := retried(within, f); err != nil {
		t.Fatal(err)
	}
}

// retried is eventually where a test cannot fail.
func retried(within time.Duration, f func() error) (err error) {
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = f(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("not after %v: %w", within, err)
}

// unanswered reports whether a call has no answer because the server went away.
func unanswered(err error) bool {
	var refused *net.OpError
	return errors.As(err, &refused) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, context.Canceled) ||
		err != nil && strings.Contains(err.Error(), "EOF")
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
