package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/lamgate/lamgate/execution/sandbox"
)

// cli is the command line.
type cli struct {
	Endpoint string `name:"server" help:"Server to talk to." env:"LAMGATE_ENDPOINT,AWS_ENDPOINT_URL" default:"${endpoint}" placeholder:"URL"`
	Region   string `help:"Region to work in." env:"AWS_REGION,AWS_DEFAULT_REGION" default:"us-east-1"`

	Up         upCommand         `cmd:"" help:"Deploy a template, serve it, and follow its files and logs."`
	Serve      serveCommand      `cmd:"" help:"Run the server."`
	Status     statusCommand     `cmd:"" help:"List APIs with their URLs, functions and stacks."`
	Invoke     invokeCommand     `cmd:"" help:"Run a function and print its answer."`
	Logs       logsCommand       `cmd:"" help:"Print a function's log."`
	Why        whyCommand        `cmd:"" help:"Explain what became of a request."`
	Down       downCommand       `cmd:"" help:"Delete a stack with all that it holds."`
	Operations operationsCommand `cmd:"" help:"List the operations of AWS that are done and that are missing."`
	Runtimes   runtimesCommand   `cmd:"" help:"List what serves each runtime on this machine."`
	Doctor     doctorCommand     `cmd:"" help:"Check what this machine can do for lamgate."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

const defaultEndpoint = "http://127.0.0.1:4566"

// A console is where a command reads and writes.
type console struct {
	out, err io.Writer
	terminal bool // out is a terminal that can be drawn on
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	info, err := os.Stdout.Stat()
	c := &console{out: os.Stdout, err: os.Stderr, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"}
	os.Exit(run(ctx, os.Args[1:], c))
}

// run runs the command line and returns the exit status: 1 for a command that
// failed, 2 for one that was not understood.
func run(ctx context.Context, args []string, c *console) int {
	var line cli
	parser, err := kong.New(&line,
		kong.Name("lamgate"),
		kong.Description("Your own Amazon API Gateway and AWS Lambda."),
		kong.Vars{"isolation": sandbox.DefaultLevel, "endpoint": defaultEndpoint},
		kong.Writers(c.out, c.err),
		kong.Exit(func(status int) { panic(exit(status)) }),
	)
	if err != nil {
		fmt.Fprintln(c.err, "lamgate:", err)
		return 2
	}
	status := 0
	func() {
		// --help prints and asks to exit.
		defer func() {
			if e, ok := recover().(exit); ok {
				status = int(e)
				args = nil
			}
		}()
		var k *kong.Context
		if k, err = parser.Parse(args); err != nil {
			fmt.Fprintf(c.err, "lamgate: %v (lamgate --help lists commands and flags)\n", err)
			status = 2
			return
		}
		if line.Endpoint == "" { // a variable that is set to nothing
			line.Endpoint = defaultEndpoint
		}
		k.BindTo(ctx, (*context.Context)(nil))
		if err = k.Run(c, &line); err != nil && !errors.Is(err, errSilent) {
			fmt.Fprintln(c.err, "lamgate:", err)
		}
		if err != nil {
			status = 1
		}
	}()
	return status
}

// exit is how kong asks to end.
type exit int

// errSilent fails a command that has said why itself.
var errSilent = errors.New("failed")
