package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"github.com/lamgate/lamgate/aws"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options say where a Store lives and what it may take.
type Options struct {
	Dir     string       // made if it does not exist
	Reserve uint64       // bytes of the disk that are left alone; 0 for DefaultReserve
	LogSize int64        // bytes that Logs may take, the oldest go first; 0 for DefaultLogSize
	Clock   aws.Clock    // nil for the machine's
	Log     *slog.Logger // nil for none

	// free tells how many bytes the disk has left; tests fill disks with it.
	free func() (uint64, error)
}

// What a Store takes unless told otherwise.
const (
	DefaultReserve = 64 << 20
	DefaultLogSize = 1 << 30
)

// A Store is the state of one server: an engine, and what is kept in memory of
// what the engine holds.
type Store struct {
	options Options
	clock   aws.Clock
	log     *slog.Logger
	lock    *os.File
	space   *space

	engine   atomic.Pointer[engine]
	reviving atomic.Bool

	replica *replica

	life   context.Context // ends when Close begins
	end    context.CancelFunc
	chores sync.WaitGroup
}

// Open opens the store in a directory, which belongs to it until Close. It
// returns ErrInUse if another process has it.
func Open(o Options) (*Store, error) {
	o.Reserve = cmp.Or(o.Reserve, DefaultReserve)
	o.LogSize = cmp.Or(o.LogSize, DefaultLogSize)
	if o.Clock == nil {
		o.Clock = aws.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.free == nil {
		o.free = freeIn(o.Dir)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	s := &Store{
		options: o,
		clock:   o.Clock,
		log:     o.Log,
		lock:    lock,
		space:   &space{clock: o.Clock, free: o.free, reserve: o.Reserve},
		replica: newReplica(),
	}
	s.life, s.end = context.WithCancel(context.Background())
	if err := s.start(); err != nil {
		s.end()
		lock.Close()
		return nil, fmt.Errorf("open state in %s: %w", o.Dir, err)
	}
	return s, nil
}

// start runs an engine on the directory and brings the replica up to it.
func (s *Store) start() error {
	e, err := startEngine(s.options.Dir, s.log)
	if err != nil {
		return err
	}
	if err := s.prepare(e); err != nil {
		e.stop()
		return err
	}
	s.engine.Store(e)
	return nil
}

func (s *Store) prepare(e *engine) error {
	ctx, cancel := context.WithTimeout(s.life, startTimeout)
	defer cancel()
	for _, want := range s.streams() {
		if err := prepareStream(ctx, e.js, want); err != nil {
			return err
		}
	}
	return s.followDocuments(ctx, e)
}

// Names of the engine's streams; the letters that subjects begin with are
// theirs too.
const (
	documentsStream = "documents"
	documentsRoot   = "d"
	blobsRoot       = "b" // what stands at a blob's key; its bytes are chunks
)

func (s *Store) streams() []jetstream.StreamConfig {
	return []jetstream.StreamConfig{{
		Name:              documentsStream,
		Subjects:          []string{documentsRoot + ".>", blobsRoot + ".>"},
		MaxMsgsPerSubject: 1,
		Compression:       jetstream.S2Compression,
		// A direct read may be answered by a node that lags behind.
		AllowDirect: false,
	}}
}

// prepareStream makes the stream, or brings an older server's up to date.
func prepareStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) error {
	_, err := js.CreateStream(ctx, want)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		_, err = js.UpdateStream(ctx, want)
	}
	if err != nil {
		return fmt.Errorf("prepare the stream %s: %w", want.Name, err)
	}
	return nil
}

// Close stops the store. What it has acknowledged needs no Close to be kept.
func (s *Store) Close() error {
	s.end()
	s.chores.Wait()
	if e := s.engine.Swap(nil); e != nil {
		e.stop()
	}
	return s.lock.Close()
}

// Documents returns the store's documents.
func (s *Store) Documents() Documents { return documents{s} }

var errClosed = errors.New("state is closed")

// publish has the engine store a message and returns its revision.
func (s *Store) publish(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) (uint64, error) {
	e := s.engine.Load()
	if e == nil {
		return 0, errClosed
	}
	ack, err := e.js.PublishMsg(ctx, msg, append(opts, jetstream.WithRetryAttempts(0))...)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}
