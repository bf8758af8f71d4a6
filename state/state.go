package state

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/lamgate/lamgate/aws"
)

var (
	// ErrNotFound says that a key or name holds nothing.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that a document is no longer at the revision that the
	// writer had read, or exists though the writer meant to create it.
	ErrConflict = errors.New("conflicting write")
	// ErrNoSpace says that the store refuses writes because the disk is full,
	// or nearly. Reads go on; writes are taken again once there is room. Whoever
	// called can make room and try again, so it is theirs to see as it is; AWS's
	// clients do not repeat what is answered with its status.
	ErrNoSpace error = aws.Faultf(http.StatusInsufficientStorage, "InsufficientStorage",
		"The disk of lamgate's data directory is full, or nearly: nothing more is stored until there is room.")
	// ErrInUse says that another process has the data directory.
	ErrInUse = errors.New("data directory is in use by another server")
)

// A Document is a value at a revision. Revisions grow with every write to the
// store; 0 is that of a document which does not exist.
type Document struct {
	Key      string
	Value    []byte // not to be modified
	Revision uint64
}

// A Change announces a document's new value, or that it is gone.
type Change struct {
	Document
	Deleted bool
}

// Documents stores documents under keys such as
// "functions/000000000000/us-east-1/hello". A key's segments may hold any bytes
// but the slash that separates them; Key escapes it.
type Documents interface {
	// Get returns the document at key, or ErrNotFound.
	Get(key string) (Document, error)
	// List returns the documents whose keys begin with prefix, in the order of
	// their keys. To mean whole segments, prefix ends in a slash.
	List(prefix string) []Document
	// Put writes a document that stands at revision, 0 to create it, and
	// returns its new revision; ErrConflict if it stands elsewhere. When Put
	// has answered with another error, the document may have been written.
	Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	// Delete removes a document that stands at revision.
	Delete(ctx context.Context, key string, revision uint64) error
	// Watch calls follow for every document under prefix, at once for those
	// that exist and then for each change, in order, never two at a time. The
	// write that made a change returns only after follow has. follow must be
	// quick; it may read documents, but neither write nor watch them, nor call
	// stop. It is not called once stop has returned.
	Watch(prefix string, follow func(Change)) (stop func())
}

// Blobs stores byte sequences under keys like those of documents.
type Blobs interface {
	// Put stores all of r and returns its size; it replaces what was there.
	// Nobody sees a part of a blob.
	Put(ctx context.Context, key string, r io.Reader) (size int64, err error)
	// Open returns a blob's bytes, or ErrNotFound. They stay the reader's until
	// it is closed, whatever becomes of the blob.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Size returns a blob's size in bytes, or ErrNotFound.
	Size(key string) (int64, error)
	// Delete removes a blob; one that does not exist is no error.
	Delete(ctx context.Context, key string) error
	// List returns the keys that begin with prefix, in order.
	List(prefix string) []string
}

// A Queue hands each message to one worker at a time until a worker is done
// with it.
type Queue interface {
	// Push stores a message of up to 8 MB; it is there after a crash once Push
	// has returned. group tells whose it is, for Work.
	Push(ctx context.Context, group string, message []byte) error
	// Work hands messages to work, at most parallel at a time and at most
	// ofGroup of one group, so that none holds up all others, until ctx ends or
	// the store closes, and returns when all of work has. work may take as long
	// as it likes; it says what becomes of its message, also when the context
	// that it is given has ended.
	Work(ctx context.Context, parallel, ofGroup int, work func(context.Context, Message) Verdict) error
}

// A Message is one delivery from a Queue.
type Message struct {
	Data      []byte
	Pushed    time.Time
	Delivered int // how often it has been handed out, this time included; what a crash cut short does not count
}

// A Verdict says what becomes of a message: the zero Verdict removes it.
type Verdict struct {
	Retry bool
	After time.Duration // before it is handed out again
	// Again, unless it is nil, is handed out then in the message's place, as one
	// that has not been delivered yet. It is written as the message is removed, so
	// that no crash leaves both.
	Again []byte
}

// A LogEvent is one line of a log stream.
type LogEvent struct {
	Timestamp time.Time // as its source says, to the millisecond
	Ingested  time.Time
	Message   string
}

// Logs stores lines, in streams named by keys like those of documents, such as
// "000000000000/us-east-1/GROUP/STREAM". A prefix that ends in a slash means
// the streams below it, another the stream of that name. Lines of the last
// moment may be lost when the process is killed, and the oldest go when all of
// them take more than Options.LogSize; nothing else is lost.
type Logs interface {
	// Append adds lines to a stream. It does not wait for the disk.
	Append(stream string, events []LogEvent) error
	// Read calls yield with the events of the streams under prefix, after a
	// position (0 for all) until yield returns false, and returns the position
	// of the last. Events of one stream come in the order of their arrival;
	// those of several may be out of it by a moment. What Append has taken
	// before, Read sees.
	Read(ctx context.Context, prefix string, after uint64, yield func(stream string, position uint64, e LogEvent) bool) (uint64, error)
	// Follow is closed when something is appended under prefix after the call.
	Follow(prefix string) (appended <-chan struct{}, stop func())
	// Purge removes the streams under prefix, or unless it is zero their events
	// before a time, as far as no younger ones are stored with them.
	Purge(ctx context.Context, prefix string, before time.Time) error
	// Flush writes what Append holds back.
	Flush() error
}
