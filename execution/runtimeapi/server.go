package runtimeapi

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// maxConnections bounds what a runtime can make the server hold. A runtime
// needs one; some clients open another for their error reports, and extensions
// have their own.
const maxConnections = 64

// An Event is one invocation as the runtime receives it.
type Event struct {
	RequestID       string
	FunctionARN     string // as the caller named the function
	Deadline        time.Time
	TraceHeader     string
	ClientContext   string // JSON
	CognitoIdentity string // JSON
	Payload         []byte

	// Stream takes the answer as it comes; nil to have it in an Answer. An error
	// before the first byte is an Answer in any case, and then Begin is not
	// called. Its methods are called from a connection's goroutine, which Close
	// and Drain wait for; once the owner has given the event up it lets them fail.
	Stream execution.ResponseStream
}

// An Answer is what the runtime says of an event, or of its own start.
type Answer struct {
	Failed    bool   // it came as an error, or ended with one
	ErrorType string // of an error: the Lambda-Runtime-Function-Error-Type header
	Body      []byte // not shared with anything
	TooLarge  int    // the response's size if it exceeds execution.MaxResponse; Body is nil then

	// Streamed is how many bytes went to the event's Stream. Failed then says that
	// it was ended by an error, with ErrorType and Body, which may be empty.
	Streamed int64
}

// An Owner is the environment that a Server speaks for. Its methods are called
// from the connections' goroutines and must not block.
type Owner interface {
	// Ready says that the runtime asks for an event and has answered the one
	// before. The owner returns one, or nil and calls Send once it has one,
	// which may be before Ready has returned.
	Ready() *Event
	// Answered brings the answer to the event sent last. The runtime may go on
	// to work until it asks again.
	Answered(Answer)
	// InitFailed says that the runtime could not start, instead of Ready.
	InitFailed(Answer)
	// Restored says that the runtime has been told that its restore is over.
	Restored()

	// Registered says that an extension has: one of Options.Extensions, or an
	// internal one, which the runtime's process brought.
	Registered(name string, internal bool)
	// ExtensionReady says that an extension asks for its next event. Settled
	// tells whether it is the last.
	ExtensionReady(name string)
	// ExtensionFailed brings an extension's report that it could not start, or
	// that it ends.
	ExtensionFailed(name, errorType string, exit bool)
	// Subscribed says that an extension wants telemetry.
	Subscribed(Subscription)
}

// Options are what a Server knows of its environment.
type Options struct {
	FunctionName string
	Version      string
	Handler      string
	Account      string
	Extensions   []string // the external ones that are to register
	SnapStart    bool     // the runtime may ask for restore/next
	Assignment   string   // where the client of a stem cell asks what to become; empty of others
}

// A Server is the Runtime API of one environment.
type Server struct {
	owner      Owner
	options    Options
	listener   net.Listener
	talk       conversation
	assignment assignment
	extensions registry
	reading    sync.Mutex // held while a body is read that is kept

	mu          sync.Mutex
	connections map[*connection]struct{}
	closed      bool
	accepted    chan struct{}  // closed when no more are accepted
	running     sync.WaitGroup // the accepting goroutine and the connections'
}

// New serves the Runtime API on l until Close.
func New(l net.Listener, owner Owner, o Options) *Server {
	s := &Server{owner: owner, options: o, listener: l, connections: map[*connection]struct{}{}, accepted: make(chan struct{})}
	s.extensions.expect(o.Extensions)
	s.running.Add(1)
	go s.accept()
	return s
}

// Send gives the runtime an event, and the extensions that want to be told of
// it: at once if they wait for one, or when they ask. There must be none under
// way.
func (s *Server) Send(e *Event) {
	if c := s.talk.send(e); c != nil {
		c.deliver(e)
	}
	s.inform(e)
}

// leave is a connection going away.
func (s *Server) leave(c *connection) {
	s.talk.leave(c)
	s.assignment.leave(c)
	s.extensions.leave(c)
}

// Close ends the listener and all connections and waits for their goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.listener.Close()
	for c := range s.connections {
		c.conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// backlogLimit is how long Drain waits for connections that the runtime opened
// with its last breath and that nobody has accepted yet.
const backlogLimit = 20 * time.Millisecond

// Drain waits until the runtime's connections have come to their end, so that
// what it said last is heard, but not past deadline: its processes are gone,
// and their sockets with them. Then it closes the server.
func (s *Server) Drain(deadline time.Time) {
	if l, ok := s.listener.(interface{ SetDeadline(time.Time) error }); ok && l.SetDeadline(time.Now().Add(backlogLimit)) == nil {
		<-s.accepted
	}
	s.mu.Lock()
	s.closed = true
	s.listener.Close()
	for c := range s.connections {
		c.conn.SetDeadline(deadline)
	}
	s.mu.Unlock()
	s.running.Wait()
}

// acceptAgain is how long a connection waits that could not be accepted.
const acceptAgain = 10 * time.Millisecond

func (s *Server) accept() {
	defer s.running.Done()
	defer close(s.accepted)
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			return // closed, or drained
		}
		if err != nil {
			// The server has no file left for it: others will be closed.
			time.Sleep(acceptAgain)
			continue
		}
		s.mu.Lock()
		if s.closed || len(s.connections) >= maxConnections {
			s.mu.Unlock()
			conn.Close()
			continue
		}
		c := newConnection(s, conn)
		s.connections[c] = struct{}{}
		s.running.Add(1)
		s.mu.Unlock()
		go func() {
			defer s.running.Done()
			c.run()
			s.mu.Lock()
			delete(s.connections, c)
			s.mu.Unlock()
		}()
	}
}
