package sandbox

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// A Network is what a sandbox can reach.
type Network string

// The networks.
const (
	// HostNetwork shares the host's.
	HostNetwork Network = "host"
	// PrivateNetwork has a loopback of its own and nothing else; lamgate's
	// endpoint and the Runtime API listen on it.
	PrivateNetwork Network = "private"
	// EgressNetwork is a private network with a way out, which does not lead to
	// this host's loopback or addresses.
	EgressNetwork Network = "egress"
)

// A Spec is what a sandbox is made of.
type Spec struct {
	Name string // for people: the function and the environment's ID

	// Task and Opt are host directories, shown read-only at /var/task and
	// /opt. Opt may be empty. The process driver, which can show nothing,
	// puts the host's paths for these into Command and Env.
	Task, Opt string
	// Runtime are host directories beside /usr that the runtime needs,
	// read-only at their own paths: an interpreter's prefix, lamgate's
	// bootstrap.
	Runtime []string

	// Root is a host directory that is the whole root, read-only, in place of the
	// host's own /usr: a container image's. Empty for the host's.
	Root string
	// Directory is where the processes start; /var/task if empty.
	Directory string

	Command []string // absolute path inside the sandbox, and arguments
	Env     []string // the whole environment; nothing is inherited
	// Extensions run beside Command, which waits for Release if there are any.
	// The sandbox then ends by Kill, or when all of them have ended.
	Extensions []Extension

	// Late says that Task, Opt and the limits come with Assign. Command runs at
	// once, and finds /var/task and /opt empty until then. LateFrom is the host
	// directory that Assign's directories lie in.
	Late     bool
	LateFrom string

	MemoryMB  int // of all processes together, files in /tmp not counted
	TmpMB     int // size of /tmp
	Processes int // processes and threads; 1024 as on Lambda if 0
	Files     int // open files of each process; 1024 as on Lambda if 0
	// CPU is its share where processors are short, in thousandths of one; 0 for
	// an equal share. CPUQuota makes it the most that the sandbox gets at all.
	CPU      int
	CPUQuota bool
	// Sockets is how many connections Dial may make in the sandbox's life, with
	// a network of its own; at most MaxSockets.
	Sockets int

	// Traced says that the processes may trace one another, as debuggers of native
	// programs do. It opens a part of the kernel that is otherwise closed.
	Traced bool

	Network Network
	// Listener is where the Runtime API listens on the host's network.
	// RuntimeAPI gives it back so that it takes this sandbox's connections only,
	// where the host can tell (ControlForeign).
	Listener net.Listener

	// Output receives what the processes write to stdout and stderr. Nobody
	// waits for it: when it does not keep up, the processes' writes block.
	// An *os.File is handed to the processes as it is, without a copy between,
	// so that whoever holds the other end of a pipe can tell what was written
	// before an answer from what was written after it.
	Output io.Writer
	// ExtensionOutput is what the Extensions write to instead, if it is not nil.
	ExtensionOutput *os.File
	// Log is what Command has open as the file LogFD, if it is not nil. It may be
	// closed once Command runs.
	Log *os.File
}

// LogFD is the number of Spec.Log in the sandbox. It is above those that a
// launcher needs.
const LogFD = 64

// An Extension is a process beside the command.
type Extension struct {
	Name string   // of its file
	Path string   // inside the sandbox
	Env  []string // the whole environment
}

// An Assignment is what a Late sandbox is given, once.
type Assignment struct {
	Name      string
	Task, Opt string
	MemoryMB  int
	TmpMB     int
	CPU       int
	CPUQuota  bool
}

// An Ended is a process that has ended beside others.
type Ended struct {
	Extension string // empty for Command
	Exit      Exit
}

// An ExtensionError is a start that failed because an extension cannot be run.
type ExtensionError struct {
	Extension string
	Err       error
}

func (e *ExtensionError) Error() string {
	return "run the extension " + e.Extension + ": " + e.Err.Error()
}
func (e *ExtensionError) Unwrap() error { return e.Err }

