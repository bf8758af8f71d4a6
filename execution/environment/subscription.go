package environment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/runtimeapi"
)

// A subscriber is an extension that is told what happens, in batches, through a
// listener of its own in the sandbox. One that does not keep up loses events,
// and is told how many; nobody waits for it.
type subscriber struct {
	subscription runtimeapi.Subscription
	clock        aws.Clock
	dial         func(ctx context.Context, port int) (net.Conn, error)
	life         context.Context // ends with the sandbox
	client       http.Client
	conn         net.Conn // of TCP
	sending      sync.WaitGroup

	mu      sync.Mutex
	batch   *runtimeapi.Batch // being filled
	other   *runtimeapi.Batch // being sent, or empty
	busy    bool              // other is being sent
	records int               // dropped
	bytes   int               // dropped
	stop    func() bool       // the alarm for batch; nil if there is none
	closed  bool
}

const (
	// maxEarly and maxEarlySize bound what is kept for those who may still
	// subscribe: events, and bytes of output in them.
	maxEarly     = 1000
	maxEarlySize = 1 << 20
	// A batch that is not taken is sent again, and then lost.
	deliveries     = 3
	deliveryLimit  = 2 * time.Second
	deliveryPause  = 100 * time.Millisecond
	maxAcknowledge = 64 << 10
)

func newSubscriber(s runtimeapi.Subscription, clock aws.Clock, life context.Context, dial func(context.Context, int) (net.Conn, error)) *subscriber {
	u := &subscriber{subscription: s, clock: clock, dial: dial, life: life}
	u.batch, u.other = runtimeapi.NewBatch(&u.subscription), runtimeapi.NewBatch(&u.subscription)
	u.client = http.Client{
		Timeout:       deliveryLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// One connection for all: there are not many into a sandbox.
		Transport: &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, s.Port) },
			MaxConnsPerHost:    1,
			DisableCompression: true,

			MaxResponseHeaderBytes: maxAcknowledge,
		},
	}
	return u
}

// heard reports whether anybody is told of events, or may be, with mu held.
func (r *record) heard() bool { return len(r.subscribers) > 0 || !r.past }

// tell adds an event for all subscribers, with the record's mu held. Until the
// init phase is over, it is kept for those who are yet to come.
func (r *record) tell(event func(*runtimeapi.Batch)) {
	for _, u := range r.subscribers {
		u.add(event)
	}
	if !r.past && len(r.early) < maxEarly && r.earlySize < maxEarlySize {
		r.early = append(r.early, event)
	}
}

// subscribe adds a subscriber and tells it what has happened so far. It takes
// the place of an earlier one of the same extension.
func (r *record) subscribe(u *subscriber) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, old := range r.subscribers {
		if old.subscription.Extension == u.subscription.Extension {
			r.subscribers[i] = u
			go old.wait() // for what is under way, at most as long as the sandbox lives
			return
		}
	}
	r.subscribers = append(r.subscribers, u)
	for _, event := range r.early {
		u.add(event)
	}
}

// settled says that nobody can subscribe any more.
func (r *record) settled() {
	r.mu.Lock()
	r.early, r.earlySize, r.past = nil, 0, true
	r.mu.Unlock()
}

// telling reports whether some subscriber is still to be told something.
func (r *record) telling() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.subscribers {
		if u.owes() {
			return true
		}
	}
	return false
}

// hurry sends what subscribers are still to be told.
func (r *record) hurry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.subscribers {
		u.due()
	}
}

func (u *subscriber) owes() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	items, _ := u.batch.Len()
	return items > 0 || u.busy
}

// add adds an event to the batch.
func (u *subscriber) add(event func(*runtimeapi.Batch)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return
	}
	if u.batch.Full() {
		if u.busy {
			// Counted by what it would have been.
			lost := runtimeapi.NewBatch(&u.subscription)
			event(lost)
			items, bytes := lost.Len()
			u.records, u.bytes = u.records+items, u.bytes+bytes
			return
		}
		u.send()
	}
	event(u.batch)
	switch items, _ := u.batch.Len(); {
	case items == 0:
	case u.batch.Full() && !u.busy:
		u.send()
	case u.stop == nil && !u.busy:
		u.stop = u.clock.AfterFunc(u.subscription.Timeout, u.due)
	}
}

