package environment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution/sandbox"
)

// newStems returns a pool of functions that can begin as stem cells.
func newStems(t *testing.T) (*Pool, *stage) {
	t.Helper()
	p, s := newStage(t)
	p.config.Runtime = "python3.12"
	if _, _, err := p.fleet.Runtimes.Find(t.Context(), p.config.Runtime, ""); err != nil {
		t.Skip(err)
	}
	p.fleet.stems.each = usualStems
	p.fleet.Stems = usualStems
	return p, s
}

// stock waits until so many stems stand ready, each asking what to become.
func stock(t *testing.T, p *Pool, s *stage, n int) (boxes []*box) {
	t.Helper()
	for range n {
		var b *box
		until(t, func() bool {
			select {
			case b = <-s.boxes:
				return true
			default:
				s.clock.Advance(refillAfter)
				return false
			}
		})
		if !b.spec.Late || b.spec.LateFrom != p.fleet.Packages.Dir() || b.spec.Task != "" {
			t.Fatalf("it is no stem: %+v", b.spec)
		}
		boxes = append(boxes, b)
	}
	until(t, func() bool { return standingBy(p) >= n })
	return boxes
}

func standingBy(p *Pool) (n int) {
	for _, k := range p.fleet.stems.stand() {
		n += k.Ready
	}
	return n
}

// assignment is where the client asks what to become.
func (b *box) assignment() string {
	i := slices.IndexFunc(b.spec.Env, func(v string) bool { return strings.HasPrefix(v, "LAMGATE_STEM=") })
	return strings.TrimPrefix(b.spec.Env[i], "LAMGATE_STEM=")
}

func TestEnvironmentBeginsAsStem(t *testing.T) {
	p, s := newStems(t)
	p.config.Environment = map[string]string{"TABLE": "orders"}
	p.fleet.Prepare(&p.config, true)
	boxes := stock(t, p, s, 2)
	for _, v := range boxes[0].spec.Env {
		if strings.HasPrefix(v, "TABLE=") || strings.HasPrefix(v, "AWS_LAMBDA_FUNCTION_NAME=") {
			t.Errorf("a stem knows %s", v)
		}
	}
	client := boxes[0].voice()
	if a, b := boxes[0].assignment(), boxes[1].assignment(); a == b {
		t.Errorf("both ask at %s, which others could", a)
	}
	client.say("GET", boxes[0].assignment(), "")
	first := outcomeOf(t, p, "one")
	a := <-boxes[0].assigned
	if !strings.HasPrefix(a.Task, p.fleet.Packages.Dir()) || a.MemoryMB != 128 || a.TmpMB != 512 || a.Opt != "" {
		t.Errorf("assigned %+v", a)
	}
	_, given := client.hear()
	for _, want := range []string{`"TABLE":"orders"`, `"AWS_LAMBDA_FUNCTION_NAME":"f"`, `"_HANDLER":"app.run"`, `"AWS_LAMBDA_RUNTIME_API":"` + boxes[0].address} {
		if !strings.Contains(given, want) {
			t.Errorf("the client is not told %s: %s", want, given)
		}
	}
	if strings.Contains(given, "LAMGATE_STEM") {
		t.Error("the function learns that it was a stem")
	}
	s.clock.Advance(4 * time.Millisecond)
	client.ask()
	client.hear()
	client.answer("one")
	if o := <-first; o.InitDuration != 4*time.Millisecond || !o.ColdStart {
		t.Errorf("%+v", o)
	}
	// What is used is replaced.
	stock(t, p, s, 1)
	if standingBy(p) != 2 {
		t.Error("the stem was not replaced")
	}
}

