package aws

import (
	"sync"
	"time"
)

// A Clock tells the time and wakes those who wait for it. Everything in
// lamgate that waits, expires or retries does so by a Clock, so that tests
// move time instead of spending it.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in a goroutine of its own once d has passed. The
	// returned function stops it and reports whether it did so in time.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// After returns a channel that is closed once d has passed on c, and a function
// that gives the wait up.
func After(c Clock, d time.Duration) (done <-chan struct{}, stop func() bool) {
	ch := make(chan struct{})
	return ch, c.AfterFunc(d, func() { close(ch) })
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the current local time.
func (SystemClock) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (SystemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

// A ManualClock stands still until Advance moves it. Tests use it.
type ManualClock struct {
	mu     sync.Mutex
	now    time.Time
	alarms map[*alarm]struct{}
}

type alarm struct {
	at time.Time
	f  func()
}

// NewManualClock returns a clock that stands at now.
func NewManualClock(now time.Time) *ManualClock {
	return &ManualClock{now: now, alarms: map[*alarm]struct{}{}}
}

// Now returns the time at which the clock stands.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc implements Clock.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{c.now.Add(d), f}
	if d <= 0 {
		go f()
		return func() bool { return false }
	}
	c.alarms[a] = struct{}{}
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, waiting := c.alarms[a]
		delete(c.alarms, a)
		return waiting
	}
}

// Advance moves the clock by d and starts what has come due, each in a
// goroutine of its own.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for a := range c.alarms {
		if !a.at.After(c.now) {
			delete(c.alarms, a)
			go a.f()
		}
	}
}

// Waiting returns how many alarms are set, so that a test can tell that the
// code under test has begun to wait.
func (c *ManualClock) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.alarms)
}
