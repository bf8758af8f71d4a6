package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// firstDebugPort is that of the first function whose port --debug leaves open.
const firstDebugPort = 9229

var debugName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// parseDebug reads what --debug says, NAME or NAME=PORT each.
func parseDebug(list []string) (map[string]int, error) {
	ports := make(map[string]int, len(list))
	var open []string
	for _, one := range list {
		name, text, chosen := strings.Cut(one, "=")
		if !debugName.MatchString(name) {
			return nil, fmt.Errorf("--debug %s does not begin with a function's name, as in NAME or NAME=PORT", one)
		}
		if _, twice := ports[name]; twice {
			return nil, fmt.Errorf("--debug names %s twice", name)
		}
		ports[name] = 0
		if !chosen {
			open = append(open, name)
			continue
		}
		port, err := strconv.Atoi(text)
		if err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("--debug %s: %q is no port", name, text)
		}
		for other, p := range ports {
			if p == port {
				return nil, fmt.Errorf("--debug gives %s and %s the same port", other, name)
			}
		}
		ports[name] = port
	}
	port := firstDebugPort
	for _, name := range open {
		for slices.Contains(slices.Collect(maps.Values(ports)), port) {
			port++
		}
		ports[name] = port
	}
	return ports, nil
}

// debugger names what to attach to a function of a runtime.
func debugger(runtime string) string {
	switch {
	case strings.HasPrefix(runtime, "nodejs"):
		return "a Node.js debugger"
	case strings.HasPrefix(runtime, "python"):
		return "a Python debugger (debugpy)"
	case strings.HasPrefix(runtime, "ruby"):
		return "a Ruby debugger (rdbg)"
	case strings.HasPrefix(runtime, "java"):
		return "a Java debugger (JDWP)"
	}
	return "Delve, or an editor that speaks to it,"
}

// debugFunctions has the stack's functions that --debug names, by logical ID or by
// name, await their debuggers, and tells where to attach them, or what is missing.
func (u *up) debugFunctions(ctx context.Context) error {
	if len(u.debug) == 0 {
		return nil
	}
	names, err := stackFunctions(ctx, u.client, u.command.Stack)
	if err != nil {
		return err
	}
	for _, wanted := range slices.Sorted(maps.Keys(u.debug)) {
		name, ok := names[wanted]
		if !ok && slices.Contains(slices.Collect(maps.Values(names)), wanted) {
			name, ok = wanted, true
		}
		if !ok {
			u.say("--debug %s: the stack has no such function; it has %s", wanted, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
			continue
		}
		u.debugFunction(ctx, wanted, name, u.debug[wanted])
	}
	return nil
}

// debugFunction has a function await its debugger, and tells where to attach one,
// or what is missing.
func (u *up) debugFunction(ctx context.Context, wanted, name string, port int) {
	runtime, err := u.awaitDebugger(ctx, name, port)
	if err != nil {
		u.say("debug %s: not possible, and no invocation until it is: %v", wanted, err)
		return
	}
	u.say("debug %s: attach %s to 127.0.0.1:%d; nothing times out meanwhile", wanted, debugger(runtime), port)
}

// awaitDebugger has a function await its debugger, and returns its runtime. The
// error is what is missing.
func (u *up) awaitDebugger(ctx context.Context, name string, port int) (runtime string, err error) {
	c, err := call[lambda.FunctionConfiguration](ctx, u.client, &lambda.Service, "GetFunctionConfiguration", &lambda.GetFunctionConfigurationRequest{FunctionName: &name})
	if err != nil {
		return "", err
	}
	ref, err := execution.ParseFunctionARN(aws.Value(c.FunctionArn))
	if err != nil {
		return "", err
	}
	err = u.ours.Debug(ctx, ref, port)
	if fault := aws.AsFault(err); fault != nil {
		err = errors.New(fault.Message)
	}
	return aws.Value(c.Runtime), err
}

// debugPort returns where a function is debugged that --debug names.
func (u *up) debugPort(logical, name string) (port int, ok bool) {
	if port, ok = u.debug[logical]; !ok {
		port, ok = u.debug[name]
	}
	return port, ok
}
