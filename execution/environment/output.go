package environment

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/runtimeapi"
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

	level level // JSON lines of Lambda below it are left away
	// sifts is the least level of the function's own JSON lines; quiet if its
	// runtime client sees to that itself, or nobody asked for it.
	sifts level

	own      source  // what the runtime prints
	beside   *source // what extensions print; nil without any
	finished sync.WaitGroup

	mu      sync.Mutex
	buffer  []byte
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

	subscribers []*subscriber
	early       []func(*runtimeapi.Batch) // what subscribers may still ask for
	earlySize   int                       // bytes of output in early
	past        bool                      // the init phase is, and they may not
}

// A source is a pipe that processes write to.
type source struct {
	reader    *os.File
	raw       syscall.RawConn
	writer    *os.File // the processes' end, for as long as it is kept
	log       *os.File // the same once more, for frames; nil without any
	partial   []byte   // a line that has no end yet
	frame     framing
	extension bool
}

// open makes the pipe and keeps the end for the processes as the writer. It is a
// blocking one, as programs expect theirs to be.
func (s *source) open() error {
	var p [2]int
	if err := pipe(p[:]); err != nil {
		return fmt.Errorf("make a pipe for the output: %w", err)
	}
	err := syscall.SetNonblock(p[0], true) // before it is a file, which the poller then has
	s.reader, s.writer = os.NewFile(uintptr(p[0]), "output"), os.NewFile(uintptr(p[1]), "output")
	if err == nil {
		s.raw, err = s.reader.SyscallConn()
	}
	if err != nil {
		s.close()
		return fmt.Errorf("make a pipe for the output: %w", err)
	}
	return nil
}

// openLog makes what frames are written to.
func (s *source) openLog() error {
	log, err := openAgain(s.writer)
	if err != nil {
		return fmt.Errorf("open the output's pipe for a log: %w", err)
	}
	s.log = log
	return nil
}

func (s *source) close() {
	if s.reader != nil {
		s.reader.Close()
	}
	if s.writer != nil {
		s.writer.Close()
	}
	if s.log != nil {
		s.log.Close()
	}
}

// openBeside makes the pipe of extensions.
func (r *record) openBeside() (*os.File, error) {
	s := &source{extension: true}
	if err := s.open(); err != nil {
		return nil, err
	}
	r.beside = s
	return s.writer, nil
}

// begin begins to read.
func (r *record) begin() {
	r.buffer, r.budget, r.filled = make([]byte, 32<<10), outputBurst, r.clock.Now()
	r.finished.Go(func() { r.follow(&r.own) })
	if r.beside != nil {
		r.finished.Go(func() { r.follow(r.beside) })
	}
}

// follow reads a source until its pipe is closed.
func (r *record) follow(s *source) {
	for left := more; left != ended; {
		err := s.raw.Read(func(fd uintptr) bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			left = r.drain(s, fd, 16)
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
	_ = r.own.raw.Control(func(fd uintptr) { r.drain(&r.own, fd, 4) })
	if r.beside != nil {
		_ = r.beside.raw.Control(func(fd uintptr) { r.drain(r.beside, fd, 4) })
	}
}

// What is left in a pipe.
type left uint8

const (
	empty left = iota
	more
	ended
)

// drain reads what there is, with mu held, but not for ever if it does not end.
func (r *record) drain(s *source, fd uintptr, times int) left {
	for range times {
		n, err := syscall.Read(int(fd), r.buffer)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return empty
		case err != nil || n == 0:
			return ended
		default:
			r.take(s, r.buffer[:n])
			if n < len(r.buffer) {
				return empty
			}
		}
	}
	return more
}

// take cuts output into events.
func (r *record) take(s *source, b []byte) {
	now := r.clock.Now()
	r.budget = min(outputBurst, r.budget+int64(now.Sub(r.filled).Seconds()*outputRate))
	r.filled = now
	if s.log != nil {
		r.frames(s, now, b)
	} else {
		r.lines(s, now, b)
	}
	if cap(s.partial) > 64<<10 && len(s.partial) == 0 {
		s.partial = nil
	}
}

// lines cuts output into events, one for each line.
func (r *record) lines(s *source, now time.Time, b []byte) {
	for len(b) > 0 {
		line, complete := b, false
		if end := bytes.IndexByte(b, '\n'); end >= 0 {
			line, complete = b[:end+1], true
		}
		// room is never 0: an event that is full has been added.
		if room := maxEvent - len(s.partial); len(line) >= room {
			line, complete = line[:room], true
		}
		b = b[len(line):]
		if !complete {
			s.partial = append(s.partial, line...)
			return
		}
		if len(s.partial) > 0 {
			s.partial = append(s.partial, line...)
			r.event(s, now, s.partial)
			s.partial = s.partial[:0]
		} else {
			r.event(s, now, line)
		}
	}
}

// event adds one line of output.
func (r *record) event(s *source, now time.Time, line []byte) {
	if r.budget -= int64(len(line)) + 64; r.budget < 0 {
		r.budget += int64(len(line)) + 64
		r.dropped += int64(len(line))
		return
	}
	r.noteDropped(now)
	text := string(line)
	if r.carriage && !s.extension && bytes.IndexByte(line, '\r') >= 0 {
		line = bytes.ReplaceAll(bytes.Clone(line), []byte("\r\n"), []byte("\n"))
		text = string(bytes.ReplaceAll(line, []byte("\r"), []byte("\n")))
	}
	if r.heard() {
		r.tell(func(b *runtimeapi.Batch) {
			line := []byte(strings.TrimSuffix(text, "\n"))
			if s.extension {
				b.ExtensionLine(now, line, r.json)
			} else {
				b.Function(now, line, r.json)
			}
		})
		r.earlySize += len(text)
	}
	if r.sifts != quiet && !s.extension && levelOf(text) < r.sifts {
		return
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

// endLine closes a line that was left open, as one event.
func (r *record) endLine(now time.Time) {
	for _, s := range []*source{&r.own, r.beside} {
		if s == nil {
			continue
		}
		r.unmarked(s, now)
		if len(s.partial) > 0 {
			r.event(s, now, append(s.partial, '\n'))
			s.partial = s.partial[:0]
		}
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

// handOver gives the log to the sink before another record goes on in the same
// stream, and returns the end of it.
func (r *record) handOver() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush(false)
	return bytes.Clone(r.tail)
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
	r.cutOff(r.clock.Now())
	r.endLine(r.clock.Now())
	r.flush(true)
	r.mu.Unlock()
	r.own.close()
	if r.beside != nil {
		r.beside.close()
	}
	r.finished.Wait()
}
