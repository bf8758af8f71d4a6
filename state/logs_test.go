package state

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/aws"
)

func line(ms int64, message string) LogEvent {
	return LogEvent{Timestamp: time.UnixMilli(ms), Ingested: time.UnixMilli(ms + 7), Message: message}
}

func readLogs(t testing.TB, l Logs, prefix string, after uint64) (lines []string, reached uint64) {
	t.Helper()
	var last uint64
	reached, err := l.Read(t.Context(), prefix, after, func(stream string, position uint64, e LogEvent) bool {
		if position <= last {
			t.Errorf("position %d comes after %d", position, last)
		}
		last = position
		lines = append(lines, fmt.Sprintf("%s %d %d %s", stream, e.Timestamp.UnixMilli(), e.Ingested.UnixMilli(), e.Message))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, reached
}

func appendLines(t testing.TB, l Logs, stream string, events ...LogEvent) {
	t.Helper()
	if err := l.Append(stream, events); err != nil {
		t.Fatal(err)
	}
}

func TestLinesAreReadOnceAppended(t *testing.T) {
	dir := t.TempDir()
	// A clock that stands still: nothing is flushed but by reading.
	clock := aws.NewManualClock(time.UnixMilli(1e12))
	s := open(t, Options{Dir: dir, Clock: clock})
	l := s.Logs()
	appendLines(t, l, "g/a", line(5, "five"), line(3, "three, late"))
	appendLines(t, l, "g/b", line(6, ""))
	appendLines(t, l, "h/a", line(7, "elsewhere"))
	want := []string{"g/a 5 12 five", "g/a 3 10 three, late", "g/b 6 13 "}
	got, reached := readLogs(t, l, "g/", 0)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, _ := readLogs(t, l, "g/b", 0); len(got) != 1 {
		t.Errorf("g/b holds %q", got)
	}
	appendLines(t, l, "g/a", line(8, "\xff not UTF-8\n"))
	s.Close()
	l = open(t, Options{Dir: dir, Clock: clock}).Logs()
	got, again := readLogs(t, l, "g/", reached)
	if diff := cmp.Diff([]string{"g/a 8 15 \xff not UTF-8\n"}, got); diff != "" {
		t.Error(diff)
	}
	if got, end := readLogs(t, l, "g/", again); len(got) > 0 || end != again {
		t.Errorf("at the end are %q, up to %d instead of %d", got, end, again)
	}
}

func TestReadingCanStopAnywhere(t *testing.T) {
	l := open(t, Options{}).Logs()
	var want, got []string
	for i := range 5 {
		appendLines(t, l, "a", line(int64(i), "x"), line(int64(i), "y"), line(int64(i), "z"))
		if i%2 == 0 {
			if err := l.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, _ = readLogs(t, l, "", 0)
	for position := uint64(0); ; {
		n := len(got)
		reached, err := l.Read(t.Context(), "", position, func(stream string, p uint64, e LogEvent) bool {
			got = append(got, fmt.Sprintf("%s %d %d %s", stream, e.Timestamp.UnixMilli(), e.Ingested.UnixMilli(), e.Message))
			return false
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == n {
			break
		}
		position = reached
	}
	if len(want) != 15 {
		t.Errorf("%d lines were read, want 15", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFollowersAreWoken(t *testing.T) {
	l := open(t, Options{}).Logs()
	appendLines(t, l, "g/a", line(1, "before"))
	appended, stop := l.Follow("g/")
	defer stop()
	elsewhere, stopElsewhere := l.Follow("h/")
	defer stopElsewhere()
	select {
	case <-appended:
		t.Fatal("woken by what was there")
	default:
	}
	appendLines(t, l, "g/b", line(2, "after"))
	<-appended
	select {
	case <-elsewhere:
		t.Error("woken by another's line")
	default:
	}
}

func TestLinesAreFlushedInTime(t *testing.T) {
	clock := aws.NewManualClock(time.UnixMilli(1e12))
	s := open(t, Options{Clock: clock})
	stored := func(want uint64) func() error {
		return func() error {
			info, err := s.engine.Load().logs.Info(t.Context())
			if err == nil && info.State.Msgs != want {
				err = fmt.Errorf("%d batches are stored, want %d", info.State.Msgs, want)
			}
			return err
		}
	}
	for i := range 10 {
		appendLines(t, s.Logs(), "a", line(int64(i), "x"))
	}
	if err := stored(0)(); err != nil {
		t.Error(err)
	}
	clock.Advance(flushDelay)
	eventually(t, stored(1))
	// What fills a batch does not wait.
	appendLines(t, s.Logs(), "a", line(1, strings.Repeat("x", batchSize)))
	eventually(t, stored(2))
}

// Lines that come while the engine is started again are stored after it.
func TestLinesWaitForTheEngine(t *testing.T) {
	clock := aws.NewManualClock(time.UnixMilli(1e12))
	s := open(t, Options{Clock: clock})
	l := s.Logs()
	appendLines(t, l, "a", line(1, "before"))
	e := s.engine.Swap(nil)
	if err := l.Flush(); err == nil {
		t.Fatal("stored without an engine")
	}
	appendLines(t, l, "a", line(2, "meanwhile"))
	s.engine.Store(e)
	clock.Advance(flushDelay) // and nobody asks for it
	eventually(t, func() error {
		info, err := e.logs.Info(t.Context())
		if err == nil && info.State.Msgs != 2 {
			err = fmt.Errorf("%d batches are stored", info.State.Msgs)
		}
		return err
	})
	got, _ := readLogs(t, l, "a", 0)
	if diff := cmp.Diff([]string{"a 1 8 before", "a 2 9 meanwhile"}, got); diff != "" {
		t.Error(diff)
	}
	if s.logs.held != 0 {
		t.Errorf("%d bytes are held", s.logs.held)
	}
}

func TestPurge(t *testing.T) {
	l := open(t, Options{}).Logs()
	for _, stream := range []string{"g/a", "g/b", "h/a"} {
		appendLines(t, l, stream, line(1, "old"))
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, stream := range []string{"g/a", "g/b", "h/a"} {
		appendLines(t, l, stream, line(9, "new"))
	}
	if err := l.Purge(t.Context(), "g/", time.UnixMilli(5)); err != nil {
		t.Fatal(err)
	}
	got, _ := readLogs(t, l, "", 0)
	if diff := cmp.Diff([]string{"h/a 1 8 old", "g/a 9 16 new", "g/b 9 16 new", "h/a 9 16 new"}, got); diff != "" {
		t.Error(diff)
	}
	if err := l.Purge(t.Context(), "g/a", time.Time{}); err != nil {
		t.Fatal(err)
	}
	got, _ = readLogs(t, l, "", 0)
	if diff := cmp.Diff([]string{"h/a 1 8 old", "g/b 9 16 new", "h/a 9 16 new"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOldestLinesGoFirst(t *testing.T) {
	s := open(t, Options{LogSize: 2 << 20})
	const size = 200 << 10
	for i := range 20 {
		appendLines(t, s.Logs(), "a", line(int64(i), string(noise(size, byte(i)))))
		if err := s.Logs().Flush(); err != nil {
			t.Fatal(err)
		}
	}
	var kept []int64
	s.Logs().Read(t.Context(), "", 0, func(_ string, _ uint64, e LogEvent) bool {
		kept = append(kept, e.Timestamp.UnixMilli())
		return true
	})
	if n := len(kept); n == 0 || n*size > 2<<20 || kept[n-1] != 19 || kept[0] != int64(20-n) {
		t.Errorf("kept are %v", kept)
	}
}

func TestReaderAndWritersAtOnce(t *testing.T) {
	l := open(t, Options{}).Logs()
	const writers, each = 4, 500
	var wait sync.WaitGroup
	for i := range writers {
		wait.Go(func() {
			for j := range each {
				if err := l.Append(fmt.Sprint("g/", i), []LogEvent{line(int64(j), "x")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	next := map[string]int64{}
	var position uint64
	for n := 0; n < writers*each; {
		appended, stop := l.Follow("g/")
		before := n
		var err error
		position, err = l.Read(context.Background(), "g/", position, func(stream string, _ uint64, e LogEvent) bool {
			if ms := e.Timestamp.UnixMilli(); ms != next[stream] {
				t.Errorf("%s: line %d instead of %d", stream, ms, next[stream])
			}
			next[stream]++
			n++
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		if n == before {
			<-appended
		}
		stop()
	}
	wait.Wait()
}

func FuzzDecodeBatch(f *testing.F) {
	b := &batch{}
	for i := range 3 {
		e := line(int64(i)*1000, "message")
		b.add(&e)
	}
	f.Add(b.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		decodeBatch(data, func(uint64, LogEvent) bool { return true })
	})
}
