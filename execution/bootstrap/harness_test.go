package bootstrap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for a client that should have answered.
const patience = 20 * time.Second

// A said is what a client posts.
type said struct {
	path    string // response, error, init/error, restore/next, restore/error, gone
	header  http.Header
	trailer http.Header
	body    string
	err     error // a body that broke off
}

// A platform is the Runtime API as a client sees it, with one client at it.
type platform struct {
	t        testing.TB
	listener net.Listener
	events   chan event
	said     chan said
	asked    chan struct{}          // a client asks what to become
	become   chan map[string]string // and is told
	slow     chan struct{}          // if there is one, streams are read only as it gives leave
	done     chan struct{}
}

type event struct {
	id, payload string
	headers     map[string]string
}

func newPlatform(t testing.TB) *platform {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &platform{
		t: t, listener: l, events: make(chan event, 16), said: make(chan said, 16),
		asked: make(chan struct{}, 1), become: make(chan map[string]string, 1), done: make(chan struct{}),
	}
	server := &http.Server{Handler: http.HandlerFunc(p.serve)}
	go server.Serve(l)
	t.Cleanup(func() {
		close(p.done)
		server.Close()
	})
	return p
}

func (p *platform) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/")
	switch {
	case r.URL.Path == "/lamgate/assignment/x":
		p.asked <- struct{}{}
		select {
		case environment := <-p.become:
			json.NewEncoder(w).Encode(map[string]any{"environment": environment})
		case <-p.done:
		case <-r.Context().Done():
		}
	case path == "invocation/next":
		select {
		case e := <-p.events:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", e.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:123456789012:function:f")
			w.Header().Set("Lambda-Runtime-Trace-Id", "Root=1-0-1")
			for name, value := range e.headers {
				w.Header().Set(name, value)
			}
			io.WriteString(w, e.payload)
		case <-p.done:
		case <-r.Context().Done():
		}
	case path == "restore/next":
		p.said <- said{path: path}
	default:
		s := said{path: path[strings.LastIndexByte(path, '/')+1:], header: r.Header}
		if !strings.HasPrefix(path, "invocation/") {
			s.path = path
		}
		s.body, s.err = p.read(r)
		s.trailer = r.Trailer
		// The answer first: a client that is told may end at once.
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusAccepted)
		w.(http.Flusher).Flush()
		p.said <- s
	}
}

func (p *platform) read(r *http.Request) (string, error) {
	if p.slow != nil {
		<-p.slow
	}
	body, err := io.ReadAll(r.Body)
	return string(body), err
}

// A client is one that runs.
type client struct {
	*platform
	cmd    *exec.Cmd
	log    lockedBuffer
	exited chan struct{}
	id     int
}

type lockedBuffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{} // closed at the next Write, if somebody waits for it
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
	return b.b.Write(p)
}

// logged waits until the client's log has a text: it comes by another way than
// the answer. It returns the log.
func (c *client) logged(want string) string {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.log.mu.Lock()
		text := c.log.b.String()
		if c.log.changed == nil {
			c.log.changed = make(chan struct{})
		}
		changed := c.log.changed
		c.log.mu.Unlock()
		if strings.Contains(text, want) {
			return text
		}
		select {
		case <-changed:
		case <-deadline:
			c.t.Fatalf("the log lacks %q:\n%s", want, text)
		}
	}
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A function is what a client runs.
type function struct {
	files   map[string]string
	handler string
	env     map[string]string
}

// environment writes the function's files and returns what its client is told.
func (f function) environment(t testing.TB, p *platform, runtime string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range f.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API": p.listener.Addr().String(), "_HANDLER": f.handler, "LAMBDA_TASK_ROOT": dir,
		"AWS_EXECUTION_ENV": "AWS_Lambda_" + runtime, "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f", "AWS_LAMBDA_LOG_STREAM_NAME": "s",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "TZ": ":UTC", "LANG": "en_US.UTF-8", "PATH": "/usr/bin:/bin",
	}
	maps.Copy(env, f.env)
	return env
}

// start runs a client's command with an environment.
func (p *platform) start(command []string, env map[string]string) *client {
	p.t.Helper()
	c := &client{platform: p, cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{})}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		c.cmd.Env = append(c.cmd.Env, name+"="+env[name])
	}
	c.cmd.Stdout, c.cmd.Stderr = &c.log, &c.log
	if c.cmd.Dir = env["LAMBDA_TASK_ROOT"]; c.cmd.Dir == "" {
		c.cmd.Dir = "/"
	}
	if err := c.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		c.cmd.Wait()
		close(c.exited)
	}()
	p.t.Cleanup(func() {
		c.cmd.Process.Kill()
		<-c.exited
	})
	return c
}

// send gives the client an event.
func (c *client) send(payload string, headers map[string]string) (id string) {
	c.id++
	id = fmt.Sprintf("00000000-0000-4000-8000-%012d", c.id)
	c.events <- event{id: id, payload: payload, headers: headers}
	return id
}

// hear returns what the client says next; that it is gone is said too.
func (c *client) hear() said {
	c.t.Helper()
	select {
	case s := <-c.said:
		return s
	case <-c.exited:
		select { // its last word may have come at the same time
		case s := <-c.said:
			return s
		case <-time.After(50 * time.Millisecond):
		}
		return said{path: "gone", body: fmt.Sprint(c.cmd.ProcessState.ExitCode())}
	case <-time.After(patience):
		c.t.Fatalf("the client says nothing; its log:\n%s", c.log.String())
		return said{}
	}
}

// exit waits for the client's end.
func (c *client) exit() int {
	c.t.Helper()
	select {
	case <-c.exited:
		return c.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		c.t.Fatal("the client does not end")
		return 0
	}
}

// installedPythons returns the interpreters of pyenv by their version, python3.N.
func installedPythons() map[string]string {
	found := map[string]string{}
	home, _ := os.UserHomeDir()
	paths, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.*/bin/python3.*"))
	system, _ := filepath.Glob("/usr/bin/python3.*")
	for _, path := range append(system, paths...) {
		name := filepath.Base(path)
		if strings.Trim(strings.TrimPrefix(name, "python3."), "0123456789") == "" {
			found[name] = path
		}
	}
	return found
}

// newestPython is what a test runs that needs only one.
func newestPython(t testing.TB) (name, path string) {
	t.Helper()
	all := installedPythons()
	if len(all) == 0 {
		t.Skip("no Python on this host")
	}
	name = slices.MaxFunc(slices.Collect(maps.Keys(all)), func(a, b string) int {
		return len(a)*1000 - len(b)*1000 + strings.Compare(a, b)
	})
	return name, all[name]
}

// installed writes the clients once for a test.
func installed(t testing.TB) string {
	t.Helper()
	dir, err := Install(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
