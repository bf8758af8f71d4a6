package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/server"
)

type upCommand struct {
	Path        string            `arg:"" optional:"" help:"Template, or a directory that has one." default:"."`
	Stack       string            `help:"Name of the stack (default: made of the directory's)."`
	Parameters  map[string]string `name:"parameter" short:"p" help:"Template parameter." placeholder:"KEY=VALUE"`
	Network     string            `help:"What functions of a server that up starts can reach: host, private for lamgate alone, or egress for the outside world too, but not this host." env:"LAMGATE_NETWORK" enum:"host,private,egress" default:"host"`
	serverFlags `embed:""`
}

// Run deploys, serves and follows until a signal ends it. A server that was
// started here ends with it.
func (c *upCommand) Run(ctx context.Context, console *console, line *cli) (err error) {
	p, err := findProject(c.Path)
	if err != nil {
		return err
	}
	if c.Stack == "" {
		c.Stack = p.stackName()
	}
	u := &up{command: c, console: console, project: p, region: line.Region, followed: map[string]bool{}}
	if u.debug, err = parseDebug(c.Debug); err != nil {
		return err
	}
	defer u.close()
	ours, err := u.connect(ctx, line)
	if err != nil {
		return err
	}
	if ours != nil {
		defer func() { err = errors.Join(err, ours.Close()) }()
	}
	u.packager = &packager{client: u.client, region: line.Region}
	if _, err := u.deploy(ctx); err != nil {
		return canceled(ctx, err)
	}
	return canceled(ctx, u.follow(ctx, ours))
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
	command  *upCommand
	console  *console
	project  *project
	region   string
	client   *client
	packager *packager
	debug    map[string]int // ports to debug functions at

	mu       sync.Mutex // guards the writing of lines
	body     string     // of the template as it was deployed
	refs     []codeReference
	watcher  *watcher        // of the template and of the code it names
	followed map[string]bool // names of the functions whose logs are printed
}

func (u *up) say(format string, args ...any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	fmt.Fprintf(u.console.out, format+"\n", args...)
}

// connect finds the server that runs, or starts one and returns it.
func (u *up) connect(ctx context.Context, line *cli) (*server.Server, error) {
	for _, endpoint := range []string{line.Endpoint, "http://" + u.command.Listen} {
		u.client = newClient(endpoint, u.region)
		running, err := u.client.running(ctx)
		if err != nil {
			return nil, err
		}
		if running && (len(u.debug) > 0 || len(u.command.Require) > 0) {
			return nil, fmt.Errorf("--debug and --require are for a server that up starts, and one runs at %s: stop it, start it with them, or leave them out", u.client.endpoint)
		}
		if running {
			u.say("using the server at %s", u.client.endpoint)
			return nil, nil
		}
	}
	s, err := u.command.start(ctx, u.console, u.command.Network)
	if err != nil {
		return nil, err
	}
	u.client = newClient(s.URL(), u.region)
	data, err := u.command.dataDir()
	if err != nil {
		return nil, err
	}
	u.say("ready %s (%d ms), data in %s", s.URL(), s.ReadyAfter().Milliseconds(), data)
	return s, nil
}

