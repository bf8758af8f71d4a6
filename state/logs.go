package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	logsStream = "logs"
	logsRoot   = "l"

	// A stream's lines are gathered for flushDelay, or until they are
	// batchSize, and stored together: a line on its own would cost a hundred
	// times its share of a batch.
	flushDelay = 100 * time.Millisecond
	batchSize  = 256 << 10

	maxMessage = 4 << 20

	// maxHeld bounds what waits for an engine that is slower than its writers.
	maxHeld = 32 << 20

	// A position is the number of a batch and a place in it.
	placeBits = 20

	newestHeader = "Newest" // of a batch's timestamps, in milliseconds since 1970
)

type logs struct {
	store *Store

	mu        sync.Mutex
	batches   map[string]*batch // by subject
	order     []*batch          // of batches, by their first line
	held      int               // bytes gathered or on their way
	disarm    func() bool       // of the flush that is due, if any
	urgent    bool              // a flush begins at once
	followers []*follower
	closed    bool

	flushing sync.Mutex
}

type follower struct {
	prefix   string
	appended chan struct{}
	once     sync.Once
}

func newLogs(s *Store) *logs { return &logs{store: s, batches: map[string]*batch{}} }

func (l *logs) Append(stream string, events []LogEvent) error {
	subject, err := subjectOf(logsRoot, stream)
	if err != nil {
		return fmt.Errorf("append to %s: %w", stream, err)
	}
	size := 0
	for i := range events {
		if len(events[i].Message) > maxMessage {
			return fmt.Errorf("append to %s: a line of %d bytes is too long", stream, len(events[i].Message))
		}
		size += len(events[i].Message) + eventOverhead
	}
	if err := l.store.space.take(size); err != nil {
		return fmt.Errorf("append to %s: %w", stream, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("append to %s: %w", stream, errClosed)
	}
	if l.held+size > maxHeld {
		return fmt.Errorf("append to %s: lines come faster than they can be stored", stream)
	}
	l.held += size
	full := false
	for i := range events {
		b := l.batches[subject]
		if b == nil {
			b = &batch{subject: subject}
			l.batches[subject] = b
			l.order = append(l.order, b)
		}
		b.add(&events[i])
		if len(b.data) >= batchSize {
			delete(l.batches, subject)
			full = true
		}
	}
	l.alarm(full)
	for _, f := range l.followers {
		if under(f.prefix, stream) {
			f.once.Do(func() { close(f.appended) })
		}
	}
	return nil
}

// alarm sees to it that what is gathered will be flushed. mu must be held.
func (l *logs) alarm(now bool) {
	switch {
	case now && !l.urgent:
		l.urgent = true
		go l.flush()
	case l.disarm == nil:
		l.disarm = l.store.clock.AfterFunc(flushDelay, l.flush)
	}
}

func (l *logs) flush() {
	if err := l.Flush(); err != nil {
		l.store.log.Debug("state: lines of logs wait", "error", err)
	}
}

// close refuses further lines and stores those that it has.
func (l *logs) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	if err := l.Flush(); err != nil {
		l.store.log.Warn("state: lines of logs are lost", "error", err)
	}
}

// Flush implements Logs. What an engine that has failed does not take waits for
// the next one.
func (l *logs) Flush() error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	order := l.order
	l.order = nil
	l.batches = make(map[string]*batch, len(l.batches))
	l.urgent = false
	if l.disarm != nil {
		l.disarm()
		l.disarm = nil
	}
	l.mu.Unlock()
	if len(order) == 0 {
		return nil
	}
	stored, err := l.send(order)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range order[:stored] {
		l.held -= b.held
	}
	if err != nil {
		l.order = slices.Concat(order[stored:], l.order)
		if !l.closed {
			l.alarm(false)
		}
		return fmt.Errorf("store lines of logs: %w", err)
	}
	return nil
}

