package environment

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// ready waits until so many provisioned environments stand ready.
func ready(t *testing.T, p *Pool, n int) {
	t.Helper()
	until(t, func() bool { a := p.Allocation(); return a.Available == n && a.Status == "READY" })
}

func TestProvisionedConcurrencyIsReadyFirst(t *testing.T) {
	p, d, clock := newPool(t)
	p.Provision(3)
	if a := p.Allocation(); a.Requested != 3 || a.Available != 0 || a.Status != "IN_PROGRESS" {
		t.Errorf("at once: %+v", a)
	}
	for range 3 {
		<-d.started
		d.begin <- struct{}{}
	}
	ready(t, p, 3)
	// Long after others would have been retired, they are there.
	clock.Advance(time.Hour)
	ready(t, p, 3)
	done := line(t, p, 3)
	if len(d.started) != 0 {
		t.Error("an environment was started beside those that stand ready")
	}
	// What is more than provisioned is served on demand.
	more := line(t, p, 1)
	<-d.started
	d.begin <- struct{}{}
	for range 4 {
		<-d.events
		d.answer <- struct{}{}
	}
	done.Wait()
	more.Wait()
	until(t, func() bool { all, idle := p.Count(); return all == 4 && idle == 4 })
	// The next goes to one that is provisioned, whoever was used last.
	last := line(t, p, 1)
	<-d.events
	p.mu.Lock()
	if len(p.ready) != 2 || len(p.idle) != 1 {
		t.Errorf("%d provisioned and %d others are idle", len(p.ready), len(p.idle))
	}
	p.mu.Unlock()
	d.answer <- struct{}{}
	last.Wait()
	// Those that are too many go: the idle at once, the busy when they have
	// finished.
	until(t, func() bool { _, idle := p.Count(); return idle == 4 })
	busy := line(t, p, 3)
	for range 3 {
		<-d.events
	}
	p.Provision(1)
	for range 3 {
		d.answer <- struct{}{}
	}
	busy.Wait()
	ready(t, p, 1)
	p.Provision(0)
	ready(t, p, 0)
}

func TestProvisionedEnvironmentIsReplaced(t *testing.T) {
	p, d, _ := newPool(t)
	p.Provision(1)
	f := <-d.started
	d.begin <- struct{}{}
	ready(t, p, 1)
	f.Kill()
	<-d.started
	d.begin <- struct{}{}
	ready(t, p, 1)
}

func TestProvisioningFails(t *testing.T) {
	p, d, clock := newPool(t)
	p.Provision(1)
	for n := range 3 {
		pause := time.Second << n
		(<-d.started).Kill()
		until(t, func() bool {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.failures == n+1
		})
		if a := p.Allocation(); a.Status != "FAILED" || a.Reason != "FUNCTION_ERROR_INIT_FAILURE" || a.Available != 0 {
			t.Errorf("%+v", a)
		}
		// Nobody in line is made to pay for it.
		clock.Advance(pause - 1)
		if len(d.started) != 0 {
			t.Error("the next try comes at once")
		}
		clock.Advance(1)
	}
	<-d.started
	d.begin <- struct{}{}
	ready(t, p, 1)
}

// A provisioned environment has more time for its init than others.
func TestProvisionedInitMayTakeLong(t *testing.T) {
	p, d, clock := newPool(t)
	p.config.Timeout = 3 * time.Second
	p.Provision(1)
	<-d.started
	until(t, func() bool { return len(p.fleet.States()) == 1 && p.fleet.States()[0] == "initialising" })
	clock.Advance(129 * time.Second)
	d.begin <- struct{}{}
	ready(t, p, 1)
}