// What must be there before an interpreter starts cannot come later.
func TestSomeCannotBeginAsStem(t *testing.T) {
	p, s := newStems(t)
	p.fleet.Prepare(&p.config, true)
	stock(t, p, s, 2)
	for _, name := range []string{"PYTHONPATH", "LD_PRELOAD", "AWS_LAMBDA_EXEC_WRAPPER", "LC_ALL"} {
		c := p.config
		c.Environment = map[string]string{name: "x"}
		other := p.fleet.Pool(p.function, c)
		o := outcomeOf(t, other, name)
		b := <-s.boxes
		if b.spec.Late {
			t.Errorf("%s began as a stem", name)
		}
		play(b, name)
		<-o
	}
}

// play is a runtime that answers one event.
func play(b *box, id string) {
	v := b.voice()
	v.ask()
	v.hear()
	v.answer(id)
}

// A stem that is unfit costs nobody an error.
func TestUnfitStem(t *testing.T) {
	p, s := newStems(t)
	p.fleet.Prepare(&p.config, true)
	boxes := stock(t, p, s, 2)
	for _, b := range boxes {
		b.unfit = true
	}
	o := outcomeOf(t, p, "one")
	b := <-s.boxes
	if b.spec.Late {
		t.Fatal("a stem is made while somebody waits")
	}
	play(b, "one")
	<-o
	<-boxes[0].done
}

// A host that cannot do it, or an interpreter that does not live, is not asked
// again and again.
func TestStemsAreGivenUp(t *testing.T) {
	for name, refuse := range map[string]func(tries int) error{
		"not built": func(tries int) error {
			if tries > 1 {
				t.Error("it was tried again")
			}
			return fmt.Errorf("late code: %w", sandbox.ErrNotBuilt)
		},
		"broken": func(tries int) error {
			if tries > maxLost {
				t.Error("it was tried again")
			}
			return context.DeadlineExceeded
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newStems(t)
			tries := 0
			s.refuse = func(spec *sandbox.Spec) error {
				if !spec.Late {
					return nil
				}
				tries++
				return refuse(tries)
			}
			p.fleet.Prepare(&p.config, true)
			until(t, func() bool { s.clock.Advance(refillAfter); return shelfRests(p) })
			s.refuse = nil
			o := outcomeOf(t, p, "one")
			play(<-s.boxes, "one")
			<-o
		})
	}
}

// shelfRests reports whether no stems are made for the only shelf.
func shelfRests(p *Pool) bool {
	s := &p.fleet.stems
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.shelves {
		return h.idle(s.fleet.Clock.Now())
	}
	return false
}

// What killed stem cells may have gone.
func TestStemsAreTriedAgain(t *testing.T) {
	p, s := newStems(t)
	var broken atomic.Bool
	var tries atomic.Int64
	broken.Store(true)
	s.refuse = func(*sandbox.Spec) error {
		if tries.Add(1); broken.Load() {
			return context.DeadlineExceeded
		}
		return nil
	}
	p.fleet.Prepare(&p.config, true)
	until(t, func() bool { s.clock.Advance(refillAfter); return shelfRests(p) })
	if n := tries.Load(); n != maxLost {
		t.Errorf("it was tried %d times", n)
	}
	s.clock.Advance(restTime)
	p.fleet.Prepare(&p.config, false)
	until(t, func() bool { s.clock.Advance(refillAfter); return shelfRests(p) })
	if n := tries.Load(); n != maxLost+1 {
		t.Errorf("it was tried %d times", n)
	}
	broken.Store(false)
	s.clock.Advance(restTime)
	p.fleet.Prepare(&p.config, false)
	stock(t, p, s, 2)
}

// Stems are the first to go when memory is short.
func TestStemsGoWhenMemoryIsShort(t *testing.T) {
	p, s := newStems(t)
	p.fleet.Prepare(&p.config, true)
	boxes := stock(t, p, s, 2)
	p.fleet.budget.Read = func() (int64, int64, bool) { return 1 << 30, 1, true }
	p.fleet.stems.clearAll(false)
	for _, b := range boxes {
		<-b.done
	}
	s.clock.Advance(time.Minute)
	if len(s.boxes) != 0 {
		t.Error("a stem is made without memory")
	}
}
