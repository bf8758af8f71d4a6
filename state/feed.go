package state

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of the records in the documents stream.
const (
	deletedHeader = "Deleted" // the record marks its key as deleted
	chunksHeader  = "Chunks"  // the document's value lies in chunks, at a reference
)

// A record is a message of the documents stream.
type record struct {
	subject  string
	revision uint64
	value    []byte
	header   nats.Header
}

// A feed brings the records of one engine to the replica, in order.
type feed struct {
	store    *Store
	engine   *engine
	expected uint64 // the place of the next record among those delivered

	// Until every record that stood in the stream has come, they are
	// gathered; then the replica moves to what they say at once.
	gathered []record
	caughtUp chan struct{}
	once     sync.Once
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
	if _, err := consumer.Consume(f.receive); err != nil {
		return fmt.Errorf("follow documents: %w", err)
	}
	select {
	case <-f.caughtUp:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("read documents: %w", ctx.Err())
	}
}

func (f *feed) receive(msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil || meta.Sequence.Consumer != f.expected {
		// Cannot happen on a connection within the process.
		f.store.fail(f.engine, fmt.Errorf("feed of documents is torn"))
		return
	}
	f.expected++
	r := record{msg.Subject(), meta.Sequence.Stream, msg.Data(), msg.Headers()}
	select {
	case <-f.caughtUp:
		f.store.replica.feed.Lock()
		defer f.store.replica.feed.Unlock()
		f.apply(r)
		f.store.replica.reach(r.revision)
	default:
		f.gathered = append(f.gathered, r)
		if meta.NumPending == 0 {
			f.catchUp()
		}
	}
}

// catchUp moves the replica to the gathered records. It need not be empty: an
// engine that failed may have shown records which its successor does not have.
func (f *feed) catchUp() {
	r := f.store.replica
	r.feed.Lock()
	defer r.feed.Unlock()
	present := make(map[string]bool, len(f.gathered))
	var last uint64
	for _, g := range f.gathered {
		present[g.subject] = true
		last = g.revision
	}
	f.forget(present)
	for _, g := range f.gathered {
		f.apply(g)
	}
	f.gathered = nil
	r.reach(last)
	close(f.caughtUp)
}

// forget removes from the replica what is not present in the engine.
func (f *feed) forget(present map[string]bool) {
	r := f.store.replica
	for _, d := range r.documents.list("") {
		if subject, err := subjectOf(documentsRoot, d.Key); err == nil && !present[subject] {
			r.document(Change{Document: Document{Key: d.Key, Revision: d.Revision}, Deleted: true})
			r.mu.Lock()
			delete(r.documents.graves, d.Key)
			r.mu.Unlock()
		}
	}
}

// apply brings one record to the replica. A record that cannot be read is
// reported and stands for nothing; the others go on.
func (f *feed) apply(rec record) {
	s := f.store
	if err := f.applyDocument(rec); err != nil {
		s.log.Error("state: record cannot be read", "subject", rec.subject, "revision", rec.revision, "error", err)
	}
}

func (f *feed) applyDocument(rec record) error {
	key, err := keyOf(documentsRoot, rec.subject)
	if err != nil {
		return err
	}
	r := f.store.replica
	if known, ok := r.documents.values[key]; ok && known.Revision == rec.revision {
		return nil // known before the engine was restarted
	}
	c := Change{Document: Document{Key: key, Value: rec.value, Revision: rec.revision}}
	if rec.header.Get(deletedHeader) != "" {
		c.Deleted, c.Value = true, nil
	}
	r.document(c)
	return nil
}

// A blob is what stands at a blob's key.
type blob struct {
	Revision uint64 `json:"-"`
}

var _ = json.Marshal
var _ context.Context
