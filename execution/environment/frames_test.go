package environment

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// frame is an event as AWS's clients write it.
func frame(kind byte, message string) string {
	b := append([]byte{}, frameMark...)
	b = binary.BigEndian.AppendUint32(append(b, kind), uint32(len(message)))
	if kind != firstKind {
		b = binary.BigEndian.AppendUint64(b, 1700000000000000)
	}
	return string(b) + message
}

const (
	textFrame  = 0x03
	jsonFrame  = 0x02
	errorFrame = 0x17
)

func TestFramesAreEvents(t *testing.T) {
	long := strings.Repeat("x", maxEvent)
	for name, c := range map[string]struct {
		output string
		want   []string
	}{
		"one":                       {frame(textFrame, "a"), []string{"a\n"}},
		"of many lines":             {frame(errorFrame, "a\n  b\n"), []string{"a\n  b\n"}},
		"of the first clients":      {frame(firstKind, "a\nb") + frame(firstKind, "c"), []string{"a\nb\n", "c\n"}},
		"between lines":             {"a\n" + frame(textFrame, "log line") + "out\n" + frame(jsonFrame, "{}") + frame(textFrame, "b"), []string{"a\n", "log line\n", "out\n", "{}\n", "b\n"}},
		"within a line":             {"be" + frame(textFrame, "x") + "gun\n", []string{"x\n", "begun\n"}},
		"empty":                     {frame(textFrame, "") + "a\n", []string{"a\n"}},
		"long":                      {frame(textFrame, long+long+"y"), []string{long, long, "y\n"}},
		"what begins like one":      {"\xa5Z\n\xa5\xa5" + frame(textFrame, "a"), []string{"\xa5Z\n", "a\n", "\xa5\xa5\n"}},
		"of an unknown kind":        {"\xa5Z\x00\x04\n", []string{"\xa5Z\x00\x04\n"}},
		"of another unknown kind":   {"\xa5Z\x00\xff\n", []string{"\xa5Z\x00\xff\n"}},
		"longer than any":           {"\xa5Z\x00\x03\xff\xff\xff\xff12345678\nb\n", []string{"\xa5Z\x00\x03\xff\xff\xff\xff12345678\n", "b\n"}},
		"the output ends within it": {frame(textFrame, "abc")[:18], []string{"ab\n"}},
		"or within its head":        {"a\n\xa5Z\x00\x03", []string{"a\n", "\xa5Z\x00\x03\n"}},
	} {
		for _, piece := range []int{len(c.output), 1, 7} {
			t.Run(fmt.Sprint(name, piece), func(t *testing.T) {
				r, s, clock := newRecord(false)
				for b := []byte(c.output); len(b) > 0; {
					n := min(piece, len(b))
					r.frames(&r.own, clock.Now(), b[:n])
					b = b[n:]
				}
				r.cutOff(clock.Now())
				r.endLine(clock.Now())
				r.flush(false)
				var got []string
				for _, e := range s.events {
					got = append(got, e.Message)
				}
				if strings.Join(got, "|") != strings.Join(c.want, "|") {
					t.Errorf("%d events: %.300q", len(got), got)
				}
			})
		}
	}
}

// What ends an invocation's log like the beginning of a frame is that log's, and
// not the next one's.
func TestLetterThatBeginsLikeAFrame(t *testing.T) {
	p, s := newStage(t)
	first, b, v := busy(t, p, s, false)
	fmt.Fprint(b.spec.Output, "p\u00e5")
	v.answer("one")
	<-first
	v.ask()
	s.heard(t, p, begun+"p\u00e5\nEND RequestId: one\n")
}

// Whatever a function prints, nothing of it is lost but heads of frames, and it
// takes no more than an event's memory.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("a\n"+frame(textFrame, "b")+"\xa5Z\x00"), 3)
	f.Fuzz(func(t *testing.T, output []byte, piece int) {
		r, s, clock := newRecord(false)
		for b := output; len(b) > 0; {
			n := min(max(piece, 1), len(b))
			r.frames(&r.own, clock.Now(), b[:n])
			b = b[n:]
			if held := len(r.own.frame.message) + len(r.own.frame.head); held > maxEvent+frameHead {
				t.Fatalf("%d bytes are held", held)
			}
		}
		r.cutOff(clock.Now())
		r.endLine(clock.Now())
		r.flush(false)
		size := 0
		for _, e := range s.events {
			size += len(e.Message)
		}
		if heads := strings.Count(string(output), string(frameMark)); size < len(output)-heads*frameHead || size > len(output)+len(s.events) {
			t.Errorf("of %d bytes with %d heads there are %d", len(output), heads, size)
		}
	})
}

// A runtime that has no client of lamgate's is given a log: its output, opened
// once more.
func TestRuntimesHaveALog(t *testing.T) {
	p, s := newStage(t)
	first, b, v := busy(t, p, s, false)
	if !strings.Contains(strings.Join(b.spec.Env, "\n"), "\n_LAMBDA_TELEMETRY_LOG_FD=64") {
		t.Errorf("it is not told of it: %q", b.spec.Env)
	}
	fmt.Fprint(b.spec.Log, frame(textFrame, "logged\nlines"))
	fmt.Fprint(b.spec.Output, "printed\n")
	fmt.Fprint(b.spec.Log, frame(textFrame, "logged again"))
	s.heard(t, p, loaded+begun+"logged\nlines\nprinted\nlogged again\n")
	if n := len(s.logs.events); n != 5 {
		t.Errorf("%d events", n)
	}
	v.answer("one")
	<-first
}
