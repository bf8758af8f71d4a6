package state

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/aws"
)

func push(t tester, q Queue, messages ...string) {
	t.Helper()
	for _, m := range messages {
		if err := q.Push(t.Context(), "", []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
}

// take works on a queue until it has been handed n messages, and is done with
// each.
func take(t tester, q Queue, n int) (messages []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := q.Work(ctx, 1, 1, func(_ context.Context, m Message) Verdict {
		messages = append(messages, fmt.Sprintf("%s %d", m.Data, m.Delivered))
		if len(messages) == n {
			cancel()
		}
		return Verdict{}
	}); err != nil {
		t.Fatal(err)
	}
	return messages
}

func TestQueueKeepsOrderAcrossRestart(t *testing.T) {
	dir := t.TempDir()
	clock := aws.NewManualClock(time.UnixMilli(1e12))
	s := open(t, Options{Dir: dir, Clock: clock})
	push(t, must(s.Queue("a"))(t), "1", "2", "3")
	push(t, must(s.Queue("a/b"))(t), "other")
	if diff := cmp.Diff([]string{"1 1"}, take(t, must(s.Queue("a"))(t), 1)); diff != "" {
		t.Error(diff)
	}
	s.Close()
	s = open(t, Options{Dir: dir, Clock: clock})
	q := must(s.Queue("a"))(t)
	push(t, q, "4")
	if diff := cmp.Diff([]string{"2 1", "3 1", "4 1"}, take(t, q, 3)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"other 1"}, take(t, must(s.Queue("a/b"))(t), 1)); diff != "" {
		t.Error(diff)
	}
	if info := must(s.engine.Load().queues.Info(t.Context()))(t); info.State.Msgs != 0 {
		t.Errorf("%d messages are left", info.State.Msgs)
	}
}

func TestRetryComesAfterItsDelay(t *testing.T) {
	dir := t.TempDir()
	start := time.UnixMilli(1e12)
	clock := aws.NewManualClock(start)
	s := open(t, Options{Dir: dir, Clock: clock})
	q := must(s.Queue("a"))(t)
	push(t, q, "1")
	ctx, cancel := context.WithCancel(t.Context())
	q.Work(ctx, 1, 1, func(_ context.Context, m Message) Verdict {
		cancel()
		return Verdict{Retry: true, After: time.Minute}
	})

	// The delay is kept by the next process, and so is the count.
	s.Close()
	s = open(t, Options{Dir: dir, Clock: clock})
	q = must(s.Queue("a"))(t)
	push(t, q, "2")
	if diff := cmp.Diff([]string{"2 1"}, take(t, q, 1)); diff != "" {
		t.Error(diff)
	}
	handed := make(chan Message)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	go q.Work(ctx, 1, 1, func(_ context.Context, m Message) Verdict {
		handed <- m
		return Verdict{}
	})
	eventually(t, func() error {
		if clock.Waiting() == 0 {
			return fmt.Errorf("nobody waits for the message")
		}
		return nil
	})
	select {
	case m := <-handed:
		t.Fatalf("%s came too early", m.Data)
	default:
	}
	clock.Advance(time.Minute)
	want := Message{Data: []byte("1"), Pushed: start, Delivered: 2}
	if diff := cmp.Diff(want, <-handed); diff != "" {
		t.Error(diff)
	}
}

// What is handed out in a message's place is so after its delay, also by the next
// process, and as if for the first time.
func TestAMessageTakesAnothersPlace(t *testing.T) {
	dir := t.TempDir()
	clock := aws.NewManualClock(time.UnixMilli(1e12))
	s := open(t, Options{Dir: dir, Clock: clock})
	q := must(s.Queue("a"))(t)
	push(t, q, "1", "2")
	ctx, cancel := context.WithCancel(t.Context())
	large := strings.Repeat("again ", 1<<20)
	answers := map[string]Verdict{
		"1": {Retry: true, After: time.Minute, Again: []byte("another")},
		"2": {Retry: true, After: 2 * time.Minute, Again: []byte(large)}, // more than memory keeps
	}
	handed := 0
	q.Work(ctx, 1, 1, func(_ context.Context, m Message) Verdict {
		if handed++; handed == 2 {
			cancel()
		}
		return answers[string(m.Data)]
	})
	if info := must(s.engine.Load().queues.Info(t.Context()))(t); info.State.Msgs != 2 {
		t.Errorf("%d messages are stored", info.State.Msgs)
	}
	clock.Advance(time.Minute)
	if diff := cmp.Diff([]string{"another 1"}, take(t, q, 1)); diff != "" {
		t.Error(diff)
	}
	s.Close()
	s = open(t, Options{Dir: dir, Clock: clock})
	clock.Advance(time.Minute)
	if diff := cmp.Diff([]string{large + " 1"}, take(t, must(s.Queue("a"))(t), 1)); diff != "" {
		t.Error(diff)
	}
}

func TestWorkIsParallelToALimit(t *testing.T) {
	const limit, messages = 4, 40
	q := must(open(t, Options{}).Queue("a"))(t)
	for i := range messages {
		push(t, q, fmt.Sprint(i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	busy, most, done := 0, 0, 0
	meet := make(chan struct{})
	q.Work(ctx, limit, limit, func(context.Context, Message) Verdict {
		mu.Lock()
		busy++
		most = max(most, busy)
		if busy == limit && done == 0 {
			close(meet)
		}
		mu.Unlock()
		<-meet // all of the first ones are here
		mu.Lock()
		defer mu.Unlock()
		busy--
		done++
		if done == messages {
			cancel()
		}
		return Verdict{}
	})
	if most != limit || done != messages {
		t.Errorf("%d messages were handed out, at most %d at a time; want %d and %d", done, most, messages, limit)
	}
}

func TestMessageThatIsNotInMemory(t *testing.T) {
	q := must(open(t, Options{}).Queue("a"))(t)
	const size = 1 << 20
	var want []byte
	for i := range keptBytes/size + 3 {
		m := noise(size, byte(i))
		want = append(want, m[:8]...)
		push(t, q, string(m))
	}
	if kept := q.(*queue).kept; kept > keptBytes {
		t.Errorf("%d bytes are in memory", kept)
	}
	var got []byte
	for _, m := range take(t, q, len(want)/8) {
		got = append(got, m[:8]...)
	}
	if !bytes.Equal(got, want) {
		t.Error("the messages came back otherwise")
	}
	if kept := q.(*queue).kept; kept != 0 {
		t.Errorf("%d bytes are left in memory", kept)
	}
}

func TestWorkEndsWithItsWorkers(t *testing.T) {
	s := open(t, Options{})
	q := must(s.Queue("a"))(t)
	push(t, q, "1")
	ended := make(chan struct{})
	begun := make(chan struct{})
	go func() {
		defer close(ended)
		q.Work(t.Context(), 1, 1, func(ctx context.Context, _ Message) Verdict {
			close(begun)
			<-ctx.Done()
			return Verdict{Retry: true}
		})
	}()
	<-begun
	s.Close()
	<-ended
}

func TestScheduleIsOrdered(t *testing.T) {
	var s schedule
	at := func(ms int64) time.Time { return time.UnixMilli(ms) }
	for i, due := range []int64{5, 1, 5, 3, 1} {
		s.push(&entry{due: at(due), sequence: uint64(i)})
	}
	var order []uint64
	for len(s) > 0 {
		order = append(order, s.pop().sequence)
	}
	if want := []uint64{1, 4, 3, 0, 2}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

// A group whose messages take long does not hold up another's, and its own
// follow each other in order.
func TestGroupsShareTheWorkers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	for _, m := range []string{"slow 1", "slow 2", "slow 3", "quick 1", "quick 2"} {
		group, _, _ := strings.Cut(m, " ")
		if err := must(s.Queue("a"))(t).Push(t.Context(), group, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	s.Close() // a group outlives it
	q := must(open(t, Options{Dir: dir}).Queue("a"))(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, gate := make(chan string, 5), make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- q.Work(ctx, 2, 1, func(_ context.Context, m Message) Verdict {
			begun <- string(m.Data)
			if strings.HasPrefix(string(m.Data), "slow") {
				<-gate
			}
			return Verdict{}
		})
	}()
	var got []string
	for range 3 {
		got = append(got, <-begun)
	}
	slices.Sort(got)
	for range 2 {
		gate <- struct{}{}
		got = append(got, <-begun)
	}
	if diff := cmp.Diff([]string{"quick 1", "quick 2", "slow 1", "slow 2", "slow 3"}, got); diff != "" {
		t.Error(diff)
	}
	close(gate)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
