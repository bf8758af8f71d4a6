package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/lamgate/lamgate/aws"
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

	engine  atomic.Pointer[engine] // nil while it is restarted
	replica *replica
	keeper  *keeper
	logs    *logs

	queuesMu sync.Mutex
	queues   map[string]*queue

	life   context.Context // ends when Close begins
	end    context.CancelFunc
	chores sync.WaitGroup
	ending sync.Mutex // orders the last chore before Close
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
		keeper:  newKeeper(),
		queues:  map[string]*queue{},
	}
	s.logs = newLogs(s)
	s.life, s.end = context.WithCancel(context.Background())
	_, err = os.Stat(engineDir(o.Dir))
	isNew := errors.Is(err, fs.ErrNotExist)
	err = s.start()
	if err == nil && isNew {
		err = syncDirs(o.Dir)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("open state in %s: %w", o.Dir, err)
	}
	e := s.engine.Load() // by the time that the chore runs it may have failed
	s.chore(func() { s.tend(e) })
	s.chore(s.sweep)
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
	var err error
	if e.documents, err = prepareStream(ctx, e.js, documentsConfig); err != nil {
		return err
	}
	if e.chunks, err = prepareStream(ctx, e.js, chunksConfig); err != nil {
		return err
	}
	if e.queues, err = prepareStream(ctx, e.js, queuesConfig); err != nil {
		return err
	}
	if e.logs, err = prepareStream(ctx, e.js, logsConfig(s.options.LogSize)); err != nil {
		return err
	}
	if err := s.followDocuments(ctx, e); err != nil {
		return err
	}
	return s.reloadQueues(ctx, e)
}

// The engine's streams, and the tokens that their subjects begin with.
const (
	documentsStream = "documents"
	documentsRoot   = "d"
	blobsRoot       = "b" // what stands at a blob's key; its bytes are chunks
)

// A record takes the place of those before it at its subject (replace). A limit
// of one message for each subject would do the same in memory only: what it
// removes is not noted on disk, and a server that is killed finds it again as
// soon as what stood after it has been removed.
var documentsConfig = jetstream.StreamConfig{
	Name:        documentsStream,
	Subjects:    []string{documentsRoot + ".>", blobsRoot + ".>"},
	AllowRollup: true,
	Compression: jetstream.S2Compression,
	// A direct read may be answered by a node that lags behind.
	AllowDirect: false,
}

var chunksConfig = jetstream.StreamConfig{
	Name:        chunksStream,
	Subjects:    []string{chunksRoot + ".>"},
	AllowDirect: true, // chunks never change
}

var queuesConfig = jetstream.StreamConfig{
	Name:        queuesStream,
	Subjects:    []string{queuesRoot + ".>"},
	AllowRollup: true,
	AllowDirect: true, // a record is read by the number that its writer knows
}

func logsConfig(size int64) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        logsStream,
		Subjects:    []string{logsRoot + ".>"},
		MaxBytes:    size,
		Discard:     jetstream.DiscardOld,
		AllowDirect: true, // batches never change
		// Lines are not worth a sync each.
		PersistMode: jetstream.AsyncPersistMode,
	}
}

// prepareStream makes the stream, or brings an older server's up to date.
func prepareStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	// The engine reads all messages of this span at its start, to know twins
	// among them. None of ours can be, so it is the shortest that it takes.
	want.Duplicates = 100 * time.Millisecond
	stream, err := js.CreateStream(ctx, want)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		stream, err = js.UpdateStream(ctx, want)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare the stream %s: %w", want.Name, err)
	}
	return stream, nil
}

// Close stops the store. What it has acknowledged needs no Close to be kept.
func (s *Store) Close() error {
	s.ending.Lock()
	closed := s.life.Err() != nil
	s.logs.close()
	s.end()
	s.ending.Unlock()
	if closed {
		return nil
	}
	s.chores.Wait()
	return s.stop()
}

func (s *Store) stop() error {
	s.end()
	if e := s.engine.Swap(nil); e != nil {
		e.stop()
	}
	return s.lock.Close()
}

// syncDirs makes sure that files in a new directory will be found again after
// a power cut: to sync a file is not to sync its name.
func syncDirs(dir string) error {
	sync := func(path string) error {
		d, err := os.Open(path)
		if err != nil {
			return err
		}
		defer d.Close()
		return d.Sync()
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return sync(path)
	})
	if err != nil {
		return err
	}
	return sync(filepath.Dir(dir))
}

// chore runs f in the background, unless the store closes. Close waits for it.
func (s *Store) chore(f func()) (taken bool) {
	s.ending.Lock()
	defer s.ending.Unlock()
	if s.life.Err() != nil {
		return false
	}
	s.chores.Go(f)
	return true
}

// Documents returns the store's documents.
func (s *Store) Documents() Documents { return documents{s} }

// Blobs returns the store's blobs.
func (s *Store) Blobs() Blobs { return blobs{s} }

// Logs returns the store's logs.
func (s *Store) Logs() Logs { return s.logs }

// publish has the engine store a message and returns its revision. What has
// begun is carried through, though ctx may end: a caller that has gone away
// leaves no write of which nobody knows whether it took place.
func (s *Store) publish(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) (uint64, error) {
	e, err := s.running()
	if err != nil {
		return 0, err
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	// The engine does not answer a write that it fails to store.
	limited, cancel := context.WithTimeout(e.failed, publishTimeout)
	defer cancel()
	ack, err := e.js.PublishMsg(limited, msg, append(opts, jetstream.WithRetryAttempts(0))...)
	if errors.Is(err, context.DeadlineExceeded) {
		e.fail(err)
	}
	if err != nil {
		return 0, s.blame(e, err)
	}
	return ack.Sequence, nil
}

// replace has a message take the place of those before it at its subject, on
// disk too.
func replace(msg *nats.Msg) { msg.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject) }

// erase removes what stands at a subject, up to and with a revision.
func erase(ctx context.Context, stream jetstream.Stream, subject string, revision uint64) error {
	return stream.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(revision+1))
}

const publishTimeout = 30 * time.Second
