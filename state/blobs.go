package state

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/nats-io/nats.go"
)

// A blob is what stands at a blob's key.
type blob struct {
	chunked
	revision uint64
}

type blobs struct{ *Store }

func (s blobs) Put(ctx context.Context, key string, r io.Reader) (size int64, err error) {
	subject, err := subjectOf(blobsRoot, key)
	if err != nil {
		return 0, err
	}
	err = s.writeChunks(ctx, r, func(value chunked) error {
		size = value.Size
		data, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return s.record(ctx, &nats.Msg{Subject: subject, Data: data})
	})
	if err != nil {
		return 0, fmt.Errorf("write blob %s: %w", key, err)
	}
	return size, nil
}

func (s blobs) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	// Under the lock, lest the blob be replaced and its chunks removed before
	// the reader is known to read them.
	s.replica.mu.RLock()
	defer s.replica.mu.RUnlock()
	b, ok := s.replica.blobs.values[key]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", key, ErrNotFound)
	}
	return s.readChunks(ctx, b.chunked), nil
}

func (s blobs) Size(key string) (int64, error) {
	s.replica.mu.RLock()
	defer s.replica.mu.RUnlock()
	b, ok := s.replica.blobs.values[key]
	if !ok {
		return 0, fmt.Errorf("blob %s: %w", key, ErrNotFound)
	}
	return b.Size, nil
}

func (s blobs) Delete(ctx context.Context, key string) error {
	subject, err := subjectOf(blobsRoot, key)
	if err != nil {
		return err
	}
	if _, err := s.Size(key); err != nil {
		return nil
	}
	if err := s.space.takeToFree(recordOverhead); err != nil {
		return fmt.Errorf("delete blob %s: %w", key, err)
	}
	err = s.record(ctx, &nats.Msg{Subject: subject, Header: nats.Header{deletedHeader: {"true"}}})
	if err != nil {
		return fmt.Errorf("delete blob %s: %w", key, err)
	}
	return nil
}

func (s blobs) List(prefix string) []string {
	s.replica.mu.RLock()
	defer s.replica.mu.RUnlock()
	return slices.Clone(s.replica.blobs.under(prefix))
}

// record stores a record wherever its subject stands: the last writer wins.
func (s blobs) record(ctx context.Context, msg *nats.Msg) error {
	written, err := s.publish(ctx, msg)
	if err != nil {
		return err
	}
	return s.replica.wait(s.life, written)
}
