package state

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
)

const (
	queuesStream = "queues"
	queuesRoot   = "q"
)

// A queue holds its messages in the engine, each at a subject of its own, and
// in memory when each is due. It hands them out itself instead of leaving that
// to a consumer of the engine: what a killed server was working on is due at
// once when the next one starts, a delay survives that and follows our Clock,
// and work may take as long as it takes without saying so every few seconds.
// With more than one node, an entry would have to be claimed by rewriting its
// record at the sequence that it stands at.
type queue struct {
	store *Store
	root  string // of its subjects

	mu      sync.Mutex
	entries map[string]*entry // by subject
	waiting schedule
	working map[string]int      // messages with a worker, by group
	aside   map[string][]*entry // due, but their group has its share of the workers
	changed chan struct{}       // closed when waiting has something new
	kept    int                 // bytes of message in memory
}

// An entry is what memory holds of a message.
type entry struct {
	subject   string
	group     string
	sequence  uint64 // of its record
	due       time.Time
	pushed    time.Time
	delivered int
	data      []byte // nil unless kept
	size      int
	place     int // in the schedule, -1 while it is aside or worked on
}

// keptBytes is how much of a queue's messages memory holds, so that what is
// taken up at once need not be read again.
const keptBytes = 4 << 20

// Queue returns the queue of a name. The queues of one name are one.
func (s *Store) Queue(name string) (Queue, error) {
	root, err := subjectOf(queuesRoot, Key(name))
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", name, err)
	}
	s.queuesMu.Lock()
	defer s.queuesMu.Unlock()
	if q := s.queues[name]; q != nil {
		return q, nil
	}
	e, err := s.running()
	if err != nil {
		return nil, fmt.Errorf("queue %q: %w", name, err)
	}
	q := &queue{
		store: s, root: root, entries: map[string]*entry{},
		working: map[string]int{}, aside: map[string][]*entry{}, changed: make(chan struct{}),
	}
	if err := q.load(s.life, e); err != nil {
		return nil, fmt.Errorf("queue %q: %w", name, err)
	}
	s.queues[name] = q
	return q, nil
}