func TestWithoutMemoryNothingIsStarted(t *testing.T) {
	p, d, clock := newPool(t)
	available := int64(10 << 20)
	p.fleet.budget.Read = func() (int64, int64, bool) { return 1 << 30, available, true }
	p.fleet.budget.Reserve = 8 << 20
	// Who has nothing to wait for is told at once.
	if _, err := p.Invoke(context.Background(), Request{ID: aws.NewUUID()}, func() {}); !errors.Is(err, ErrNoMemory) {
		t.Fatal(err)
	}
	available = 1 << 30
	warm(t, p, d, clock, time.Millisecond, time.Millisecond)
	available = 0
	// Who has waits.
	done := line(t, p, 2)
	<-d.events
	clock.Advance(memoryPatience / 2)
	d.answer <- struct{}{}
	d.answer <- struct{}{}
	done.Wait()
	if len(d.started) != 0 {
		t.Error("an environment was started")
	}
	// But not for ever.
	busy := line(t, p, 1)
	answers := make(chan error)
	go func() {
		_, err := p.Invoke(context.Background(), Request{ID: aws.NewUUID()}, func() {})
		answers <- err
	}()
	until(t, func() bool { return p.arrivals() == 2 })
	clock.Advance(memoryPatience)
	if err := <-answers; !errors.Is(err, ErrNoMemory) {
		t.Error(err)
	}
	d.answer <- struct{}{}
	busy.Wait()
}

// Environments that others leave idle make room.
func TestIdleEnvironmentsMakeRoom(t *testing.T) {
	p, d, clock := newPool(t)
	warm(t, p, d, clock, time.Millisecond, time.Millisecond)
	p.fleet.budget.Reserve = 1
	p.fleet.budget.Read = func() (int64, int64, bool) {
		if all, _ := p.Count(); all > 0 {
			return 1 << 30, 1, true
		}
		return 1 << 30, 1 << 29, true
	}
	function := p.function
	function.Name = "other"
	other := p.fleet.Pool(function, p.config)
	done := line(t, other, 1)
	<-d.started
	d.begin <- struct{}{}
	<-d.events
	d.answer <- struct{}{}
	done.Wait()
	if all, _ := p.Count(); all != 0 {
		t.Error("the idle environment is still there")
	}
}

// Two hundred requests at once, each for an environment of its own, are served
// without one error and without more starts at a time than the host can run.
func TestBurst(t *testing.T) {
	p, d, clock := newPool(t)
	p.fleet.spare = func() bool { return true }
	const n = 200
	done := line(t, p, n)
	alive := 0
	for range n {
		if len(d.started) > cap(p.fleet.places) {
			t.Errorf("%d starts at once", len(d.started))
		}
		<-d.started
		alive++
		d.begin <- struct{}{}
		<-d.events
	}
	clock.Advance(time.Second)
	for range n {
		d.answer <- struct{}{}
	}
	done.Wait()
	if all, _ := p.Count(); all != n {
		t.Errorf("%d environments", all)
	}
}

// Inits that wait for something do not hold up other starts, where processors
// have nothing to do.
func TestWaitingStartsGiveTheirPlaces(t *testing.T) {
	for _, spare := range []bool{true, false} {
		p, d, clock := newPool(t)
		p.fleet.spare = func() bool { return spare }
		n := cap(p.fleet.places)
		done := line(t, p, 2*n)
		for range n {
			<-d.started
		}
		until(t, func() bool {
			for _, s := range p.fleet.States() {
				if s != "initialising" {
					return false
				}
			}
			return true
		})
		for waited := time.Duration(0); !spare && waited < placeLimit-placeLook; waited += placeLook {
			clock.Advance(placeLook)
		}
		if len(d.started) != 0 {
			t.Errorf("spare %v: another start before its turn", spare)
		}
		clock.Advance(placeLook)
		for range n {
			<-d.started
		}
		for range 2 * n {
			d.begin <- struct{}{}
			<-d.events
			d.answer <- struct{}{}
		}
		done.Wait()
	}
}

// A function that is debugged has its one environment, started when it is needed;
// whoever waits for what is provisioned, as a stack does, is not held up.
func TestProvisionedConcurrencyOfADebuggedFunctionIsNotWaitedFor(t *testing.T) {
	p, d, _ := newPool(t)
	p.debugPort = 9229
	p.Provision(3)
	if a := p.Allocation(); a.Requested != 3 || a.Available != 3 || a.Status != "READY" {
		t.Errorf("of a debugged function: %+v", a)
	}
	if len(d.started) != 0 {
		t.Error("an environment was started")
	}
	p.Provision(0)
	if a := p.Allocation(); a.Requested != 0 {
		t.Errorf("afterwards: %+v", a)
	}
}
