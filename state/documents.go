package state

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

type documents struct{ *Store }

func (s documents) Get(key string) (Document, error) {
	r := s.replica
	r.mu.RLock()
	defer r.mu.RUnlock()
	d, ok := r.documents.values[key]
	if !ok {
		return Document{}, fmt.Errorf("document %s: %w", key, ErrNotFound)
	}
	return d, nil
}

func (s documents) List(prefix string) []Document {
	r := s.replica
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.documents.list(prefix)
}

func (s documents) Watch(prefix string, follow func(Change)) (stop func()) {
	return s.replica.watch(prefix, follow)
}

func (s documents) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	subject, err := subjectOf(documentsRoot, key)
	if err != nil {
		return 0, err
	}
	if err := s.stands(key, revision); err != nil {
		return 0, fmt.Errorf("write document %s: %w", key, err)
	}
	if len(value) > maxDocument {
		return 0, fmt.Errorf("write document %s: %d bytes are too many", key, len(value))
	}
	if err := s.space.take(len(value) + recordOverhead); err != nil {
		return 0, fmt.Errorf("write document %s: %w", key, err)
	}
	var written uint64
	if len(value) <= maxRecord {
		written, err = s.write(ctx, &nats.Msg{Subject: subject, Data: value}, s.grave(key), revision)
	} else {
		err = s.writeChunks(ctx, bytes.NewReader(value), func(c chunked) error {
			reference, err := json.Marshal(c)
			if err != nil {
				return err
			}
			msg := &nats.Msg{Subject: subject, Data: reference, Header: nats.Header{chunkedHeader: {"true"}}}
			written, err = s.write(ctx, msg, s.grave(key), revision)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("write document %s: %w", key, err)
	}
	return written, nil
}

func (s documents) Delete(ctx context.Context, key string, revision uint64) error {
	subject, err := subjectOf(documentsRoot, key)
	if err != nil {
		return err
	}
	if revision == 0 {
		return fmt.Errorf("delete document %s: %w", key, ErrNotFound)
	}
	if err := s.stands(key, revision); err != nil {
		return fmt.Errorf("delete document %s: %w", key, err)
	}
	if err := s.space.takeToFree(recordOverhead); err != nil {
		return fmt.Errorf("delete document %s: %w", key, err)
	}
	mark := &nats.Msg{Subject: subject, Header: nats.Header{deletedHeader: {"true"}}}
	if _, err := s.write(ctx, mark, 0, revision); err != nil {
		return fmt.Errorf("delete document %s: %w", key, err)
	}
	return nil
}

// maxRecord is the largest value that goes into a record, maxDocument the
// largest that may be stored at all: every document stays in memory.
const (
	maxRecord   = 1 << 20
	maxDocument = 256 << 20
)

// recordOverhead is what a record takes beside its value, generously.
const recordOverhead = 1 << 10

// stands spares a write that cannot succeed its way to the engine: a revision
// other than the replica's has been written over.
func (s documents) stands(key string, revision uint64) error {
	s.replica.mu.RLock()
	defer s.replica.mu.RUnlock()
	if s.replica.documents.values[key].Revision != revision {
		return ErrConflict
	}
	return nil
}

// grave returns the revision at which key was deleted, 0 if it was not or the
// mark has been purged.
func (s documents) grave(key string) uint64 {
	s.replica.mu.RLock()
	defer s.replica.mu.RUnlock()
	return s.replica.documents.graves[key]
}

// write stores a record whose subject stands at revision, or was deleted at
// grave if revision is 0, and returns once the replica has it.
func (s *Store) write(ctx context.Context, msg *nats.Msg, grave, revision uint64) (uint64, error) {
	expected := revision
	if revision == 0 {
		expected = grave
	}
	if expected != 0 {
		if msg.Header == nil {
			msg.Header = nats.Header{}
		}
		replace(msg)
	}
	written, err := s.publish(ctx, msg, jetstream.WithExpectLastSequencePerSubject(expected))
	if isAPIError(err, jetstream.JSErrCodeStreamWrongLastSequence) && revision == 0 && grave != 0 {
		// The mark may have been purged since.
		written, err = s.publish(ctx, msg, jetstream.WithExpectLastSequencePerSubject(0))
	}
	if isAPIError(err, jetstream.JSErrCodeStreamWrongLastSequence) {
		// So that whoever reads the document in order to try again reads what
		// the faster writer has written.
		return 0, cmp.Or(s.replica.wait(s.life, standing(err)), ErrConflict)
	}
	if err != nil {
		return 0, err
	}
	return written, s.replica.wait(s.life, written)
}

// standing returns the revision at which a subject stands, from the engine's
// refusal to write it as if it stood elsewhere; 0 if it does not say.
func standing(err error) (revision uint64) {
	if answer, ok := errors.AsType[*jetstream.APIError](err); ok {
		fmt.Sscanf(answer.Description, "wrong last sequence: %d", &revision)
	}
	return revision
}
