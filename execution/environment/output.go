package environment

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// A LogSink keeps log events. Append must not wait for a disk.
type LogSink interface {
	Append(account, region, group, stream string, events []state.LogEvent) error
}

// Limits on what a function's output may take.
const (
	// AWS: a log event has at most 256 KB, 26 bytes of them its own; what is
	// longer is split.
	maxEvent = 256*1024 - 26
	// What is held back before it is given to the sink.
	maxHeld = 512 << 10
	// A function may print so much at once, and then so much in a second; what
	// is more is read, counted and thrown away, so that neither the server's
	// memory nor the function's time pays for it.
	outputBurst = 16 << 20
	outputRate  = 4 << 20
	// tailSize is what an invoker that asks for the log gets of it.
	tailSize = 4096
)

// A record is the log stream of one environment.
type record struct {
	sink                           LogSink
	account, region, group, stream string
	clock                          aws.Clock
	failed                         func(error)
	// carriage says that carriage returns within a line are line ends: this is
	// how lamgate's runtime clients keep an event of many lines together.
	carriage bool
	json     bool // the lines of Lambda itself are in JSON

	reader *os.File // the end of the pipe that the processes write to
	writer *os.File // theirs, for as long as it is kept
	raw    syscall.RawConn
	buffer []byte

	mu      sync.Mutex
	partial []byte // a line that has no end yet
	held    []state.LogEvent
	size    int // of held
	since   time.Time
	flushed time.Time
	line    []byte // to build one in
	tail    []byte // of the invocation under way
	tailing bool
	budget  int64
	filled  time.Time // when budget was last added to
	dropped int64
}

// open makes the pipe and returns the end for the processes. It is a blocking
// one, as programs expect theirs to be.
func (r *record) open() (*os.File, error) {
	var p [2]int
	if err := pipe(p[:]); err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	if err := syscall.SetNonblock(p[0], true); err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	r.reader = os.NewFile(uintptr(p[0]), "output")
	raw, err := r.reader.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the output: %w", err)
	}
	r.raw = raw
	r.prepare()
	return os.NewFile(uintptr(p[1]), "output"), nil
}

// inherit takes over the pipe of a record that nobody reads.
func (r *record) inherit(from *record) {
	r.reader, r.raw = from.reader, from.raw
	r.prepare()
}

func (r *record) prepare() {
	r.buffer, r.budget, r.filled = make([]byte, 32<<10), outputBurst, r.clock.Now()
}

// follow reads the output until the pipe is closed.
func (r *record) follow() {
	for left := more; left != ended; {
		err := r.raw.Read(func(fd uintptr) bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			left = r.drain(fd, 16)
			return left != empty
		})
		if err != nil {
			return
		}
	}
}

// catchUp takes in what has been written up to now, with mu held: what a
// function printed before it answered must not come after its END.
func (r *record) catchUp() {
	_ = r.raw.Control(func(fd uintptr) { r.drain(fd, 4) })
}

// What is left in a pipe.
type left uint8

const (
	empty left = iota
	more
	ended
)

// drain reads what there is, with mu held, but not for ever if it does not end.
func (r *record) drain(fd uintptr, times int) left {
	for range times {
		n, err := syscall.Read(int(fd), r.buffer)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return empty
		case err != nil || n == 0:
			return ended
		default:
			r.take(r.buffer[:n])
			if n < len(r.buffer) {
				return empty
			}
		}
	}
	return more
}

// take cuts output into events, one for each line.
func (r *record) take(b []byte) {
	now := r.clock.Now()
	r.budget = min(outputBurst, r.budget+int64(now.Sub(r.filled).Seconds()*outputRate))
	r.filled = now
	for len(b) > 0 {
		line, complete := b, false
		if end := bytes.IndexByte(b, '\n'); end >= 0 {
			line, complete = b[:end+1], true
		}
		// room is never 0: an event that is full has been added.
		if room := maxEvent - len(r.partial); len(line) >= room {
			line, complete = line[:room], true
		}
		b = b[len(line):]
		if !complete {
			r.partial = append(r.partial, line...)
			return
		}
		if len(r.partial) > 0 {
			r.partial = append(r.partial, line...)
			r.event(now, r.partial)
			r.partial = r.partial[:0]
		} else {
			r.event(now, line)
		}
	}
	if cap(r.partial) > 64<<10 && len(r.partial) == 0 {
		r.partial = nil
	}
}

// event adds one line of output.
func (r *record) event(now time.Time, line []byte) {
	if r.budget -= int64(len(line)) + 64; r.budget < 0 {
		r.budget += int64(len(line)) + 64
		r.dropped += int64(len(line))
		return
	}
	r.noteDropped(now)
	text := string(line)
	if r.carriage && bytes.IndexByte(line, '\r') >= 0 {
		line = bytes.ReplaceAll(bytes.Clone(line), []byte("\r\n"), []byte("\n"))
		text = string(bytes.ReplaceAll(line, []byte("\r"), []byte("\n")))
	}
	r.add(now, text)
}

func (r *record) noteDropped(now time.Time) {
	if r.dropped == 0 {
		return
	}
	r.add(now, fmt.Sprintf("lamgate: %d bytes of output were dropped here: the function prints faster than they can be kept\n", r.dropped))
	r.dropped = 0
}

// add puts an event into the stream, with mu held.
func (r *record) add(now time.Time, text string) {
	if len(r.held) == 0 {
		r.since = now
	}
	r.held = append(r.held, state.LogEvent{Timestamp: now, Ingested: now, Message: text})
	r.size += len(text)
	if r.tailing {
		if r.tail = append(r.tail, text...); len(r.tail) > 4*tailSize {
			r.tail = append(r.tail[:0], r.tail[len(r.tail)-tailSize:]...)
		}
	}
	if r.size > maxHeld {
		r.flush(false)
	}
}

// endLine closes a line that the function left open, as one event.
func (r *record) endLine(now time.Time) {
	if len(r.partial) > 0 {
		r.event(now, append(r.partial, '\n'))
		r.partial = r.partial[:0]
	}
	r.noteDropped(now)
}

// flush gives the events to the sink, with mu held. Those that it does not take,
// as when the disk is full, are kept for the next time, if there will be one
// and as long as they are few.
func (r *record) flush(last bool) {
	if len(r.held) == 0 {
		return
	}
	if err := r.sink.Append(r.account, r.region, r.group, r.stream, r.held); err != nil {
		if !last && r.size <= maxHeld {
			return
		}
		r.failed(err)
	}
	// The sink may keep what it was given.
	r.held, r.size = make([]state.LogEvent, 0, min(cap(r.held), 16)), 0
}

// flushOld gives to the sink what has been held for longer than age. It returns
// whether something remains.
func (r *record) flushOld(age time.Duration) (remains bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.held) > 0 && r.clock.Now().Sub(r.since) >= age {
		r.flush(false)
	}
	return len(r.held) > 0
}

// takeTail returns the last of the invocation's log and forgets it.
func (r *record) takeTail() []byte {
	if !r.tailing {
		return nil
	}
	t := r.tail
	if len(t) > tailSize {
		t = t[len(t)-tailSize:]
	}
	r.tail, r.tailing = nil, false
	return t
}

// close ends the reading and gives up what is held.
func (r *record) close() {
	r.mu.Lock()
	r.catchUp()
	r.endLine(r.clock.Now())
	r.flush(true)
	r.mu.Unlock()
	r.reader.Close()
}
