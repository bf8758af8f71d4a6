//go:build amd64 || arm64

package sandbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestEscape runs a program that tries everything that must not succeed, beside
// what it must not reach: in each network, in a container image, and in a
// sandbox that got its code late.
func TestEscape(t *testing.T) {
	for _, kind := range []string{"host", "private", "egress", "image", "late", "traced"} {
		t.Run(kind, func(t *testing.T) {
			f := newFixture(t, NamespaceLevel)
			network := PrivateNetwork
			if kind == "host" || kind == "egress" {
				network = Network(kind)
			}
			if err := os.WriteFile(filepath.Join(f.spec.Task, "program32"), program32(), 0o755); err != nil {
				t.Fatal(err)
			}
			other := newFixture(t, NamespaceLevel)
			secret := filepath.Join(other.spec.Task, "secret")
			if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
				t.Fatal(err)
			}
			layers := plantLinks(t, f.spec.Task, secret)
			neighbour, out := other.run(t, "offer neighbour-"+kind, func(spec *Spec) { spec.Network = network })
			out.await(t, "offering")

			// In what the server's session has: its user's tickets, as it may be.
			if _, err := unix.AddKey("user", "lamgate-test", []byte("secret"), unix.KEY_SPEC_SESSION_KEYRING); err != nil {
				t.Log("the kernel has no keyrings: ", err)
			}
			abstract := fmt.Sprint("lamgate-test-", os.Getpid(), "-", kind)
			sockets, err := net.Listen("unix", "@"+abstract)
			if err != nil {
				t.Fatal(err)
			}
			defer sockets.Close()
			loopback, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer loopback.Close()

			arguments := fmt.Sprintf("pid=%d pid=%d path=%s path=/proc/%d/root path=/opt/link path=/opt/up path=/var/task/link path=/var/task/up path=/.code/two",
				os.Getpid(), neighbour.PID(), secret, os.Getpid())
			if kind != "late" { // whose program lies where it lies on the host
				arguments += " path=" + filepath.Dir(f.spec.Task)
			}
			if network != HostNetwork {
				_, port, _ := net.SplitHostPort(loopback.Addr().String())
				arguments += " port=" + port
			}
			if network == PrivateNetwork {
				arguments += " interfaces="
			}
			if network != HostNetwork || f.Driver.(*namespaces).landlock {
				arguments += " abstract=" + abstract + " abstract=neighbour-" + kind
			}
			want := "attempts: true\n"
			if kind == "traced" {
				arguments += " traced="
				want = "traces: <nil>\n" + want
			}
			code := lateCode(t, f, "two")
			s, printed := f.run(t, "escape "+arguments, func(spec *Spec) {
				spec.Network, spec.Opt, spec.Traced = network, layers, kind == "traced"
				switch kind {
				case "image":
					spec.Root = newImage(t)
					copyWithLibraries(t, spec.Root, filepath.Join(spec.Task, "program"))
				case "late":
					spec.Command = []string{filepath.Join(spec.Task, "program")}
					spec.Env = []string{"SANDBOX_TEST_PROGRAM=late " + spec.Env[0][len("SANDBOX_TEST_PROGRAM=escape "):]}
					spec.Runtime = []string{spec.Task}
					spec.Task, spec.Opt, spec.Late, spec.LateFrom = "", "", true, filepath.Dir(code)
				}
			})
			if kind == "late" {
				a := Assignment{Name: "late", Task: filepath.Join(filepath.Dir(code), "one"), Opt: filepath.Join(filepath.Dir(code), "layers"), MemoryMB: 256, TmpMB: 32}
				for from, to := range map[string]string{f.spec.Task: a.Task, layers: a.Opt} {
					if err := os.CopyFS(to, os.DirFS(from)); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.Assign(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			if x := waitFor(t, s); x.Code != 0 || printed.String() != want {
				t.Errorf("exit is %+v, and it printed\n%s", x, printed)
			}
		})
	}
}

// plantLinks puts links out of a package into it, and returns layers with the
// same.
func plantLinks(t *testing.T, task, secret string) string {
	t.Helper()
	layers := t.TempDir()
	for _, dir := range []string{task, layers} {
		for name, target := range map[string]string{"link": secret, "up": "../../../../../.." + secret} {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return layers
}

// program32 is an executable of 32-bit x86 that calls exit(0).
func program32() []byte {
	code := []byte{0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80} // mov eax,1; xor ebx,ebx; int 0x80
	var b bytes.Buffer
	b.Write([]byte{0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	for _, v := range []any{
		uint16(2), uint16(3), uint32(1), uint32(0x8048054), uint32(52), uint32(0), uint32(0),
		uint16(52), uint16(32), uint16(1), uint16(0), uint16(0), uint16(0),
		uint32(1), uint32(0), uint32(0x8048000), uint32(0x8048000), uint32(84 + len(code)), uint32(84 + len(code)), uint32(5), uint32(0x1000),
	} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	b.Write(code)
	return b.Bytes()
}

// TestStubborn ends what ignores every signal that can be ignored, and has left
// its session.
func TestStubborn(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	s, out := f.run(t, "stubborn", nil)
	out.await(t, "ignoring")
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	n := s.(*namespace)
	pids := n.sum(func(string) int64 { return 1 })
	if pids < 4 {
		t.Errorf("there are %d processes", pids)
	}
	// Whoever ends them does not wait until all have been looked at.
	n.ending.Store(true)
	if pids := n.sum(func(string) int64 { return 1 }); pids != 0 {
		t.Errorf("%d processes are looked at that are to end", pids)
	}
	s.Kill()
	if x := waitFor(t, s); x.Signal != "killed" {
		t.Errorf("exit is %+v", x)
	}
	if alive(fmt.Sprint(n.initial)) || alive(fmt.Sprint(n.command)) {
		t.Error("it lives on")
	}
}

// Sandboxes of a server with root are different users of the host, so that
// what is missed elsewhere still finds files and processes of another's.
func TestUsersDiffer(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	if !f.Driver.(*namespaces).users.privileged {
		t.Skip("without root all sandboxes are the server's user")
	}
	seen := map[string]bool{}
	for range 3 {
		s, out := f.run(t, "hang", nil)
		out.await(t, "hanging")
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "Uid:") {
				seen[line] = true
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("their users are %v", seen)
	}
}

func TestListenersOfAPrivateNetwork(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	s, out := f.run(t, "dial", func(spec *Spec) { spec.Network = PrivateNetwork })
	for i, l := range []net.Listener{s.RuntimeAPI(), s.Endpoint()} {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "hello ", i)
		c.Close()
	}
	waitFor(t, s)
	if got, want := out.String(), "hello 0 <nil>\nhello 1 <nil>\n"; got != want {
		t.Errorf("it got %q", got)
	}
}

// Each sandbox has its own port 9001, and starting many at once does not matter.
func TestManyAtOnce(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			spec := f.spec
			spec.Command, spec.Network = []string{"/bin/true"}, PrivateNetwork
			s, err := f.Start(t.Context(), spec)
			if err != nil {
				t.Error(err)
				return
			}
			<-s.Done()
			if x := s.Exit(); x.Code != 0 {
				t.Errorf("exit is %+v", x)
			}
			s.RuntimeAPI().Close()
			s.Endpoint().Close()
		})
	}
	all.Wait()
}

func TestEnvironmentAndPlace(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	t.Setenv("INHERITED", "secret")
	s, out := f.run(t, "", func(spec *Spec) {
		spec.Command = []string{"/bin/sh", "-c", "pwd; id -un; env; echo $0 $@; cat; touch /tmp/x && ls /tmp", "a", "b"}
		spec.Env = []string{"GREETING=hello"}
	})
	waitFor(t, s)
	want := "/var/task\n" + insideUser + "\nGREETING=hello\nPWD=/var/task\na b\nx\n"
	if got := out.String(); got != want {
		t.Errorf("it printed %q, want %q", got, want)
	}
}

// TestRuntimeBesideUsr shows interpreters that live outside /usr, also below
// /opt, where layers are, and below /tmp.
func TestRuntimeBesideUsr(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	layers, prefix := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		filepath.Join(layers, "lib"): "layer", filepath.Join(prefix, "lib"): "runtime",
	} {
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, out := f.run(t, "", func(spec *Spec) {
		spec.Opt, spec.Runtime = layers, []string{prefix, "/usr/bin"}
		spec.Command = []string{"/bin/cat", "/opt/lib", prefix + "/lib"}
	})
	waitFor(t, s)
	if got := out.String(); got != "layerruntime" {
		t.Errorf("it printed %q", got)
	}
	spec := f.spec
	spec.Command, spec.Runtime = []string{"/bin/true"}, []string{"/"}
	if _, err := f.Start(t.Context(), spec); err == nil {
		t.Error("the host's root was shown")
	}
}

// A layer's links lead to the sandbox's files also where a runtime below /opt has
// every entry of the layers shown by itself: several that stay within, each by its
// own words, lead out together.
func TestLinksBesideARuntimeBelowOpt(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	prefix, err := os.MkdirTemp("/opt", "lamgate-test-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(prefix) })
	outer := t.TempDir()
	layers := filepath.Join(outer, "layers")
	for _, err := range []error{
		os.Chmod(prefix, 0o755), os.MkdirAll(filepath.Join(layers, "a/b"), 0o755),
		os.WriteFile(filepath.Join(outer, "secret"), []byte("secret"), 0o644),
		os.WriteFile(filepath.Join(layers, "a/file"), []byte("of the layer"), 0o644),
		os.Symlink("../..", filepath.Join(layers, "a/b/root")),
		os.Symlink("a/b/root/../secret", filepath.Join(layers, "out")),
		os.Symlink("a/file", filepath.Join(layers, "in")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s, out := f.run(t, "", func(spec *Spec) {
		spec.Opt, spec.Runtime = layers, []string{prefix}
		spec.Command = []string{"/bin/cat", "/opt/out", "/opt/in"}
	})
	waitFor(t, s)
	if got := out.String(); strings.HasPrefix(got, "secret") || !strings.HasSuffix(got, "of the layer") {
		t.Errorf("it printed %q", got)
	}
}

// TestRuntimesRun starts the interpreters that the host has.
func TestRuntimesRun(t *testing.T) {
	for _, command := range [][]string{
		{"/usr/bin/python3", "-c", "import threading, subprocess, socket, ssl, json, ctypes; t = threading.Thread(target=print, args=('works',)); t.start(); t.join(); subprocess.run(['/bin/true'], check=True)"},
		{"/usr/bin/node", "-e", "require('child_process').execFileSync('/bin/true'); require('crypto').randomBytes(9); setTimeout(() => console.log('works'), 1)"},
		{"/usr/bin/java", "-XX:TieredStopAtLevel=1", "-version"},
		{"/usr/bin/ruby", "-e", "Thread.new { puts 'works' }.join"},
		{"/usr/bin/perl", "-e", "print 'works'"},
	} {
		t.Run(filepath.Base(command[0]), func(t *testing.T) {
			f := newFixture(t, NamespaceLevel)
			if _, err := os.Stat(command[0]); err != nil {
				t.Skip(err)
			}
			s, out := f.run(t, "", func(spec *Spec) { spec.Command, spec.MemoryMB, spec.Network = command, 512, PrivateNetwork })
			if x := waitFor(t, s); x.Code != 0 || out.String() == "" {
				t.Errorf("exit is %+v: %s", x, out)
			}
		})
	}
}

// TestUnprivileged runs the other tests once more as a user who may nothing.
func TestUnprivileged(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("already unprivileged")
	}
	const nobody = 54321
	dir, err := os.MkdirTemp("", "sandbox-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "sandbox.test")
	copyProgram(t, program)
	for _, name := range []string{dir, program} {
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.v", "-test.timeout=3m")
	cmd.Dir = dir
	cmd.Env = []string{"TMPDIR=" + dir, "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	skipped := 0
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "--- SKIP") {
			skipped++
		}
	}
	t.Logf("as user %d: %d tests skipped", nobody, skipped)
}