// deploy uploads the code, brings the stack about and prints its outputs.
func (u *up) deploy(ctx context.Context) (changed bool, err error) {
	b, err := os.ReadFile(u.project.template)
	if err != nil {
		return false, err
	}
	u.body = string(b)
	root, err := template.Read(u.body)
	if err != nil {
		return false, fmt.Errorf("%s: %w", u.project.template, err)
	}
	u.refs = codeReferences(root, u.project.dir)
	// What is saved from here on is seen, also while it is being deployed.
	if err := u.watch(); err != nil {
		return false, err
	}
	body, err := u.packager.pack(ctx, u.body, u.refs)
	if err != nil {
		return false, fmt.Errorf("%s: %w", u.project.template, err)
	}
	began := time.Now()
	p := newProgress(u.console)
	changed, err = deploy(ctx, u.client, deployment{u.command.Stack, body, u.command.Parameters}, p)
	if err != nil {
		u.packager.live = nil // nobody knows what the functions have
		return false, fmt.Errorf("%s: %w", u.project.template, err)
	}
	if changed {
		u.say("stack %s deployed in %d ms", u.command.Stack, time.Since(began).Milliseconds())
	} else {
		u.say("stack %s is up to date", u.command.Stack)
	}
	if err := u.printOutputs(ctx); err != nil {
		return changed, err
	}
	return changed, u.printDebugging(ctx)
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

// functions returns the physical names of the stack's functions by logical ID.
func (u *up) functions(ctx context.Context) (map[string]string, error) {
	names := map[string]string{}
	in := &api.ListStackResourcesInput{StackName: &u.command.Stack}
	for {
		out, err := call[api.ListStackResourcesOutput](ctx, u.client, &api.Service, "ListStackResources", in)
		if err != nil {
			return nil, err
		}
		for _, r := range out.StackResourceSummaries {
			if aws.Value(r.ResourceType) == "AWS::Lambda::Function" && r.PhysicalResourceId != nil {
				names[aws.Value(r.LogicalResourceId)] = *r.PhysicalResourceId
			}
		}
		if out.NextToken == nil {
			return names, nil
		}
		in.NextToken = out.NextToken
	}
}

// follow prints the functions' logs and takes over what is saved, until ctx
// ends or a server of ours does.
func (u *up) follow(ctx context.Context, ours *server.Server) error {
	ctx, cancel := context.WithCancelCause(ctx)
	if ours != nil {
		go func() {
			select {
			case <-ours.Done():
				cancel(errors.New("the server ended"))
			case <-ctx.Done():
			}
		}()
	}
	var followers sync.WaitGroup
	defer followers.Wait()
	defer cancel(nil) // before the wait
	for ctx.Err() == nil {
		if err := u.round(ctx, &followers); err != nil && ctx.Err() == nil {
			return err
		}
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// round follows the stack as it is now, until a changed template is saved.
func (u *up) round(ctx context.Context, followers *sync.WaitGroup) error {
	names, err := u.functions(ctx)
	if err != nil {
		return err
	}
	for logical, name := range names {
		if !u.followed[name] {
			u.followed[name] = true
			followers.Go(func() { u.followLog(ctx, logical, name) })
		}
	}
	// It may have been saved between its reading and its watching.
	if u.templateChanged() {
		return u.redeploy(ctx)
	}
	for {
		touched, saved, err := u.watcher.changed(ctx)
		if err != nil {
			return err
		}
		if slices.Contains(touched, u.project.template) && u.templateChanged() || slices.ContainsFunc(touched, u.isVersioned) {
			return u.redeploy(ctx)
		}
		for _, path := range touched {
			u.publish(ctx, path, saved, names)
		}
	}
}

// followLog prints a function's log from now on.
func (u *up) followLog(ctx context.Context, logical, name string) {
	f := &logFollower{client: u.client, group: "/aws/lambda/" + name, from: time.Now()}
	err := f.follow(ctx, func(e logs.FilteredLogEvent) error {
		u.mu.Lock()
		defer u.mu.Unlock()
		return printEvent(u.console.out, logical+" ", e)
	})
	if err != nil && ctx.Err() == nil {
		u.say("the log of %s is not followed any more: %v", logical, err)
	}
}

func (u *up) templateChanged() bool {
	b, err := os.ReadFile(u.project.template)
	return err == nil && string(b) != u.body
}

// redeploy updates the stack after its template was saved. A template that is
// wrong is told and leaves everything as it was.
func (u *up) redeploy(ctx context.Context) error {
	if _, err := u.deploy(ctx); err != nil && ctx.Err() == nil {
		u.say("%v", err)
		return nil
	}
	return ctx.Err()
}

// isVersioned reports whether what is at a path reaches its callers as a version,
// which never changes, so that the stack has to have another: a layer, and a
// function that they call by the alias that SAM publishes.
func (u *up) isVersioned(path string) bool {
	if slices.ContainsFunc(u.refs, func(r codeReference) bool { return r.layer && r.path == path }) {
		return true
	}
	functions := u.codeAt(path)
	if len(functions) == 0 {
		return false
	}
	root, err := template.Read(u.body)
	if err != nil {
		return false
	}
	const alias = "AutoPublishAlias"
	return root.At("Globals", "Function", alias) != nil || slices.ContainsFunc(functions, func(logical string) bool {
		return root.At("Resources", logical, "Properties", alias) != nil
	})
}

// directly is the largest package that is sent with the call itself, which is
// one request and one write less than by way of a bucket.
const directly = 4 << 20

// publish gives the functions whose code is at path what was saved there.
func (u *up) publish(ctx context.Context, path string, saved time.Time, names map[string]string) {
	code, err := zipCode(path)
	if err != nil {
		u.say("%s is not published: %v", path, err)
		return
	}
	if !u.packager.isNew(path, code) {
		return // saved as it was
	}
	for _, logical := range u.codeAt(path) {
		name, ok := names[logical]
		if !ok {
			continue
		}
		in := &lambda.UpdateFunctionCodeRequest{FunctionName: &name, ZipFile: code}
		if len(code) > directly {
			var bucket, key string
			if bucket, key, err = u.packager.upload(ctx, code); err == nil {
				in = &lambda.UpdateFunctionCodeRequest{FunctionName: &name, S3Bucket: &bucket, S3Key: &key}
			}
		}
		if err == nil {
			_, err = call[lambda.FunctionConfiguration](ctx, u.client, &lambda.Service, "UpdateFunctionCode", in)
		}
		if err != nil {
			u.packager.forget(path)
			u.say("%s is not published: %v", logical, err)
			continue
		}
		u.say("%s published in %d ms", logical, time.Since(saved).Milliseconds())
	}
}

// codeAt returns the logical IDs of the functions that have their code at a
// path, be it by Globals.
func (u *up) codeAt(path string) []string {
	own := map[string]bool{}
	var list []string
	global := false
	for _, r := range u.refs {
		own[r.function] = true
		if r.path != path {
			continue
		}
		if r.function == "" {
			global = true
		} else {
			list = append(list, r.function)
		}
	}
	if !global {
		return list
	}
	root, err := template.Read(u.body)
	if err != nil {
		return list
	}
	for _, r := range root.Get("Resources").Fields {
		if r.Value.Get("Type").IsString("AWS::Serverless::Function") && !own[r.Key] {
			list = append(list, r.Key)
		}
	}
	return list
}