// send stores batches, in order, and returns how many of them it has.
func (l *logs) send(order []*batch) (stored int, err error) {
	e, err := l.store.running()
	if err != nil {
		return 0, err
	}
	var pending []jetstream.PubAckFuture
	await := func() error {
		oldest := pending[0]
		pending = pending[1:]
		select {
		case <-oldest.Ok():
			stored++
			return nil
		case err := <-oldest.Err():
			return l.store.blame(e, err)
		case <-e.failed.Done():
			return l.store.blame(e, context.Cause(e.failed))
		}
	}
	for _, b := range order {
		if len(pending) == pendingParts {
			if err := await(); err != nil {
				return stored, err
			}
		}
		ack, err := e.js.PublishMsgAsync(&nats.Msg{
			Subject: b.subject,
			Header:  nats.Header{newestHeader: {strconv.FormatInt(b.newest, 10)}},
			Data:    b.encode(),
		}, jetstream.WithRetryAttempts(0))
		if err != nil {
			return stored, l.store.blame(e, err)
		}
		pending = append(pending, ack)
	}
	for len(pending) > 0 {
		if err := await(); err != nil {
			return stored, err
		}
	}
	return stored, nil
}

func (l *logs) Read(ctx context.Context, prefix string, after uint64, yield func(stream string, position uint64, e LogEvent) bool) (uint64, error) {
	// What is gathered is read as everything else, once it is stored.
	if err := l.Flush(); err != nil {
		return after, err
	}
	filter, err := filterOf(logsRoot, prefix)
	if err != nil {
		return after, fmt.Errorf("read logs: %w", err)
	}
	reached := after
	err = l.each(ctx, filter, after>>placeBits, func(msg *jetstream.RawStreamMsg) (bool, error) {
		stream, err := keyOf(logsRoot, msg.Subject)
		if err != nil {
			return false, err
		}
		more := true
		err = decodeBatch(msg.Data, func(place uint64, e LogEvent) bool {
			position := msg.Sequence<<placeBits | place
			if position <= after {
				return true
			}
			reached = position
			more = yield(stream, position, e)
			return more
		})
		return more, err
	})
	if err != nil {
		return reached, fmt.Errorf("read logs: %w", err)
	}
	return reached, nil
}

// each calls yield with the batches that match filter, from a number onwards.
func (l *logs) each(ctx context.Context, filter string, from uint64, yield func(*jetstream.RawStreamMsg) (more bool, err error)) error {
	e, err := l.store.running()
	if err != nil {
		return err
	}
	for next := max(from, 1); ; {
		msg, err := e.logs.GetMsg(ctx, next, jetstream.WithGetMsgSubject(filter))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if more, err := yield(msg); err != nil || !more {
			return err
		}
		next = msg.Sequence + 1
	}
}

func (l *logs) Follow(prefix string) (appended <-chan struct{}, stop func()) {
	f := &follower{prefix: prefix, appended: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.followers = append(l.followers, f)
	return f.appended, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, other := range l.followers {
			if other == f {
				l.followers = append(l.followers[:i:i], l.followers[i+1:]...)
				return
			}
		}
	}
}

func (l *logs) Purge(ctx context.Context, prefix string, before time.Time) error {
	if err := l.Flush(); err != nil {
		return err
	}
	filter, err := filterOf(logsRoot, prefix)
	if err != nil {
		return fmt.Errorf("purge logs: %w", err)
	}
	e, err := l.store.running()
	if err != nil {
		return fmt.Errorf("purge logs: %w", err)
	}
	options := []jetstream.StreamPurgeOpt{jetstream.WithPurgeSubject(filter)}
	if !before.IsZero() {
		var keep uint64
		err := l.each(ctx, filter, 1, func(msg *jetstream.RawStreamMsg) (bool, error) {
			newest, err := strconv.ParseInt(msg.Header.Get(newestHeader), 10, 64)
			if err == nil && newest < before.UnixMilli() {
				keep = msg.Sequence + 1
				return true, nil
			}
			return false, err
		})
		if err != nil {
			return fmt.Errorf("purge logs: %w", err)
		}
		if keep == 0 {
			return nil
		}
		options = append(options, jetstream.WithPurgeSequence(keep))
	}
	if err := e.logs.Purge(ctx, options...); err != nil {
		return fmt.Errorf("purge logs: %w", err)
	}
	return nil
}