// due sends the batch, full or not.
func (u *subscriber) due() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if items, _ := u.batch.Len(); items > 0 && !u.busy && !u.closed {
		u.send()
	}
}

// send begins to send the batch, with mu held.
func (u *subscriber) send() {
	if u.stop != nil {
		u.stop()
		u.stop = nil
	}
	u.batch, u.other, u.busy = u.other, u.batch, true
	u.sending.Go(func() {
		err := u.deliver(u.other.Body())
		u.mu.Lock()
		defer u.mu.Unlock()
		if err != nil {
			items, bytes := u.other.Len()
			u.records, u.bytes = u.records+items, u.bytes+bytes
		}
		u.other.Reset()
		u.busy = false
		if u.records > 0 && err == nil {
			u.batch.Dropped(u.clock.Now(), u.records, u.bytes)
			u.records, u.bytes = 0, 0
		}
		if items, _ := u.batch.Len(); items > 0 && !u.closed {
			if u.batch.Full() {
				u.send()
			} else if u.stop == nil {
				u.stop = u.clock.AfterFunc(u.subscription.Timeout, u.due)
			}
		}
	})
}

// deliver sends a batch until it is taken, but not for ever.
func (u *subscriber) deliver(body []byte) (err error) {
	for try := range deliveries {
		if try > 0 {
			later, stop := aws.After(u.clock, deliveryPause<<try)
			select {
			case <-later:
			case <-u.life.Done():
				stop()
				return u.life.Err()
			}
		}
		if u.subscription.Protocol == "HTTP" {
			err = u.post(body)
		} else {
			err = u.write(body)
		}
		if err == nil || u.life.Err() != nil {
			return err
		}
	}
	return err
}

func (u *subscriber) post(body []byte) error {
	s := &u.subscription
	q, err := http.NewRequestWithContext(u.life, s.Method, s.URL(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	reply, err := u.client.Do(q)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	_, _ = io.CopyN(io.Discard, reply.Body, maxAcknowledge)
	if reply.StatusCode/100 != 2 {
		return fmt.Errorf("the extension answers %s", reply.Status)
	}
	return nil
}

func (u *subscriber) write(body []byte) (err error) {
	if u.conn == nil {
		ctx, cancel := context.WithTimeout(u.life, deliveryLimit)
		defer cancel()
		if u.conn, err = u.dial(ctx, u.subscription.Port); err != nil {
			u.conn = nil
			return err
		}
	}
	_ = u.conn.SetWriteDeadline(time.Now().Add(deliveryLimit))
	if _, err = u.conn.Write(body); err != nil {
		u.conn.Close()
		u.conn = nil
	}
	return err
}

// end gives the subscriber up.
func (u *subscriber) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	if u.stop != nil {
		u.stop()
		u.stop = nil
	}
}

// wait returns when nothing is being sent any more. The subscriber's life is
// over.
func (u *subscriber) wait() {
	u.end()
	u.sending.Wait()
	u.client.CloseIdleConnections()
	if u.conn != nil {
		u.conn.Close()
	}
}

// Subscribed implements runtimeapi.Owner.
func (e *Environment) Subscribed(s runtimeapi.Subscription) {
	f := e.pool.fleet
	box := e.sandbox()
	if box == nil {
		return
	}
	u := newSubscriber(s, f.Clock, e.life(), func(ctx context.Context, port int) (net.Conn, error) {
		conn, err := box.Dial(ctx, port)
		if err != nil && !errors.Is(err, context.Canceled) {
			f.Log.Debug("an extension does not take telemetry", "function", e.pool.function.Name, "extension", s.Extension, "error", err)
		}
		return conn, err
	})
	e.log.subscribe(u)
	e.log.subscription(&s, f.Clock.Now())
}

// life is a context that ends with the sandbox.
func (e *Environment) life() context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.context == nil {
		e.context, e.cancel = context.WithCancel(context.Background())
	}
	return e.context
}

// endSubscriptions gives all subscribers up, as the sandbox is gone.
func (e *Environment) endSubscriptions() {
	e.mu.Lock()
	cancel := e.cancel
	e.mu.Unlock()
	if cancel == nil {
		return
	}
	cancel()
	e.log.mu.Lock()
	all := e.log.subscribers
	e.log.subscribers = nil
	e.log.mu.Unlock()
	for _, u := range all {
		u.wait()
	}
}
