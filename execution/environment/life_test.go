package environment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/sandbox"
	"pgregory.net/rapid"
)

// Whatever happens, and in whatever order: no transition is illegal, no event is
// given to processes that are stopped, every request is over once, and nothing is
// left in the end.
func TestLife(t *testing.T) {
	for name, kind := range map[string]struct {
		extensions []string
		stems      int
	}{
		"alone": {nil, -1}, "beside an extension": {[]string{"x"}, -1}, "as stem cells": {nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			template, _ := newStage(t, kind.extensions...)
			if kind.stems > 0 {
				template.config.Runtime = "python3.12"
				if _, _, err := template.fleet.Runtimes.Find(t.Context(), template.config.Runtime, ""); err != nil {
					t.Skip(err)
				}
			}
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(t, template, kind.stems)
				defer w.close(rt)
				rt.Repeat(map[string]func(*rapid.T){
					"":           w.check,
					"invoke":     w.invoke,
					"processes":  w.step,
					"processes ": w.step,
					"time":       w.wait,
					"accident":   w.accident,
					"provision":  func(rt *rapid.T) { w.pool().Provision(rapid.IntRange(0, 2).Draw(rt, "how many")) },
					"update":     w.update,
				})
			})
		})
	}
}

// A world is a fleet with one function, those who invoke it, and the processes
// of its sandboxes.
type world struct {
	*stage
	fleet    *Fleet
	function execution.FunctionRef
	config   execution.Configuration
	pools    []*Pool // of the function's generations; the last is in use
	boxes    []*box
	actors   []*actor

	asking  sync.WaitGroup
	asked   int
	closing atomic.Bool

	mu    sync.Mutex
	ended map[string]int // requests, by ID
}

func newWorld(t *testing.T, template *Pool, stems int) *world {
	s := &stage{t: t, clock: aws.NewManualClock(time.Unix(1700000000, 0)), logs: &sink{}, boxes: make(chan *box, 1000)}
	f := NewFleet(Config{
		Driver: s, Network: sandbox.HostNetwork, Runtimes: template.fleet.Runtimes, Packages: template.fleet.Packages, Logs: s.logs, Clock: s.clock,
		Log: slog.New(loud{t}), Stems: stems,
	})
	w := &world{stage: s, fleet: f, function: template.function, config: template.config, ended: map[string]int{}}
	w.pools = []*Pool{f.Pool(w.function, w.config)}
	if stems > 0 {
		f.Prepare(&w.config, false)
	}
	return w
}

// pool is the one in use.
func (w *world) pool() *Pool { return w.pools[len(w.pools)-1] }

// look lets others come to their turn, and meets the new sandboxes.
func (w *world) look() {
	for range 100 {
		runtime.Gosched()
	}
	for {
		select {
		case b := <-w.stage.boxes:
			w.boxes = append(w.boxes, b)
			for range b.spec.Extensions {
				w.actors = append(w.actors, &actor{b: b, external: true})
			}
			w.actors = append(w.actors, &actor{b: b})
		default:
			return
		}
	}
}

// invoke brings a request, also to a pool that somebody still holds, and whoever
// asks may lose patience.
func (w *world) invoke(rt *rapid.T) {
	p := rapid.SampledFrom([]*Pool{w.pool(), w.pool(), w.pool(), w.pools[max(len(w.pools)-2, 0)]}).Draw(rt, "generation")
	id := fmt.Sprintf("id-%d", w.asked)
	w.asked++
	tail := rapid.Bool().Draw(rt, "sees the log")
	ctx, cancel := context.WithCancel(context.Background())
	if rapid.Bool().Draw(rt, "gives up") {
		w.clock.AfterFunc(50*time.Millisecond, cancel)
	}
	w.asking.Go(func() {
		defer cancel()
		o, err := p.Invoke(ctx, Request{ID: id, Payload: []byte("{}"), LogTail: tail}, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ended[id]++
		})
		switch {
		case err == nil && (o.RequestID != id || tail != (len(o.LogTail) > 0)):
			w.t.Errorf("%s is answered %+v", id, o)
		case err != nil && !errors.Is(err, context.Canceled) && !(errors.Is(err, ErrClosed) && w.closing.Load()):
			w.t.Errorf("%s: %v", id, err)
		}
	})
}

// step has some processes do what they can do next.
func (w *world) step(rt *rapid.T) {
	fails := rapid.IntRange(0, 9).Draw(rt, "fails") == 0
	for range rapid.IntRange(1, 15).Draw(rt, "how many") {
		w.look()
		if n := len(w.actors); n > 0 {
			// The new ones have more to do.
			rapid.SampledFrom(w.actors[max(n-4, 0):]).Draw(rt, "who").step(fails)
			fails = false
		}
	}
}

