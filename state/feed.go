package state

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of the records in the documents stream.
const (
	deletedHeader = "Deleted" // the record marks its key as deleted
	chunkedHeader = "Chunked" // the record holds a reference to the value
)

// A record is a message of the documents stream.
type record struct {
	subject  string
	revision uint64
	value    []byte
	header   nats.Header
}

func (r record) deleted() bool { return r.header.Get(deletedHeader) != "" }

// A feed brings the records of one engine to the replica, in order.
type feed struct {
	store    *Store
	engine   *engine
	expected uint64 // the place of the next record among those delivered

	// Until every record that stood in the stream has come, they are
	// gathered; then the replica moves to what they say at once.
	gathered []record
	caughtUp chan struct{}
}

// followDocuments brings the replica to what the engine holds and keeps it
// there until the engine stops.
func (s *Store) followDocuments(ctx context.Context, e *engine) error {
	f := &feed{store: s, engine: e, expected: 1, caughtUp: make(chan struct{})}
	consumer, err := e.js.CreatePushConsumer(ctx, documentsStream, jetstream.ConsumerConfig{
		DeliverSubject:    e.conn.NewInbox(),
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		MemoryStorage:     true,
		FlowControl:       true,
		IdleHeartbeat:     time.Minute,
		InactiveThreshold: 5 * time.Minute,
	})
	if err != nil {
		return fmt.Errorf("follow documents: %w", err)
	}
	if consumer.CachedInfo().NumPending == 0 {
		f.catchUp()
	}
	e.feed, err = consumer.Consume(f.receive)
	if err != nil {
		return fmt.Errorf("follow documents: %w", err)
	}
	select {
	case <-f.caughtUp:
		return nil
	case <-e.failed.Done():
		return fmt.Errorf("read documents: %w", context.Cause(e.failed))
	case <-ctx.Done():
		return fmt.Errorf("read documents: %w", ctx.Err())
	}
}

func (f *feed) receive(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil || meta.Sequence.Consumer != f.expected {
		// Not to be expected within one process. A new engine begins anew.
		f.engine.fail(fmt.Errorf("the feed of documents is torn at its message %d", f.expected))
		return
	}
	f.expected++
	rec := record{msg.Subject(), meta.Sequence.Stream, msg.Data(), msg.Headers()}
	select {
	case <-f.caughtUp:
		f.store.replica.feed.Lock()
		defer f.store.replica.feed.Unlock()
		f.apply(rec)
		f.store.replica.reach(rec.revision)
	default:
		f.gathered = append(f.gathered, rec)
		if meta.NumPending == 0 {
			f.catchUp()
		}
	}
}

// catchUp moves the replica to the gathered records. It need not be empty: an
// engine that failed may have shown records that its successor does not have.
func (f *feed) catchUp() {
	r := f.store.replica
	r.feed.Lock()
	defer r.feed.Unlock()
	// A killed server may have left what its last records replace.
	present := make(map[string]uint64, len(f.gathered))
	var last uint64
	for _, rec := range f.gathered {
		present[rec.subject] = rec.revision
		last = rec.revision
	}
	r.forget(present)
	for _, rec := range f.gathered {
		if rec.revision == present[rec.subject] {
			f.apply(rec)
		}
	}
	f.gathered = nil
	r.restart(last)
	close(f.caughtUp)
}

// apply brings one record to the replica. A record that cannot be read is
// reported and passed over, so that the others go on.
func (f *feed) apply(rec record) {
	apply := f.applyDocument
	if strings.HasPrefix(rec.subject, blobsRoot+".") {
		apply = f.applyBlob
	}
	if err := apply(rec); err != nil && f.store.life.Err() == nil {
		f.store.log.Error("state: a record cannot be read", "subject", rec.subject, "revision", rec.revision, "error", err)
	}
}

func (f *feed) applyDocument(rec record) error {
	r := f.store.replica
	key, err := keyOf(documentsRoot, rec.subject)
	if err != nil {
		return err
	}
	if known := r.documents.values[key]; known.Revision == rec.revision {
		return nil // from before the engine was restarted
	}
	c := Change{Document: Document{Key: key, Revision: rec.revision}, Deleted: rec.deleted()}
	var value chunked
	if rec.header.Get(chunkedHeader) != "" {
		if err := json.Unmarshal(rec.value, &value); err != nil {
			return err
		}
		if c.Value, err = f.load(value); err != nil {
			return err
		}
	} else if !c.Deleted {
		c.Value = rec.value
	}
	if replaced := r.document(c, value.ID); replaced != "" {
		f.store.discard(replaced)
	}
	return nil
}

// load reads a document that is too large for a record.
func (f *feed) load(value chunked) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(value.Size))
	for n := int64(0); n*int64(value.Part) < value.Size; n++ {
		msg, err := f.engine.chunks.GetLastMsgForSubject(f.engine.failed, chunkSubject(value.ID, n))
		if err != nil {
			return nil, err
		}
		b.Write(msg.Data)
	}
	if int64(b.Len()) != value.Size {
		return nil, io.ErrUnexpectedEOF
	}
	return b.Bytes(), nil
}

func (f *feed) applyBlob(rec record) error {
	r := f.store.replica
	key, err := keyOf(blobsRoot, rec.subject)
	if err != nil {
		return err
	}
	b := blob{revision: rec.revision}
	if !rec.deleted() {
		if err := json.Unmarshal(rec.value, &b.chunked); err != nil {
			return err
		}
	}
	if replaced := r.blob(key, b, rec.deleted()); replaced != "" {
		f.store.discard(replaced)
	}
	return nil
}
