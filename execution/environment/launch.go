package environment

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// launch starts an environment for a pool's line, in its turn. If by then there
// is nobody in line for it, none is started. One that was reset goes first.
func (f *Fleet) launch(p *Pool) {
	f.running.Go(func() {
		if !f.enter() {
			p.begin() // the fleet is closed, and so it does not
			return
		}
		if !p.begin() {
			f.leave()
			return
		}
		promised, ok := f.room(p)
		if !ok {
			f.leave()
			p.noMemory()
			return
		}
		if r, t := p.resume(); t != nil {
			p.restart(r, t, promised)
			return
		}
		e := p.newEnvironment(nil)
		e.counted, e.promised = true, promised
		e.start()
	})
}

// room returns the memory that a start may take. Others' idle environments go
// before one is refused.
func (f *Fleet) room(p *Pool) (int64, bool) {
	for {
		p.mu.Lock()
		n, ok := p.promise()
		p.mu.Unlock()
		if ok || !f.makeRoom(p) {
			return n, ok
		}
	}
}

// initFailed is an init phase that came to nothing: it is run again within the
// invocation that has waited longest, and what comes of it then is its answer.
//
// AWS: this is how Lambda treats a failed init phase.
func (p *Pool) initFailed(e *Environment, why *Failure) {
	p.mu.Lock()
	var t *ticket
	if !e.provisioned {
		t = p.next()
	}
	// Whoever else is in line for one that is debugged waits for it.
	counted := t != nil && p.debugPort != 0
	if counted {
		p.starting++
		p.begun++
	}
	p.mu.Unlock()
	p.remove(e)
	if t == nil {
		return
	}
	p.fleet.running.Go(func() {
		again := p.newEnvironment(e)
		again.counted = counted
		if !p.fleet.enter() {
			p.remove(again)
			t.complete(completion{err: ErrClosed})
			return
		}
		again.before = why
		again.startFor(t)
	})
}

// adopt counts an environment whose init ran within an invocation.
func (p *Pool) adopt(e *Environment) {
	p.fleet.started(e)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !e.dead() {
		p.all[e] = struct{}{}
		p.settle(e)
		p.keepIfUsed()
	}
}

// newEnvironment returns one that is starting. It continues the log stream of
// the one before, if there is one.
func (p *Pool) newEnvironment(before *Environment) *Environment {
	now := p.fleet.Clock.Now()
	c := &p.config
	log := &record{
		sink: p.fleet.Logs, clock: p.fleet.Clock, failed: p.fleet.logFailed,
		account: p.function.Account, region: p.function.Region, group: c.LogGroup,
		stream: streamName(c.Version, now),
		json:   c.LogFormat == "JSON",
	}
	if log.json {
		log.level = parseLevel(c.SystemLogLevel, info)
	}
	if log.group == "" {
		log.group = "/aws/lambda/" + p.function.Name
	}
	log.tailing = true // for who is to learn why it does not start
	if before != nil {
		log.stream, log.tail = before.log.stream, before.log.handOver()
	}
	return &Environment{pool: p, log: log, born: now, began: now, placed: true, gone: make(chan struct{}), runtimeGone: make(chan struct{})}
}

// streamName names an environment's log stream.
//
// AWS: YYYY/MM/DD/[VERSION] and 32 hexadecimal digits.
func streamName(version string, now time.Time) string {
	var b [16]byte
	rand.Read(b[:])
	return now.UTC().Format("2006/01/02") + "/[" + version + "]" + hex.EncodeToString(b[:])
}