// MaxSockets is the most that a Spec may ask for.
const MaxSockets = 32

// ErrNotBuilt is returned of what a driver does not do, or not on this host.
var ErrNotBuilt = errors.New("this isolation does not do it")

// ErrEnded is returned of a sandbox whose processes ended, by somebody else's
// doing, while it was made.
var ErrEnded = errors.New("the launcher ended without a word")

// ErrNoSocket is returned by Dial when the Spec's Sockets are used up.
var ErrNoSocket = errors.New("no socket into the sandbox is left")

// errNothingWaits is returned by Release if there are no extensions, or again.
var errNothingWaits = errors.New("the command does not wait to be released")

// RuntimeAPIAddress and EndpointAddress are where the Runtime API and lamgate's
// own endpoint listen inside a sandbox with a private network.
const (
	RuntimeAPIAddress = "127.0.0.1:9001"
	EndpointAddress   = "127.0.0.1:4566"
)

// A Driver starts sandboxes of one level of isolation.
type Driver interface {
	// Name is that of the level: "namespace" or "process".
	Name() string
	// Start makes a sandbox and starts its command. The listeners of a
	// private network are open when it returns.
	Start(ctx context.Context, spec Spec) (Sandbox, error)
	// Probe runs a real sandbox and exercises each control in it. It fails if
	// the driver cannot hold what its level promises, naming the cause and
	// what to do.
	Probe(ctx context.Context) ([]Control, error)
	// Controls tells what the driver enforces on this host, as Probe found
	// out; before that, nothing.
	Controls() []Control
	// Close removes what the driver made for all sandboxes together.
	Close() error
}

// A Sandbox is a running set of processes. All its methods may be called at any
// time, also after its end.
type Sandbox interface {
	// RuntimeAPI and Endpoint are listeners on RuntimeAPIAddress and
	// EndpointAddress inside the sandbox. With the host's network they are the
	// Spec's Listener and nil. Whoever started the sandbox serves and closes them.
	RuntimeAPI() net.Listener
	Endpoint() net.Listener

	// Assign completes a Late sandbox. After an error it can only be killed.
	Assign(ctx context.Context, a Assignment) error
	// Release starts Command beside the Extensions, and tells whether it runs.
	Release() error
	// Ended tells of each extension's end, and beside extensions of the
	// command's, unless Kill ended them. It is closed with Done.
	Ended() <-chan Ended
	// Dial connects to a port of 127.0.0.1 as the sandbox's processes see it.
	// ErrNoSocket when there is none left.
	Dial(ctx context.Context, port int) (net.Conn, error)

	// Freeze stops all processes from running until Thaw.
	Freeze() error
	Thaw() error

	// Signal sends a signal to the command's process.
	Signal(sig os.Signal) error
	// Kill ends all processes at once, frozen ones too.
	Kill()
	// Done is closed when all processes have ended and everything that the
	// sandbox was made of is gone.
	Done() <-chan struct{}
	// Exit tells how the command ended. Only valid after Done.
	Exit() Exit

	// MaxMemory is the most memory that the processes held at once, in bytes.
	MaxMemory() int64
	// PrivateMemory is what the processes hold now that nobody else shares, in
	// bytes.
	PrivateMemory() int64
	// PID is the command's process on the host, for people and tests.
	PID() int
}

// An Exit is how a sandbox's command ended.
type Exit struct {
	Code        int    // exit status; -1 if a signal ended it
	Signal      string // "killed", "segmentation fault"; empty if it exited
	OutOfMemory bool   // it was ended because the sandbox's memory was used up
	Ran         time.Duration
}

// A Control is one means of isolation and whether this host upholds it.
type Control struct {
	Name     string // "file system", "memory limit", "system calls", …
	Enforced bool
	By       string // "mount namespace", "cgroup v2 memory.max", …; empty if not enforced
	Problem  string // why it is not enforced
	Mend     string // what to do about it
}
