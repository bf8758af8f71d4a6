package runtimes

import (
	"sync"

	"github.com/lamgate/lamgate/execution/bootstrap"
)

// bytecodes has the Python client compiled, once for each interpreter.
type bytecodes struct {
	clients string // the directory of clients; empty if there is none

	running sync.WaitGroup

	mu   sync.Mutex
	made map[string]string // paths by interpreter; empty while one is being made
}

// of returns the client in the form that an interpreter starts fastest. It is
// compiled in the background when the interpreter is first chosen, most likely
// at a deployment; until then the script does.
func (b *bytecodes) of(python, script string) string {
	if b.clients == "" {
		return script
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	path, begun := b.made[python]
	if path != "" && exists(path) {
		return path
	}
	if begun {
		return script
	}
	if b.made == nil {
		b.made = map[string]string{}
	}
	b.made[python] = ""
	b.running.Go(func() {
		path, err := bootstrap.Bytecode(b.clients, python)
		if err != nil { // such as a full disk: the script goes on serving
			return
		}
		b.mu.Lock()
		b.made[python] = path
		b.mu.Unlock()
	})
	return script
}
