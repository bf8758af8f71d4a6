package state

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	chunksStream = "chunks"
	chunksRoot   = "c"

	// partSize is how much of a value goes into one chunk, pendingParts how
	// many chunks may be on their way to the disk: the engine drops what comes
	// faster than it writes.
	partSize     = 256 << 10
	pendingParts = 16
)

// A chunked value is too large for one record. Its bytes are stored first, in
// chunks under an ID that nobody knows; then it is referred to by a record,
// whose appearance is the value's.
type chunked struct {
	ID   string `json:"id"`
	Size int64  `json:"size"`
	Part int    `json:"part"` // bytes in each chunk but the last
}

func chunkSubject(id string, n int64) string {
	return chunksRoot + "." + id + "." + strconv.FormatInt(n, 10)
}

// A keeper knows which chunked values are needed, and removes others. It speaks
// for this node; others would have to be asked.
type keeper struct {
	mu      sync.Mutex
	writing map[string]bool // not referred to yet
	reading map[string]int
	doomed  map[string]bool // referred to no more
	digging bool            // a goroutine removes the doomed
}

func newKeeper() *keeper {
	return &keeper{writing: map[string]bool{}, reading: map[string]int{}, doomed: map[string]bool{}}
}

// writeChunks stores all of r and then has refer make the record that refers
// to it. Without that record, what it has stored is removed.
func (s *Store) writeChunks(ctx context.Context, r io.Reader, refer func(chunked) error) error {
	value := chunked{ID: rand.Text(), Part: partSize}
	s.keeper.mu.Lock()
	s.keeper.writing[value.ID] = true
	s.keeper.mu.Unlock()

	size, err := s.sendChunks(ctx, value.ID, r)
	unused := err != nil
	if err == nil {
		value.Size = size
		err = refer(value)
		// After another error there may be a record. If there is none, sweep
		// finds the chunks.
		unused = errors.Is(err, ErrConflict)
	}

	s.keeper.mu.Lock()
	delete(s.keeper.writing, value.ID)
	s.keeper.mu.Unlock()
	if unused {
		s.discard(value.ID)
	}
	return err
}

func (s *Store) sendChunks(ctx context.Context, id string, r io.Reader) (size int64, err error) {
	e, err := s.running()
	if err != nil {
		return 0, err
	}
	// Buffers go round: when the oldest chunk is acknowledged, its is free.
	type sent struct {
		ack    jetstream.PubAckFuture
		buffer []byte
	}
	var pending []sent
	await := func() ([]byte, error) {
		oldest := pending[0]
		pending = pending[1:]
		select {
		case <-oldest.ack.Ok():
			return oldest.buffer, nil
		case err := <-oldest.ack.Err():
			return nil, s.blame(e, err)
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-e.failed.Done():
			return nil, s.blame(e, context.Cause(e.failed))
		}
	}
	for n := int64(0); ; n++ {
		var buffer []byte
		if len(pending) == pendingParts {
			if buffer, err = await(); err != nil {
				return size, err
			}
		} else {
			buffer = make([]byte, partSize)
		}
		length, err := fill(r, buffer)
		if length > 0 {
			if err := s.space.take(length + recordOverhead); err != nil {
				return size, err
			}
			ack, err := e.js.PublishMsgAsync(&nats.Msg{Subject: chunkSubject(id, n), Data: buffer[:length]}, jetstream.WithRetryAttempts(0))
			if err != nil {
				return size, err
			}
			pending = append(pending, sent{ack, buffer})
			size += int64(length)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return size, fmt.Errorf("read what is to be stored: %w", err)
		}
	}
	for len(pending) > 0 {
		if _, err := await(); err != nil {
			return size, err
		}
	}
	return size, nil
}

// A chunkReader reads a chunked value, which stays until the reader is closed.
type chunkReader struct {
	ctx    context.Context
	store  *Store
	value  chunked
	offset int64
	part   []byte // the chunk that offset lies in, if loaded
	number int64  // of part
	once   sync.Once
}