// reloadQueues brings the queues to what a new engine holds.
func (s *Store) reloadQueues(ctx context.Context, e *engine) error {
	s.queuesMu.Lock()
	defer s.queuesMu.Unlock()
	for _, q := range s.queues {
		if err := q.load(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (q *queue) Push(ctx context.Context, group string, message []byte) error {
	if len(message) > maxPayload-recordOverhead {
		return fmt.Errorf("push to %s: a message of %d bytes is too large", q.root, len(message))
	}
	if err := q.store.space.take(len(message) + recordOverhead); err != nil {
		return fmt.Errorf("push to %s: %w", q.root, err)
	}
	now := q.store.clock.Now()
	en := &entry{subject: q.root + "." + rand.Text(), group: group, due: now, pushed: now, size: len(message), place: -1}
	var err error
	en.sequence, err = q.store.publish(ctx, en.record(message))
	if err != nil {
		return fmt.Errorf("push to %s: %w", q.root, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.entries[en.subject] != nil {
		return nil // a new engine's load has been faster
	}
	q.entries[en.subject] = en
	q.keep(en, message)
	q.await(en)
	return nil
}

func (q *queue) Work(ctx context.Context, parallel, ofGroup int, work func(context.Context, Message) Verdict) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(q.store.life, cancel)()
	var workers sync.WaitGroup
	defer workers.Wait()
	free := make(chan struct{}, parallel)
	for {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		en := q.next(ctx, ofGroup)
		if en == nil {
			return nil
		}
		workers.Go(func() {
			defer func() { <-free }()
			defer q.leave(en.group)
			q.handle(ctx, en, work)
		})
	}
}

// next waits for a message to be due whose group has a worker left, and takes
// it out of the schedule. It returns nil when ctx has ended.
func (q *queue) next(ctx context.Context, ofGroup int) *entry {
	for {
		if ctx.Err() != nil {
			return nil
		}
		q.mu.Lock()
		changed := q.changed
		en, wait := q.take(q.store.clock.Now(), ofGroup)
		q.mu.Unlock()
		if en != nil {
			return en
		}
		var due <-chan struct{}
		stop := func() bool { return true }
		if wait > 0 {
			due, stop = aws.After(q.store.clock, wait)
		}
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-changed:
		case <-due:
		}
		stop()
	}
}

// take returns the first message that is due, or how long until one is; less
// than nothing if none will be. mu must be held.
func (q *queue) take(now time.Time, ofGroup int) (*entry, time.Duration) {
	for len(q.waiting) > 0 {
		if wait := q.waiting[0].due.Sub(now); wait > 0 {
			return nil, wait
		}
		en := q.waiting.pop()
		if q.working[en.group] < ofGroup {
			q.working[en.group]++
			return en, 0
		}
		q.aside[en.group] = append(q.aside[en.group], en)
	}
	return nil, -1
}

// leave gives a worker back, to the next message of its group that is aside.
func (q *queue) leave(group string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.working[group]--; q.working[group] == 0 {
		delete(q.working, group)
	}
	if list := q.aside[group]; len(list) > 0 {
		q.aside[group] = list[1:]
		q.await(list[0])
	} else {
		delete(q.aside, group)
	}
}

func (q *queue) handle(ctx context.Context, en *entry, work func(context.Context, Message) Verdict) {
	data, err := q.data(ctx, en)
	if err != nil {
		if ctx.Err() == nil {
			q.store.log.Error("state: a queue's message cannot be read", "subject", en.subject, "error", err)
		}
		q.put(en, q.store.clock.Now().Add(unreadableDelay), nil)
		return
	}
	en.delivered++
	verdict := work(ctx, Message{Data: data, Pushed: en.pushed, Delivered: en.delivered})
	if !verdict.Retry {
		q.remove(en)
		return
	}
	due := q.store.clock.Now().Add(verdict.After)
	if verdict.Again != nil {
		data, en.delivered = verdict.Again, 0
	}
	// So that delay, count and what stands in its place outlive this process. If
	// they cannot be written, delay and count hold for as long as it runs, and what
	// stands in its place for as long as memory has room for it.
	if err := q.rewrite(en, due, data); err != nil {
		q.store.log.Warn("state: a queue's message stays on disk as it was", "subject", en.subject, "error", err)
	}
	q.put(en, due, data)
}

// unreadableDelay is when a message that could not be read is tried again.
const unreadableDelay = 5 * time.Second

func (q *queue) data(ctx context.Context, en *entry) ([]byte, error) {
	q.mu.Lock()
	data := en.data
	if data != nil {
		q.kept -= len(data)
		en.data = nil
	}
	sequence := en.sequence
	q.mu.Unlock()
	if data != nil || en.size == 0 {
		return data, nil
	}
	e, err := q.store.running()
	if err != nil {
		return nil, err
	}
	msg, err := e.queues.GetMsg(ctx, sequence)
	if err != nil {
		return nil, err
	}
	return msg.Data, nil
}

func (q *queue) rewrite(en *entry, due time.Time, data []byte) error {
	if len(data) > maxPayload-recordOverhead {
		return fmt.Errorf("a message of %d bytes is too large", len(data))
	}
	if err := q.store.space.take(len(data) + recordOverhead); err != nil {
		return err
	}
	next := *en
	next.due = due
	msg := next.record(data)
	replace(msg)
	sequence, err := q.store.publish(q.store.life, msg)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	en.sequence, en.size = sequence, len(data)
	return nil
}

// remove forgets a message whose work is done. It goes on trying, since what
// is not removed is done again.
func (q *queue) remove(en *entry) {
	for {
		err := q.erase(en)
		if err == nil {
			break
		}
		if q.store.life.Err() != nil {
			return
		}
		q.store.log.Warn("state: a queue's message that is done cannot be removed", "subject", en.subject, "error", err)
		again, stop := aws.After(q.store.clock, time.Second)
		select {
		case <-again:
		case <-q.store.life.Done():
			stop()
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.entries, en.subject)
}

func (q *queue) erase(en *entry) error {
	e, err := q.store.running()
	if err != nil {
		return err
	}
	if err := q.store.space.takeToFree(recordOverhead); err != nil {
		return err
	}
	q.mu.Lock()
	sequence := en.sequence
	q.mu.Unlock()
	// The store may be closing: what is done is removed nevertheless.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.store.life), publishTimeout)
	defer cancel()
	return erase(ctx, e.queues, en.subject, sequence)
}

// put gives an entry back to the schedule.
func (q *queue) put(en *entry, due time.Time, data []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	en.due = due
	q.keep(en, data)
	q.await(en)
}

// keep holds a message in memory if there is room. mu must be held.
func (q *queue) keep(en *entry, data []byte) {
	if len(data) > 0 && q.kept+len(data) <= keptBytes {
		q.kept += len(data)
		en.data = data
	}
}

// await schedules an entry. mu must be held.
func (q *queue) await(en *entry) {
	q.waiting.push(en)
	if q.waiting[0] == en {
		close(q.changed)
		q.changed = make(chan struct{})
	}
}
