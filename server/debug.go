package server

import (
	"context"
	"regexp"
	"strings"

	"github.com/lamgate/lamgate/execution"
)

// inStack is the name that a stack gives a function which has none of its own:
// STACK-LOGICAL-RANDOM, of which the first two are cut if it were longer than
// longestName.
var inStack = regexp.MustCompile(`^.+-([A-Za-z0-9]+)-[A-Za-z0-9]{12}$`)

const longestName = 64

// debugPort returns the port at which a function is to be debugged, 0 for none.
// Functions are named as their users do: by name, or by the logical ID in a
// template.
func debugPort(ports map[string]int) func(execution.FunctionRef) int {
	if len(ports) == 0 {
		return nil
	}
	return func(f execution.FunctionRef) int {
		if port, ok := ports[f.Name]; ok {
			return port
		}
		m := inStack.FindStringSubmatch(f.Name)
		if m == nil {
			return 0
		}
		for name, port := range ports {
			if name == m[1] || len(f.Name) == longestName && strings.HasPrefix(name, m[1]) {
				return port
			}
		}
		return 0
	}
}

// Debug has a function that Config.Debug names wait for its debugger, and not only
// for its first invocation. The error says what is missing for that.
func (s *Server) Debug(ctx context.Context, f execution.FunctionRef) error {
	return s.services.invoker.Debug(ctx, f)
}
