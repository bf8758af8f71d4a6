package state

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The tests below watch a store in another process: this program, started
// again with a scene to play.
const (
	sceneVariable = "LAMGATE_STATE_SCENE"
	dirVariable   = "LAMGATE_STATE_DIR"
)

func TestMain(m *testing.M) {
	scenes := map[string]func(*Store) error{"write": writeUntilKilled, "once": writeOnce}
	name := os.Getenv(sceneVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	s, err := Open(Options{Dir: os.Getenv(dirVariable)})
	if err == nil {
		err = scenes[name](s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// say tells the watching process something, with one system call.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

const (
	writersOfEach = 3
	sign          = "+"
)

// writeUntilKilled writes numbered versions of documents and blobs, pushes and
// takes numbered messages, and says each number once it is acknowledged. What takes
// a message's place has one more sign at its end.
func writeUntilKilled(s *Store) error {
	ctx := context.Background()
	failed := make(chan error, 1)
	loop := func(next int, step func(n int) error) {
		for n := next; ; n++ {
			if err := step(n); err != nil {
				failed <- err
				return
			}
		}
	}
	q, err := s.Queue("q")
	if err != nil {
		return err
	}
	for i := range writersOfEach {
		key := fmt.Sprint("key/", i)
		n, _, err := documentVersion(s, key)
		if err != nil {
			return err
		}
		var revision uint64
		if d, err := s.Documents().Get(key); err == nil {
			revision = d.Revision
		}
		go loop(n+1, func(n int) (err error) {
			if n%7 == 0 {
				if revision != 0 {
					err = s.Documents().Delete(ctx, key, revision)
					revision = 0
				}
			} else {
				revision, err = s.Documents().Put(ctx, key, version(n, 3000), revision)
			}
			if err == nil {
				say("document %s %d", key, n)
			}
			return err
		})
		n, _, err = blobVersion(s, key)
		if err != nil {
			return err
		}
		go loop(n+1, func(n int) error {
			_, err := s.Blobs().Put(ctx, key, bytes.NewReader(version(n, 2*partSize)))
			if err == nil {
				say("blob %s %d", key, n)
			}
			return err
		})
		start := int(time.Now().UnixNano())
		stream := fmt.Sprintf("g/%d", start+i)
		go loop(0, func(n int) error {
			err := s.Logs().Append(stream, []LogEvent{{Message: fmt.Sprint(n)}})
			if n%100 == 0 {
				err = s.Logs().Flush()
			}
			return err
		})
		go loop(0, func(n int) error {
			m := fmt.Sprintf("%d.%d", start+i, n)
			err := q.Push(ctx, "", []byte(m))
			if err == nil {
				say("pushed %s", m)
			}
			return err
		})
	}
	go q.Work(ctx, 2, 2, func(_ context.Context, m Message) Verdict {
		say("handed %s", m.Data)
		switch rand.N(6) {
		case 0:
			return Verdict{Retry: true, After: time.Millisecond}
		case 1:
			return Verdict{Retry: true, After: time.Millisecond, Again: append(m.Data, sign...)}
		}
		say("took %s", m.Data)
		return Verdict{}
	})
	return <-failed
}

// version returns bytes that name their number and can be told from damaged
// ones.
func version(n, most int) []byte {
	size := n * 7919 % most
	return append(fmt.Appendf(nil, "%d ", n), noise(size, byte(n))...)
}

func versionOf(data []byte, most int) (int, error) {
	number, _, _ := strings.Cut(string(data[:min(20, len(data))]), " ")
	n, err := strconv.Atoi(number)
	if err == nil && !bytes.Equal(data, version(n, most)) {
		err = fmt.Errorf("version %d is damaged", n)
	}
	return n, err
}

func documentVersion(s *Store, key string) (n int, present bool, err error) {
	d, err := s.Documents().Get(key)
	if err != nil {
		return 0, false, nil
	}
	n, err = versionOf(d.Value, 3000)
	return n, true, err
}

func blobVersion(s *Store, key string) (n int, present bool, err error) {
	r, err := s.Blobs().Open(context.Background(), key)
	if err != nil {
		return 0, false, nil
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return 0, true, err
	}
	n, err = versionOf(data, 2*partSize)
	return n, true, err
}

func TestWhatIsAcknowledgedOutlivesKill(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	wanted := map[string]bool{} // messages pushed and not taken
	for round := range rounds {
		last := map[string]int{} // acknowledged, by kind and key
		took := map[string]bool{}
		handed := map[string]int{} // how many signs each message had at least
		for _, words := range killedScene(t, dir, time.Duration(50+rand.N(450))*time.Millisecond) {
			switch words[0] {
			case "pushed":
				wanted[words[1]] = true
			case "handed":
				m := strings.TrimRight(words[1], sign)
				handed[m] = max(handed[m], len(words[1])-len(m))
			case "took":
				took[strings.TrimRight(words[1], sign)] = true
			default:
				last[words[0]+" "+words[1]], _ = strconv.Atoi(words[2])
			}
		}
		s := open(t, Options{Dir: dir})
		for at, n := range last {
			kind, key, _ := strings.Cut(at, " ")
			check := documentVersion
			if kind == "blob" {
				check = blobVersion
			}
			got, present, err := check(s, key)
			if err != nil {
				t.Fatalf("round %d: %s: %v", round, at, err)
			}
			// What was on its way may have been written, not acknowledged.
			deleted := func(n int) bool { return kind == "document" && n%7 == 0 }
			switch {
			case present && (got == n || got == n+1) && !deleted(got):
			case !present && (deleted(n) || deleted(n+1)):
			default:
				t.Fatalf("round %d: %s: version %d was acknowledged, found is %d (%v)", round, at, n, got, present)
			}
		}
		found := drain(t, s)
		for m := range wanted {
			signs, there := found[m]
			if !there && !took[m] {
				t.Fatalf("round %d: the message %s is lost", round, m)
			}
			if there && signs < handed[m] {
				t.Fatalf("round %d: the message %s was handed out with %d signs and comes back with %d", round, m, handed[m], signs)
			}
		}
		clear(wanted)
		checkLines(t, s)
		s.Close()
	}
}

// killedScene has another process write into dir, kills it after a while and
// returns what it has said.
func killedScene(t *testing.T, dir string, after time.Duration) (said [][]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), sceneVariable+"=write", dirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var kill sync.Once
	defer cmd.Wait()
	defer cmd.Process.Kill()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		kill.Do(func() { time.AfterFunc(after, func() { cmd.Process.Kill() }) })
		said = append(said, strings.Fields(lines.Text()))
	}
	if len(said) == 0 {
		t.Fatal("nothing was acknowledged")
	}
	return said
}

// drain takes everything out of the queue q, and returns how many signs each
// message had.
func drain(t *testing.T, s *Store) map[string]int {
	t.Helper()
	q := must(s.Queue("q"))(t)
	found := map[string]int{}
	waiting := len(q.(*queue).entries)
	if waiting == 0 {
		return found
	}
	for _, m := range take(t, q, waiting) {
		text, _, _ := strings.Cut(m, " ")
		m := strings.TrimRight(text, sign)
		found[m] = len(text) - len(m)
	}
	if len(found) != waiting {
		t.Errorf("of %d messages, some came twice: %q", waiting, slices.Sorted(maps.Keys(found)))
	}
	return found
}

// checkLines expects that each stream holds numbered lines from its first
// onwards: the last ones may be lost, none before them.
func checkLines(t *testing.T, s *Store) {
	t.Helper()
	next := map[string]int{}
	_, err := s.Logs().Read(t.Context(), "g/", 0, func(stream string, _ uint64, e LogEvent) bool {
		if e.Message != fmt.Sprint(next[stream]) {
			t.Errorf("%s: line %s instead of %d", stream, e.Message, next[stream])
			return false
		}
		next[stream]++
		return true
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Logs().Purge(t.Context(), "", time.Time{}); err != nil {
		t.Error(err)
	}
}

// image copies a store's directory as a kill would leave it at this moment.
func image(t *testing.T, dir string) string {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return copied
}

// TestDeletedStaysDeleted kills a store and those that follow it: nothing that a
// mark or a purge stood for may come back.
func TestDeletedStaysDeleted(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	s := open(t, Options{Dir: dir})
	docs := s.Documents()
	must(docs.Put(ctx, "stays", []byte("old"), 0))(t)
	revision := must(docs.Put(ctx, "goes", []byte("old"), 0))(t)
	revision = must(docs.Put(ctx, "goes", []byte("new"), revision))(t)
	if err := docs.Delete(ctx, "goes", revision); err != nil {
		t.Fatal(err)
	}
	q := must(s.Queue("q"))(t)
	if err := q.Push(ctx, "", []byte("done at the second attempt")); err != nil {
		t.Fatal(err)
	}
	working, done := context.WithCancel(ctx)
	if err := q.Work(working, 1, 1, func(_ context.Context, m Message) Verdict {
		if m.Delivered == 1 {
			return Verdict{Retry: true}
		}
		done()
		return Verdict{}
	}); err != nil {
		t.Fatal(err)
	}
	must(docs.Put(ctx, "stays too", []byte("new"), 0))(t)
	for range 3 {
		dir = image(t, dir)
		s = open(t, Options{Dir: dir})
		var keys []string
		for _, d := range s.Documents().List("") {
			keys = append(keys, d.Key)
		}
		if want := []string{"stays", "stays too"}; !slices.Equal(keys, want) {
			t.Fatalf("after a kill there are %q, want %q", keys, want)
		}
		must(s.Queue("q"))(t)
		if n := len(s.queues["q"].entries); n != 0 {
			t.Fatalf("after a kill %d messages that were done are back", n)
		}
	}
}
