package server

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/lamgate/lamgate/execution"
)

// inStack is the name that a stack gives a function which has none of its own:
// STACK-LOGICAL-RANDOM, of which the first two are cut if it were longer than
// longestName.
var inStack = regexp.MustCompile(`^.+-([A-Za-z0-9]+)-[A-Za-z0-9]{12}$`)

const longestName = 64

// debugPorts are where functions are debugged. Functions are named as their users
// do: by name, or by the logical ID in a template.
type debugPorts struct {
	mu     sync.RWMutex
	byName map[string]int
}

// of returns a function's port; 0 if it is not debugged.
func (d *debugPorts) of(f execution.FunctionRef) int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if port, ok := d.byName[f.Name]; ok {
		return port
	}
	m := inStack.FindStringSubmatch(f.Name)
	if m == nil {
		return 0
	}
	for name, port := range d.byName {
		if name == m[1] || len(f.Name) == longestName && strings.HasPrefix(name, m[1]) {
			return port
		}
	}
	return 0
}

// Debug has a function await its debugger at a port, from now on and not only for
// its first invocation. The error says what is missing for that.
func (s *Server) Debug(ctx context.Context, f execution.FunctionRef, port int) error {
	d := s.services.debug
	d.mu.Lock()
	d.byName[f.Name] = port
	d.mu.Unlock()
	return s.services.invoker.Debug(ctx, f)
}
