package environment

import (
	"sync"

	"github.com/lamgate/lamgate/execution/sandbox"
)

// An actor plays one process of a sandbox, step by step: it does what it can do
// next, and waits where its protocol waits.
type actor struct {
	mu       sync.Mutex
	b        *box
	voice    *voice
	external bool
	stands   bool // a stem cell has been told what to become
	asked    bool
	began    bool   // it has asked for an event before
	event    string // that it has; "?" for one of an extension
	over     bool
}

// step does the next thing, or fails at it.
func (a *actor) step(fails bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.over || a.asked:
	case a.voice == nil:
		if a.voice = a.b.quiet(); a.voice == nil || a.external && !a.register() {
			a.over = true
		}
	case a.b.spec.Late && !a.stands:
		a.voice.say("GET", a.b.assignment(), "")
		a.hear(func(string) { a.stands = true })
	case fails && a.external:
		a.report("/2020-01-01/extension/"+map[bool]string{false: "init", true: "exit"}[a.began]+"/error", "Lambda-Extension-Function-Error-Type: X.Fails")
	case fails && !a.began:
		a.report("/2018-06-01/runtime/init/error", "Lambda-Runtime-Function-Error-Type: Runtime.Fails")
	case a.event != "" && a.external:
		a.event = ""
	case a.event != "":
		verb := map[bool]string{false: "response", true: "error"}[fails]
		a.voice.say("POST", "/2018-06-01/runtime/invocation/"+a.event+"/"+verb, `{"errorType":"Fails"}`)
		if r, _ := a.voice.hear(); r == nil {
			a.over = true
		}
		a.event = ""
	default:
		a.began = true
		if a.external {
			a.voice.next()
		} else {
			a.voice.ask()
		}
		a.hear(func(id string) {
			if a.event = id; a.external {
				a.event = "?"
			}
			a.b.mu.Lock()
			defer a.b.mu.Unlock()
			if a.b.frozen && !a.b.gone {
				a.b.t.Error("an event is given to processes that are stopped")
			}
		})
	}
}

// hear waits for an answer in the background.
func (a *actor) hear(then func(requestID string)) {
	a.asked = true
	go func() {
		r, _ := a.voice.hear()
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked = false
		if r == nil || r.StatusCode != 200 {
			a.over = true
			return
		}
		then(r.Header.Get("Lambda-Runtime-Aws-Request-Id"))
	}()
}

func (a *actor) register() bool {
	a.voice.say("POST", "/2020-01-01/extension/register", `{"events":["INVOKE","SHUTDOWN"]}`, "Lambda-Extension-Name: x")
	r, _ := a.voice.hear()
	if r == nil || r.StatusCode != 200 {
		return false
	}
	a.voice.id = r.Header.Get("Lambda-Extension-Identifier")
	return true
}

// report says that the process cannot go on.
func (a *actor) report(path, kind string) {
	a.voice.say("POST", path, `{"errorType":"Fails"}`, kind)
	a.voice.hear()
	a.over = true
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
