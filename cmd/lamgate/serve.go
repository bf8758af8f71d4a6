package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/lamgate/lamgate/server"
)

// machineFlags are what a server asks of its machine, and doctor looks at.
type machineFlags struct {
	Listen    string   `help:"Address to listen on." env:"LAMGATE_LISTEN" default:"127.0.0.1:4566" placeholder:"HOST:PORT"`
	Data      string   `help:"Directory that keeps everything (default: $XDG_DATA_HOME/lamgate, or ~/.local/share/lamgate)." env:"LAMGATE_DATA" placeholder:"DIR"`
	Isolation string   `help:"How functions are isolated: namespace, or process for not at all." env:"LAMGATE_ISOLATION" enum:"namespace,process" default:"${isolation}"`
	Warm      int      `help:"How many started interpreters stand ready without a function: of each Python, Node.js (and memory size) and Ruby in use, of the 8 last used." env:"LAMGATE_WARM" default:"2" placeholder:"N"`
	Require   []string `help:"Control of the isolation (lamgate doctor lists them) without which not to start. May be repeated." env:"LAMGATE_REQUIRE" sep:"," placeholder:"CONTROL"`

	runtimeFlags `embed:""`
}

// serverFlags are what serve and up tell a server alike.
type serverFlags struct {
	machineFlags   `embed:""`
	StrictRuntimes bool     `help:"Refuse the runtimes that AWS no longer creates."`
	CacheMemory    int64    `help:"Most memory, in MiB, that the caches of all stages take together." env:"LAMGATE_CACHE_MEMORY" default:"64" placeholder:"MIB"`
	Endpoint       []string `help:"Where an AWS service is, for integrations (dynamodb=http://127.0.0.1:8000) and for destinations and dead-letter queues of asynchronous invocations (sqs=URL, sns=URL, events=URL); calls of it by clients and functions are passed on. Or where a VPC link leads (vpclink/NAME=URL). May be repeated." sep:"none" placeholder:"NAME=URL"`
	CPU            string   `name:"cpu" help:"How processors are shared: fair, in proportion to memory where they are short; quota, never more than on AWS; or off." env:"LAMGATE_CPU" enum:"fair,quota,off" default:"fair"`
	Debug          []string `help:"Function to debug, by name or logical ID, and the port to attach to. May be repeated." sep:"none" placeholder:"NAME[=PORT]"`
	Registry       []string `name:"insecure-registry" help:"Registry of container images that may be without TLS, or without a certificate, or on this host. May be repeated." env:"LAMGATE_INSECURE_REGISTRY" sep:"," placeholder:"HOST[:PORT]"`
	LogLevel       string   `help:"Least severity of the server's own log." env:"LAMGATE_LOG_LEVEL" enum:"debug,info,warn,error" default:"warn"`
}

// maxWarm bounds the stock of environments without a function: each holds
// memory.
const maxWarm = 64

type serveCommand struct {
	serverFlags `embed:""`
	Network     string `help:"What functions can reach: host, private for lamgate alone, or egress for the outside world too, but not this host." env:"LAMGATE_NETWORK" enum:"host,private,egress" default:"private"`
}

// Run serves until a signal ends it.
func (c *serveCommand) Run(ctx context.Context, console *console) error {
	s, err := c.start(ctx, console, c.Network)
	if err != nil {
		return err
	}
	fmt.Fprintf(console.out, "ready %s (%d ms)\n", s.URL(), s.ReadyAfter().Milliseconds())
	select {
	case <-ctx.Done():
	case <-s.Done():
	}
	return s.Close()
}

// start starts a server in this process.
func (f *serverFlags) start(ctx context.Context, console *console, network string) (*server.Server, error) {
	c, err := f.config(network)
	if err != nil {
		return nil, err
	}
	for name, port := range c.Debug {
		if err := listening(net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
			return nil, fmt.Errorf("no debugger can listen for %s: %w; choose another port with --debug %[1]s=PORT", name, err)
		}
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		return nil, err
	}
	c.Log = slog.New(slog.NewTextHandler(console.err, &slog.HandlerOptions{Level: level}))
	return server.Start(ctx, c)
}

// config reads the flags.
func (f *serverFlags) config(network string) (c server.Config, err error) {
	if err := f.checkWarm(); err != nil {
		return c, err
	}
	if f.CacheMemory < 0 || f.CacheMemory > 1<<20 {
		return c, fmt.Errorf("--cache-memory is between 0 and 1048576 MiB, not %d", f.CacheMemory)
	}
	data, err := f.dataDir()
	if err != nil {
		return c, err
	}
	images, err := f.images()
	if err != nil {
		return c, err
	}
	debug, err := parseDebug(f.Debug)
	if err != nil {
		return c, err
	}
	endpoints, err := parseEndpoints(f.Endpoint)
	if err != nil {
		return c, err
	}
	return server.Config{
		Listen:         f.Listen,
		Data:           data,
		Isolation:      f.Isolation,
		Network:        network,
		StrictRuntimes: f.StrictRuntimes,
		CacheMemory:    f.CacheMemory << 20,
		Endpoints:      endpoints,
		Warm:           f.Warm,
		CPU:            f.CPU,
		Require:        f.Require,
		RuntimeImages:  images,
		Registries:     f.Registry,
		JavaClient:     f.JavaClient,
		Debug:          debug,
	}, nil
}

func (f *machineFlags) checkWarm() error {
	if f.Warm < 0 || f.Warm > maxWarm {
		return fmt.Errorf("--warm is between 0 and %d, not %d", maxWarm, f.Warm)
	}
	return nil
}

func (f *machineFlags) dataDir() (string, error) {
	if f.Data != "" {
		return filepath.Abs(f.Data)
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "lamgate"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no place for the data: name a directory with --data (%w)", err)
	}
	return filepath.Join(home, ".local", "share", "lamgate"), nil
}

// listening returns why an address cannot be listened on.
func listening(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}
