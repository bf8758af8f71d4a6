package environment

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/sandbox"
	"pgregory.net/rapid"
)

// An actor plays one process of a sandbox, step by step: it does what it can do
// next, and waits where its protocol waits.
type actor struct {
	mu       sync.Mutex
	b        *box
	voice    *voice
	external bool
	asked    bool
	event    string // that it has; "?" for one of an extension
	over     bool
}

func (a *actor) step() {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.over:
	case a.external && a.voice == nil:
		v := a.b.quiet()
		if v == nil {
			a.over = true
			return
		}
		v.say("POST", "/2020-01-01/extension/register", `{"events":["INVOKE","SHUTDOWN"]}`, "Lambda-Extension-Name: x")
		r, _ := v.hear()
		if r == nil || r.StatusCode != 200 {
			a.over = true
			return
		}
		v.id = r.Header.Get("Lambda-Extension-Identifier")
		a.voice = v
	case !a.external && a.voice == nil:
		if a.voice = a.b.quiet(); a.voice == nil {
			a.over = true
		}
	case a.event != "" && !a.external:
		a.voice.say("POST", "/2018-06-01/runtime/invocation/"+a.event+"/response", `"done"`)
		if r, _ := a.voice.hear(); r == nil {
			a.over = true
		}
		a.event = ""
	case a.event != "":
		a.event = ""
	case !a.asked:
		a.asked = true
		if a.external {
			a.voice.next()
		} else {
			a.voice.ask()
		}
		go func() {
			r, _ := a.voice.hear()
			a.mu.Lock()
			defer a.mu.Unlock()
			a.asked = false
			switch {
			case r == nil || r.StatusCode != 200:
				a.over = true
			case a.external:
				a.event = "?"
			default:
				a.event = r.Header.Get("Lambda-Runtime-Aws-Request-Id")
			}
		}()
	}
}

// quiet is voice for a box that may have ended.
func (b *box) quiet() *voice {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return nil
	}
	b.mu.Unlock()
	defer b.mu.Lock()
	return b.voice()
}

// Whatever happens, and in whatever order: no transition is illegal, every
// request is answered once, and nothing is left in the end.
func TestLife(t *testing.T) {
	template, _ := newStage(t, "x")
	for name, extensions := range map[string]bool{"alone": false, "beside an extension": true} {
		t.Run(name, func(t *testing.T) {
			config := template.config
			if !extensions {
				config.Layers = nil
			}
			rapid.Check(t, func(rt *rapid.T) {
				s := &stage{t: t, clock: aws.NewManualClock(time.Unix(1700000000, 0)), logs: &sink{}, boxes: make(chan *box, 1000)}
				f := NewFleet(Config{
					Driver: s, Network: sandbox.HostNetwork, Runtimes: template.fleet.Runtimes, Packages: template.fleet.Packages, Logs: s.logs, Clock: s.clock,
					Log: slog.New(loud{t}), Stems: -1,
				})
				p := f.Pool(template.function, config)
				var actors []*actor
				var boxes []*box
				gather := func() {
					for {
						select {
						case b := <-s.boxes:
							boxes = append(boxes, b)
							if extensions {
								actors = append(actors, &actor{b: b, external: true})
							}
							actors = append(actors, &actor{b: b})
						default:
							return
						}
					}
				}
				var asking sync.WaitGroup
				var mu sync.Mutex
				answered := map[string]int{}
				asked := 0
				choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "which") }
				for range rapid.IntRange(5, 60).Draw(rt, "steps") {
					for range 100 { // others come to their turn
						runtime.Gosched()
					}
					gather()
					switch rapid.SampledFrom([]string{"invoke", "invoke", "step", "step", "step", "step", "step", "time", "crash", "kill", "provision", "leave"}).Draw(rt, "what") {
					case "invoke", "leave":
						id := fmt.Sprintf("id-%d", asked)
						asked++
						ctx, cancel := context.WithCancel(context.Background())
						if rapid.Bool().Draw(rt, "gives up") {
							s.clock.AfterFunc(50*time.Millisecond, cancel)
						}
						asking.Go(func() {
							defer cancel()
							_, _ = p.Invoke(ctx, Request{ID: id, Payload: []byte("{}")}, func() {
								mu.Lock()
								defer mu.Unlock()
								answered[id]++
							})
						})
					case "step":
						if len(actors) > 0 {
							actors[choose(len(actors))].step()
						}
					case "time":
						s.clock.Advance(rapid.SampledFrom([]time.Duration{time.Millisecond, lastBreath, time.Second, 11 * time.Second, 11 * time.Minute}).Draw(rt, "passes"))
					case "crash":
						if extensions && len(boxes) > 0 {
							boxes[choose(len(boxes))].tell(sandbox.Ended{Extension: rapid.SampledFrom([]string{"", "x"}).Draw(rt, "who")})
						}
					case "kill":
						if len(boxes) > 0 {
							boxes[choose(len(boxes))].end()
						}
					case "provision":
						p.Provision(rapid.IntRange(0, 2).Draw(rt, "how many"))
					}
				}
				p.Retire()
				closed := make(chan struct{})
				go func() {
					f.Close()
					close(closed)
				}()
				for done := false; !done; { // time passes
					select {
					case <-closed:
						done = true
					default:
						s.clock.Advance(time.Second)
						runtime.Gosched()
					}
				}
				asking.Wait()
				mu.Lock()
				defer mu.Unlock()
				for id, n := range answered {
					if n != 1 {
						rt.Errorf("%s ended %d times", id, n)
					}
				}
				if len(f.places) != 0 || f.budget.promised != 0 || len(f.allAlive()) != 0 || p.starting != 0 || p.begun != 0 || len(p.all) != 0 || p.alive != 0 {
					rt.Errorf("left: %d places, %d bytes, %d alive, %d starting, %d begun, %d in the pool, %d provisioned",
						len(f.places), f.budget.promised, len(f.allAlive()), p.starting, p.begun, len(p.all), p.alive)
				}
				for line := range strings.Lines(s.logs.text()) {
					if strings.HasPrefix(line, "REPORT") && !strings.Contains(line, "Duration: ") {
						rt.Errorf("%s", line)
					}
				}
			})
		})
	}
}

// tell brings an end, if the box has none yet.
func (b *box) tell(x sandbox.Ended) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone || b.told[x.Extension] {
		return
	}
	if b.told == nil {
		b.told = map[string]bool{}
	}
	b.told[x.Extension] = true
	b.ended <- x
}
