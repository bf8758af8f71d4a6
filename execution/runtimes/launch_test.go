package runtimes

import "testing"

// A client that was compiled meanwhile is the same client; other memory is not the
// same for Node.js, whose heap's size is fixed at its start.
func TestKindsOfCommands(t *testing.T) {
	source := &Runtime{client: "/clients/bootstrap.py", script: "/clients/bootstrap.py"}
	compiled := &Runtime{client: "/clients/bootstrap.pyc", script: "/clients/bootstrap.py"}
	command := func(args ...string) *Command { return &Command{Args: args, Directories: []string{"/clients"}} }
	if a, b := source.Kind(command("/python", source.client)), compiled.Kind(command("/python", compiled.client)); a != b {
		t.Errorf("%q is not %q", a, b)
	}
	node := &Runtime{client: "/clients/bootstrap.cjs"}
	if a, b := node.Kind(command("/node", "--max-old-space-size=115", node.client)), node.Kind(command("/node", "--max-old-space-size=230", node.client)); a == b {
		t.Errorf("both are %q", a)
	}
}
