package runtimeapi

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
)

// NewAssignmentPath returns where the client of one stem cell asks what it is to
// become: lamgate's own, between its clients and itself. Nobody else can guess
// it. On the host's network others may reach the server, and what they would be
// told are a function's credentials.
func NewAssignmentPath() string { return "/lamgate/assignment/" + rand.Text() }

// An assignment is what a stem cell waits for. Until it comes, nothing else is
// answered: a stem cell has no function.
type assignment struct {
	given atomic.Bool

	mu      sync.Mutex
	reply   string      // given, and not taken yet
	waiting *connection // asked, and parked
}

// Assign tells the client of a stem cell, once, what environment variables its
// function has, and the server whose it is: o's names are known from here on. It
// may come before the client asks.
func (s *Server) Assign(o Options, environment map[string]string) {
	body, _ := json.Marshal(struct {
		Environment map[string]string `json:"environment"`
	}{environment})
	reply := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	a := &s.assignment
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.given.Load() {
		return
	}
	// Nobody has looked at these: until now, nothing else was answered.
	s.options.FunctionName, s.options.Version, s.options.Handler, s.options.Account = o.FunctionName, o.Version, o.Handler, o.Account
	s.options.SnapStart = o.SnapStart
	a.given.Store(true)
	if a.waiting == nil {
		a.reply = reply
		return
	}
	a.waiting.send(reply)
	a.waiting = nil
}

// assigned answers the client of a stem cell, or parks it.
func (c *connection) assigned() error {
	if c.req.method != methodGet {
		return c.refuse(methodNotAllowed)
	}
	if err := c.discard(); err != nil {
		return err
	}
	a := &c.server.assignment
	a.mu.Lock()
	reply := a.reply
	a.reply = ""
	refused := reply == "" && (a.given.Load() || a.waiting != nil)
	if reply == "" && !refused {
		a.waiting = c
	}
	a.mu.Unlock()
	switch {
	case refused:
		c.fault(assignedAlready)
		return nil
	case reply != "":
		c.append(reply)
		return nil
	}
	return c.await(func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.waiting == c
	})
}

// leave is c going away.
func (a *assignment) leave(c *connection) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == c {
		a.waiting = nil
	}
}
