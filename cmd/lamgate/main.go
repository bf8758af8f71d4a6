package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// cli is the command line.
type cli struct {
	Up         upCommand         `cmd:"" help:"Deploy a template, serve it, and follow its files and logs."`
	Serve      serveCommand      `cmd:"" help:"Run the server."`
	Status     statusCommand     `cmd:"" help:"List APIs and functions with their URLs, and stacks."`
	Invoke     invokeCommand     `cmd:"" help:"Run a function and print its answer."`
	Logs       logsCommand       `cmd:"" help:"Print a function's log."`
	Why        whyCommand        `cmd:"" help:"Explain what became of a request."`
	Down       downCommand       `cmd:"" help:"Delete a stack with all that it holds."`
	Operations operationsCommand `cmd:"" help:"List the operations of AWS that are done and that are missing."`
	Runtimes   runtimesCommand   `cmd:"" help:"List what serves each runtime on this machine."`
	Doctor     doctorCommand     `cmd:"" help:"Check what this machine can do for lamgate."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// A console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
	terminal bool // out is a terminal that can be drawn on
	columns  int  // that it has; 0 if that is not known
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Who asks a second time does not want to wait for an orderly end.
	context.AfterFunc(ctx, stop)
	c := &console{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	if size, err := unix.IoctlGetWinsize(int(os.Stdout.Fd()), unix.TIOCGWINSZ); err == nil && os.Getenv("TERM") != "dumb" {
		c.terminal, c.columns = true, int(size.Col)
	}
	os.Exit(run(ctx, os.Args[1:], c))
}

// The exit statuses besides 0.
const (
	exitFailed        = 1
	exitNotUnderstood = 2
	exitInterrupted   = 130 // as shells have it
)

// run runs the command line and returns the exit status.
func run(ctx context.Context, args []string, c *console) (status int) {
	var line cli
	parser, err := kong.New(&line,
		kong.Name("lamgate"),
		kong.Description("Your own Amazon API Gateway and AWS Lambda."),
		kong.Vars{"isolation": sandbox.DefaultLevel, "endpoint": defaultEndpoint, "region": aws.DefaultRegion},
		kong.ExplicitGroups([]kong.Group{{Key: serverGroup, Title: "Flags of the server:"}}),
		kong.Writers(c.out, c.err),
		kong.Exit(func(status int) { panic(exit(status)) }),
	)
	if err != nil {
		fmt.Fprintln(c.err, "lamgate:", err)
		return exitNotUnderstood
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit: // --help has printed
			status = int(e)
		default:
			panic(e)
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(c.err, "lamgate: %v (lamgate --help lists commands and flags)\n", err)
		return exitNotUnderstood
	}
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(given(k))
	err = k.Run(c)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case !errors.Is(err, errSilent):
		fmt.Fprintln(c.err, "lamgate:", err)
	}
	return exitFailed
}

// exit is how kong asks to end.
type exit int

// errSilent fails a command that has said why itself.
var errSilent = errors.New("failed")

// serverGroup are the flags that only mean something to a server that the command
// itself starts.
const serverGroup = "server"

// serverFlagsGiven are those of the serverGroup that the command line has.
type serverFlagsGiven []string

func given(k *kong.Context) (names serverFlagsGiven) {
	for _, p := range k.Path {
		if f := p.Flag; f != nil && f.Group != nil && f.Group.Key == serverGroup && !slices.Contains(names, "--"+f.Name) {
			names = append(names, "--"+f.Name)
		}
	}
	return names
}
