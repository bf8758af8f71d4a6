package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/server"
)

type upCommand struct {
	Path        string   `arg:"" optional:"" help:"Template, or a directory that has one." default:"."`
	Stack       string   `help:"Name of the stack (default: made of the directory's)."`
	Parameter   []string `short:"p" help:"Template parameter. May be repeated." sep:"none" placeholder:"KEY=VALUE"`
	clientFlags `embed:""`
	Network     string `help:"What functions can reach: host, private for lamgate alone, or egress for the outside world too, but not this host." env:"LAMGATE_NETWORK" enum:"host,private,egress" default:"host" group:"server"`
	serverFlags `embed:"" group:"server"`
}

// Run deploys, serves and follows until a signal ends it. A server that was
// started here ends with it.
func (c *upCommand) Run(ctx context.Context, console *console, given serverFlagsGiven) (err error) {
	p, err := findProject(c.Path)
	if err != nil {
		return err
	}
	if c.Stack == "" {
		c.Stack = p.stackName()
	}
	u := &up{command: c, console: console, project: p, followed: map[string]bool{}}
	if u.parameters, err = pairs("--parameter", "a parameter's name, as in KEY=VALUE", c.Parameter); err != nil {
		return err
	}
	if u.debug, err = parseDebug(c.Debug); err != nil {
		return err
	}
	defer u.close()
	if err := u.connect(ctx, given); err != nil {
		return err
	}
	if u.ours != nil {
		defer func() { err = errors.Join(err, u.ours.Close()) }()
	}
	u.packager = &packager{client: u.client}
	if err := u.deploy(ctx); err != nil {
		if ctx.Err() != nil {
			u.say("stack %s may not be whole: what was begun goes on while a server runs on this data, and the next up waits for it", c.Stack)
		}
		return canceled(ctx, err)
	}
	return canceled(ctx, u.follow(ctx))
}

// canceled takes the end by a signal for what it is: no error.
func canceled(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// An up is a run of the command.
type up struct {
	command    *upCommand
	console    *console
	project    *project
	parameters []pair
	debug      map[string]int // ports to debug functions at

	client   *client
	ours     *server.Server // nil if one was there
	packager *packager

	mu       sync.Mutex // guards the writing of lines
	body     string     // of the template as it was deployed
	refs     []codeReference
	watcher  *watcher        // of the template and of the code it names
	followed map[string]bool // log groups that are printed
}

func (u *up) say(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintf(u.console.out, format+"\n", args...)
}

// connect finds the server that runs, or starts one.
func (u *up) connect(ctx context.Context, given serverFlagsGiven) error {
	asked := u.command.client()
	for _, c := range []*client{asked, newClient("http://"+u.command.Listen, asked.region)} {
		err := c.health(ctx)
		if err == nil {
			u.client = c
			return u.join(given)
		}
		if _, nobody := errors.AsType[*noServer](err); !nobody || !isHere(c.endpoint) {
			return err
		}
	}
	s, err := u.command.start(ctx, u.console, u.command.Network)
	if err != nil {
		return err
	}
	u.ours, u.client = s, newClient(s.URL(), asked.region)
	data, err := u.command.dataDir()
	if err != nil {
		return err
	}
	u.say("ready %s (%d ms), data in %s", s.URL(), s.ReadyAfter().Milliseconds(), data)
	return nil
}

// join takes a server that runs already. What it cannot be told any more is not
// passed over.
func (u *up) join(given serverFlagsGiven) error {
	flags := slices.DeleteFunc(slices.Clone(given), func(name string) bool { return name == "--listen" })
	if len(u.command.Require) > 0 && !slices.Contains(flags, "--require") {
		flags = append(flags, "LAMGATE_REQUIRE")
	}
	if len(flags) > 0 {
		return fmt.Errorf("%s can only be told to a server that up starts, and one runs at %s: stop it, or leave that out", strings.Join(flags, " and "), u.client.endpoint)
	}
	u.say("using the server at %s", u.client.endpoint)
	return nil
}

// isHere reports whether an endpoint is one that a server started here could have.
func isHere(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || ip != nil && ip.IsLoopback()
}

// deploy uploads the code, brings the stack about and prints its outputs.
func (u *up) deploy(ctx context.Context) error {
	b, err := os.ReadFile(u.project.template)
	if err != nil {
		return err
	}
	u.body = string(b)
	root, err := template.Read(u.body)
	if err != nil {
		return fmt.Errorf("%s: %w", u.project.template, err)
	}
	u.refs = codeReferences(root, u.project.dir)
	// What is saved from here on is seen, also while it is being deployed.
	if err := u.watch(); err != nil {
		return err
	}
	body, err := u.packager.pack(ctx, u.body, u.refs)
	if err != nil {
		return fmt.Errorf("%s: %w", u.project.template, err)
	}
	began := time.Now()
	p := newProgress(u.console)
	changed, err := deploy(ctx, u.client, deployment{u.command.Stack, body, u.parameters}, p)
	if err != nil {
		u.packager.live = nil // nobody knows what the functions have
		return fmt.Errorf("%s: %w", u.project.template, err)
	}
	if changed {
		u.say("stack %s deployed in %d ms", u.command.Stack, time.Since(began).Milliseconds())
	} else {
		u.say("stack %s is up to date", u.command.Stack)
	}
	if err := u.printOutputs(ctx); err != nil {
		return err
	}
	return u.debugFunctions(ctx)
}

// watch follows the template and the code that it names, as far as it exists.
func (u *up) watch() error {
	roots := []string{u.project.template}
	for _, r := range u.refs {
		if _, err := os.Stat(r.path); err == nil && !slices.Contains(roots, r.path) {
			roots = append(roots, r.path)
		}
	}
	w, err := watch(roots)
	if err != nil {
		return err
	}
	u.close()
	u.watcher = w
	return nil
}

func (u *up) close() {
	if u.watcher != nil {
		u.watcher.close()
	}
}

// printOutputs prints the stack's outputs and, beside each URL of an API, the
// one that answers here.
func (u *up) printOutputs(ctx context.Context) error {
	s, err := describeStack(ctx, u.client, u.command.Stack)
	if err != nil {
		return err
	}
	if len(s.Outputs) > 0 {
		u.say("\nOutputs")
	}
	for _, o := range s.Outputs {
		text := fmt.Sprintf("  %s = %s", aws.Value(o.OutputKey), aws.Value(o.OutputValue))
		if local, ok := localURL(u.client.endpoint, aws.Value(o.OutputValue)); ok {
			text += fmt.Sprintf("\n  %s   %s   (answers now)", strings.Repeat(" ", len(aws.Value(o.OutputKey))), local)
		}
		u.say("%s", text)
	}
	u.say("")
	return nil
}
