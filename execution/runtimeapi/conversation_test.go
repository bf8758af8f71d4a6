package runtimeapi

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever a runtime does, in whatever order, while the owner sends it one event
// after another, is allowed as a small model has it: one event at a time, one
// answer to each.
func TestConversationKeepsItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const started, asked, has, passing, brokenOff, answered, over = 0, 1, 2, 3, 4, 5, 6
		talk := &conversation{}
		c := &connection{}
		state, parked, arrived, id := started, false, false, byte('a')
		name := func() []byte { return []byte{id} }
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"ask", "ask", "send", "send", "lose", "answer", "stream", "end", "break", "fail"}).Draw(t, "step") {
			case "ask":
				_, again, ok := talk.ask()
				first := state == started || state == answered || state == brokenOff
				repeated := !parked && (state == asked || state == has && !arrived)
				if ok != (first || repeated) || ok && again != repeated {
					t.Fatalf("ask in %d, parked %v: %v %v", state, parked, again, ok)
				}
				if !ok {
					continue
				}
				if first {
					state = asked
				}
				e := talk.park(c)
				if (e != nil) != (state == has) {
					t.Fatalf("an event: %v in %d", e != nil, state)
				}
				parked, arrived = e == nil, e != nil
			case "send":
				if state != asked { // the owner sends no sooner
					continue
				}
				id++
				to := talk.send(&Event{RequestID: string(id), Stream: sink{}})
				if (to != nil) != parked {
					t.Fatalf("sent to %v, parked %v", to, parked)
				}
				state, arrived, parked = has, parked, false
			case "lose":
				talk.leave(c)
				parked = false
			case "answer":
				if _, ok := talk.expects(name()); ok != (state == has && arrived) {
					t.Fatalf("an answer is expected: %v in %d", ok, state)
				}
				if state != has || !arrived {
					continue
				}
				if talk.answer([]byte("other")) || !talk.answer(name()) || talk.answer(name()) {
					t.Fatal("not one answer to one event")
				}
				state = answered
			case "stream":
				if state == has && !arrived {
					continue // it does not know of the event
				}
				if ok := talk.claim(name()); ok != (state == has) {
					t.Fatalf("a stream begins: %v in %d", ok, state)
				}
				if state == has {
					state = passing
				}
			case "end":
				if state == passing {
					talk.streamed()
					state = answered
				}
			case "break":
				if state == passing {
					talk.breakOff(1)
					state = brokenOff
				}
			case "fail":
				if _, ok := talk.fail(starting, failed); ok != (state == started) {
					t.Fatalf("init fails: %v in %d", ok, state)
				}
				if state == started {
					state = over
				}
			}
		}
	})
}