func (s *Store) readChunks(ctx context.Context, value chunked) *chunkReader {
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	s.keeper.reading[value.ID]++
	return &chunkReader{ctx: ctx, store: s, value: value, number: -1}
}

func (r *chunkReader) Read(p []byte) (int, error) {
	if r.offset >= r.value.Size {
		return 0, io.EOF
	}
	part := int64(r.value.Part)
	if number := r.offset / part; number != r.number {
		data, err := r.store.readChunk(r.ctx, chunkSubject(r.value.ID, number))
		if err != nil {
			return 0, err
		}
		if want := min(part, r.value.Size-number*part); int64(len(data)) != want {
			return 0, fmt.Errorf("chunk %d of %s has %d bytes instead of %d", number, r.value.ID, len(data), want)
		}
		r.part, r.number = data, number
	}
	n := copy(p, r.part[r.offset%part:])
	r.offset += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (r *chunkReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.offset
	case io.SeekEnd:
		offset += r.value.Size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning")
	}
	r.offset = offset
	return offset, nil
}

// Close implements io.Closer.
func (r *chunkReader) Close() error {
	r.once.Do(func() { r.store.keeper.release(r.store, r.value.ID) })
	return nil
}

func (s *Store) readChunk(ctx context.Context, subject string) ([]byte, error) {
	e, err := s.running()
	if err != nil {
		return nil, err
	}
	msg, err := e.chunks.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("chunk %s: %w", subject, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("chunk %s: %w", subject, err)
	}
	return msg.Data, nil
}

func (k *keeper) release(s *Store, id string) {
	k.mu.Lock()
	k.reading[id]--
	unread := k.reading[id] == 0
	if unread {
		delete(k.reading, id)
	}
	doomed := unread && k.doomed[id]
	k.mu.Unlock()
	if doomed {
		s.discard(id)
	}
}

// discard has the chunks of a value removed once nobody reads them. What is
// not removed before the store closes is found by sweep.
func (s *Store) discard(id string) {
	k := s.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	k.doomed[id] = true
	if !k.digging {
		k.digging = s.chore(s.dig)
	}
}

func (s *Store) dig() {
	k := s.keeper
	for {
		k.mu.Lock()
		var next string
		for id := range k.doomed {
			if k.reading[id] == 0 {
				next = id
				break
			}
		}
		if next == "" || s.life.Err() != nil {
			k.digging = false
			k.mu.Unlock()
			return
		}
		delete(k.doomed, next)
		k.mu.Unlock()
		if err := s.removeChunks(next); err != nil && s.life.Err() == nil {
			s.log.Warn("state: chunks stay until the next start", "id", next, "error", err)
		}
	}
}

func (s *Store) removeChunks(id string) error {
	e, err := s.running()
	if err != nil {
		return err
	}
	return e.chunks.Purge(s.life, jetstream.WithPurgeSubject(chunksRoot+"."+id+".>"))
}

// sweep discards the chunks that no record refers to: an engine that has been
// killed, or has failed, leaves them between a value's first chunk and its
// record, or its last record and the removal of its chunks.
func (s *Store) sweep() {
	e, err := s.running()
	if err != nil {
		return
	}
	info, err := e.chunks.Info(s.life, jetstream.WithSubjectFilter(chunksRoot+".>"))
	if err != nil {
		if s.life.Err() == nil {
			s.log.Warn("state: cannot look for chunks without owner", "error", err)
		}
		return
	}
	found := map[string]bool{}
	for subject := range info.State.Subjects {
		if _, rest, ok := strings.Cut(subject, "."); ok {
			id, _, _ := strings.Cut(rest, ".")
			found[id] = true
		}
	}
	for id := range found {
		// In this order: a writer leaves writing after its record has come.
		s.keeper.mu.Lock()
		writing := s.keeper.writing[id]
		s.keeper.mu.Unlock()
		if !writing && !s.replica.refersTo(id) {
			s.discard(id)
		}
	}
}

// fill reads until p is full or r ends. It tells the end of r from a reader that
// breaks off, such as the body of a request whose client went away; to
// io.ReadFull both are io.ErrUnexpectedEOF.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}
