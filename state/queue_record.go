package state

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Headers of a queue's records. They can be read without the message.
const (
	pushedHeader    = "Pushed" // milliseconds since 1970
	dueHeader       = "Due"    // likewise
	deliveredHeader = "Delivered"
	groupHeader     = "Group"
	sizeHeader      = "Nats-Msg-Size" // the engine's, in place of the message
)

func (en *entry) record(data []byte) *nats.Msg {
	return &nats.Msg{Subject: en.subject, Data: data, Header: nats.Header{
		pushedHeader:    {strconv.FormatInt(en.pushed.UnixMilli(), 10)},
		dueHeader:       {strconv.FormatInt(en.due.UnixMilli(), 10)},
		deliveredHeader: {strconv.Itoa(en.delivered)},
		groupHeader:     {en.group},
	}}
}

func entryOf(subject string, sequence uint64, header nats.Header) (*entry, error) {
	number := func(name string) (int64, error) { return strconv.ParseInt(header.Get(name), 10, 64) }
	pushed, err1 := number(pushedHeader)
	due, err2 := number(dueHeader)
	delivered, err3 := number(deliveredHeader)
	size, err4 := number(sizeHeader)
	if err := cmp.Or(err1, err2, err3, err4); err != nil {
		return nil, fmt.Errorf("record %d at %s: %w", sequence, subject, err)
	}
	return &entry{
		subject:   subject,
		group:     header.Get(groupHeader),
		sequence:  sequence,
		pushed:    time.UnixMilli(pushed),
		due:       time.UnixMilli(due),
		delivered: int(delivered),
		size:      int(size),
		place:     -1,
	}, nil
}

// load brings the entries to what the engine holds.
func (q *queue) load(ctx context.Context, e *engine) error {
	found := map[string]*entry{}
	err := e.headers(ctx, queuesStream, q.root+".>", func(msg jetstream.Msg, sequence uint64) {
		en, err := entryOf(msg.Subject(), sequence, msg.Headers())
		if err != nil {
			q.store.log.Error("state: a queue's record cannot be read", "error", err)
			return
		}
		found[en.subject] = en
	})
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for subject, en := range q.entries {
		if found[subject] == nil && en.place >= 0 {
			heap.Remove(&q.waiting, en.place)
			delete(q.entries, subject)
		}
	}
	for subject, en := range found {
		if known := q.entries[subject]; known != nil {
			known.sequence = en.sequence
			continue
		}
		q.entries[subject] = en
		q.await(en)
	}
	return nil
}

// A schedule is a heap of entries, the one that is due first on top.
type schedule []*entry

func (s schedule) Len() int { return len(s) }

func (s schedule) Less(i, j int) bool {
	if order := s[i].due.Compare(s[j].due); order != 0 {
		return order < 0
	}
	return s[i].sequence < s[j].sequence
}

func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].place, s[j].place = i, j
}

// Push and Pop are for the package heap.
func (s *schedule) Push(x any) {
	en := x.(*entry)
	en.place = len(*s)
	*s = append(*s, en)
}

func (s *schedule) Pop() any {
	last := len(*s) - 1
	en := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	en.place = -1
	return en
}

func (s *schedule) push(en *entry) { heap.Push(s, en) }
func (s *schedule) pop() *entry    { return heap.Pop(s).(*entry) }