func (w *world) wait(rt *rapid.T) {
	w.clock.Advance(rapid.SampledFrom([]time.Duration{
		time.Millisecond, lastBreath, refillAfter, lookEvery, time.Second, 11 * time.Second, 11 * time.Minute,
	}).Draw(rt, "passes"))
}

// accident ends a process, or all of a sandbox.
func (w *world) accident(rt *rapid.T) {
	w.look()
	if len(w.boxes) == 0 {
		return
	}
	b := rapid.SampledFrom(w.boxes).Draw(rt, "where")
	if len(b.spec.Extensions) > 0 && rapid.Bool().Draw(rt, "one alone") {
		b.tell(sandbox.Ended{Extension: rapid.SampledFrom([]string{"", "x"}).Draw(rt, "who")})
		return
	}
	b.end()
}

// update brings new code: another pool, while the old one ends its work.
func (w *world) update(*rapid.T) {
	w.pool().Retire()
	w.pools = append(w.pools, w.fleet.Pool(w.function, w.config))
}

// check says what is true at any moment.
func (w *world) check(rt *rapid.T) {
	w.look()
	for _, p := range w.pools {
		p.mu.Lock()
		if p.begun < 0 || p.begun > p.starting || p.available < 0 || p.available > p.alive || p.returning.Load() < 0 {
			rt.Errorf("%d begun of %d starting, %d available of %d provisioned, %d returning", p.begun, p.starting, p.available, p.alive, p.returning.Load())
		}
		for _, r := range p.resets {
			if r.failed == nil || p.retired {
				rt.Errorf("a reset environment for nothing: %+v", r)
			}
		}
		seen := map[*Environment]bool{}
		for provisioned, list := range map[bool][]*Environment{false: p.idle, true: p.ready} {
			for _, e := range list {
				e.mu.Lock()
				if seen[e] || e.provisioned != provisioned || e.ticket != nil || e.state != Idle && e.state != Frozen && !e.state.over() {
					rt.Errorf("an environment that is %s is among the idle (twice: %v)", e.state, seen[e])
				}
				e.mu.Unlock()
				seen[e] = true
			}
		}
		p.mu.Unlock()
	}
	until(w.t, w.unique)
}

// unique reports whether no environment is there twice. It may be seen amid its
// way from the living to the reset, or back.
func (w *world) unique() bool {
	var names []string
	for _, e := range w.fleet.allAlive() {
		if !e.dead() { // else another may have begun again in its place
			names = append(names, e.log.stream)
		}
	}
	for _, p := range w.pools {
		p.mu.Lock()
		for _, r := range p.resets {
			names = append(names, r.stream)
		}
		p.mu.Unlock()
	}
	slices.Sort(names)
	return len(slices.Compact(slices.Clone(names))) == len(names)
}

// close ends it all, and looks at what is left.
func (w *world) close(rt *rapid.T) {
	w.closing.Store(true)
	w.pool().Retire()
	w.stage.close(w.fleet)
	w.asking.Wait()
	until(w.t, func() bool { // those that nobody waits for end a moment later
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.ended) == w.asked
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, n := range w.ended {
		if n != 1 {
			rt.Errorf("%s ended %d times", id, n)
		}
	}
	f := w.fleet
	if len(f.places) != 0 || f.budget.promised != 0 || len(f.allAlive()) != 0 || len(f.stems.stand()) != 0 || len(f.allPools()) != 0 {
		rt.Errorf("left: %d places, %d bytes, %d alive, %d stem cells, %d pools", len(f.places), f.budget.promised, len(f.allAlive()), len(f.stems.stand()), len(f.allPools()))
	}
	for _, p := range w.pools {
		if p.starting != 0 || p.begun != 0 || len(p.all) != 0 || p.alive != 0 || p.returning.Load() != 0 || len(p.resets) != 0 {
			rt.Errorf("left in a pool: %d starting, %d begun, %d in all, %d provisioned, %d returning, %d reset", p.starting, p.begun, len(p.all), p.alive, p.returning.Load(), len(p.resets))
		}
	}
	for _, b := range w.boxes {
		select {
		case <-b.done:
		default:
			rt.Errorf("a sandbox is left")
		}
	}
	log := w.logs.text()
	for id := range w.ended {
		starts, ends, reports := strings.Count(log, "START RequestId: "+id+" "), strings.Count(log, "END RequestId: "+id+"\n"), strings.Count(log, "REPORT RequestId: "+id+"\t")
		if starts > 1 || ends > starts || reports != ends {
			rt.Errorf("%s has %d starts, %d ends and %d reports", id, starts, ends, reports)
		}
	}
}
