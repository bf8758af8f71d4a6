package environment

import (
	"bytes"
	"encoding/binary"
	"time"
)

// AWS's runtime clients do not print their log lines where they are told that
// there is a log (_LAMBDA_TELEMETRY_LOG_FD): they write each event to it in a
// frame, so that one of many lines stays together. lamgate lets that log be the
// pipe of the output, opened once more: what is logged and what is printed stay
// in order, and a frame is told from text by its mark, which no text has: there is
// a NUL in it.
//
// AWS: a frame is a type, a length, and the time in microseconds, of 4, 4 and 8
// bytes in network order, and the message, as the clients for Python, Node.js,
// Java and .NET write it. Types are 0xa55a0002 for JSON and 0xa55a0003 for text,
// with a level in the bits above; 0xa55a0001, of the first clients, has no time.
var frameMark = []byte{0xa5, 0x5a, 0}

const (
	frameType   = 4 // the length of the mark and the kind
	frameHead   = 16
	firstHead   = 8
	firstKind   = 1
	kindBits    = 3
	mostOfKinds = 6<<2 | kindBits // critical
	// What claims to be longer is none.
	maxFrame = outputBurst
)

// A framing is where a source stands in a frame.
type framing struct {
	head    []byte
	left    int // of the message
	message []byte
}

// frames cuts output into events: frames, and lines.
func (r *record) frames(s *source, now time.Time, b []byte) {
	for len(b) > 0 {
		f := &s.frame
		switch {
		case f.left > 0:
			b = r.message(s, now, b)
		case len(f.head) > 0:
			b = r.head(s, now, b)
		default:
			i := marked(b)
			r.lines(s, now, b[:i])
			if b = b[i:]; len(b) > 0 {
				f.head, b = append(f.head, b[0]), b[1:]
			}
		}
	}
}

// cutOff is the end of output, in the middle of a frame or not.
func (r *record) cutOff(now time.Time) {
	f := &r.own.frame
	r.lines(&r.own, now, f.head)
	if len(f.message) > 0 {
		r.event(&r.own, now, append(f.message, '\n'))
	}
	r.own.frame = framing{}
}

// unmarked makes text of what might have become a mark: a line that is left open
// may end in half of one, as every line does whose last letter is "å".
func (r *record) unmarked(s *source, now time.Time) {
	if f := &s.frame; len(f.head) > 0 && len(f.head) < len(frameMark) {
		r.lines(s, now, f.head)
		f.head = f.head[:0]
	}
}

// marked returns where in b a frame begins, or may.
func marked(b []byte) int {
	if i := bytes.Index(b, frameMark); i >= 0 {
		return i
	}
	for n := len(frameMark) - 1; n > 0; n-- {
		if bytes.HasSuffix(b, frameMark[:n]) {
			return len(b) - n
		}
	}
	return len(b)
}

// head reads one byte of a frame's head. If it cannot be one, what there is of it
// is text.
func (r *record) head(s *source, now time.Time, b []byte) []byte {
	f := &s.frame
	n, c := len(f.head), b[0]
	if n < len(frameMark) && c != frameMark[n] || n == len(frameMark) && (c&kindBits == 0 || c > mostOfKinds) {
		r.lines(s, now, f.head)
		f.head = f.head[:0]
		return b
	}
	f.head = append(f.head, c)
	size := frameHead
	if n+1 >= frameType && f.head[frameType-1]&kindBits == firstKind {
		size = firstHead
	}
	if n+1 < size {
		return b[1:]
	}
	if length := binary.BigEndian.Uint32(f.head[frameType:]); length <= maxFrame {
		f.left = int(length)
	} else {
		r.lines(s, now, f.head)
	}
	f.head = f.head[:0]
	return b[1:]
}

// message reads of a frame's message. A long one is split, as lines are.
func (r *record) message(s *source, now time.Time, b []byte) []byte {
	f := &s.frame
	n := min(f.left, len(b), maxEvent-len(f.message))
	f.message = append(f.message, b[:n]...)
	f.left -= n
	if f.left == 0 && !bytes.HasSuffix(f.message, []byte("\n")) {
		f.message = append(f.message, '\n')
	}
	if f.left == 0 || len(f.message) == maxEvent {
		r.event(s, now, f.message)
		if f.message = f.message[:0]; cap(f.message) > 64<<10 {
			f.message = nil
		}
	}
	return b[n:]
}
