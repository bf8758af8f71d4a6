package state

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A model says what a store should hold.
type model struct {
	documents map[string]Document
	blobs     map[string][]byte
	queue     []string
}

// Whatever is done to a store, in whatever order and with however many
// restarts in between, it holds what the model holds.
func TestStoreIsItsModel(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		checks.Value.Set("20") // each with a store of its own, and its restarts
		defer checks.Value.Set(checks.DefValue)
	}
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "state")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		w := &world{t: t, dir: dir, model: model{documents: map[string]Document{}, blobs: map[string][]byte{}}}
		w.open()
		defer func() { w.store.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"":           w.check,
			"create":     w.create,
			"change":     w.change,
			"delete":     w.delete,
			"put blob":   w.putBlob,
			"drop blob":  w.dropBlob,
			"push":       w.push,
			"take":       w.take,
			"restart":    w.restart,
			"lose power": w.loseEngine,
		})
	})
}

// A world is a store with its model.
type world struct {
	t       *rapid.T
	dir     string
	store   *Store
	queue   Queue
	watched map[string]Document // as its watcher has been told
	model   model
}

var modelKeys = rapid.SampledFrom([]string{"a", "a/b", "a/c", "a.b/ü", "b/=2E", "c/%2F"})

func (w *world) open() {
	var err error
	if w.store, err = Open(Options{Dir: w.dir}); err != nil {
		w.t.Fatal(err)
	}
	w.watched = map[string]Document{}
	w.store.Documents().Watch("", func(c Change) {
		if c.Deleted {
			delete(w.watched, c.Key)
		} else {
			w.watched[c.Key] = c.Document
		}
	})
	if w.queue, err = w.store.Queue("q"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) restart(t *rapid.T) {
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.open()
}

// loseEngine has the store start another engine, as after a full disk.
func (w *world) loseEngine(t *rapid.T) {
	e := w.store.engine.Load()
	e.fail(errors.New("lost by the test"))
	eventually(t, func() error {
		if now := w.store.engine.Load(); now == nil || now == e {
			return errRestarting
		}
		return nil
	})
}

func (w *world) create(t *rapid.T) {
	key := modelKeys.Draw(t, "key")
	w.write(t, key, 0)
}

func (w *world) change(t *rapid.T) {
	key := modelKeys.Draw(t, "key")
	revision := w.model.documents[key].Revision
	if rapid.IntRange(0, 9).Draw(t, "stale") == 0 {
		revision++
	}
	w.write(t, key, revision)
}

func (w *world) write(t *rapid.T, key string, revision uint64) {
	value := rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "value")
	if rapid.IntRange(0, 19).Draw(t, "large") == 0 {
		value = append(value, noise(maxRecord, 0)...)
	}
	got, err := w.store.Documents().Put(t.Context(), key, value, revision)
	if revision != w.model.documents[key].Revision {
		if !errors.Is(err, ErrConflict) {
			t.Fatalf("%s stands at %d and was written at %d: %v", key, w.model.documents[key].Revision, revision, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	w.model.documents[key] = Document{Key: key, Value: value, Revision: got}
}

func (w *world) delete(t *rapid.T) {
	key := modelKeys.Draw(t, "key")
	d, present := w.model.documents[key]
	if err := w.store.Documents().Delete(t.Context(), key, d.Revision); present == (err != nil) {
		t.Fatalf("%s, which is there: %v, was deleted: %v", key, present, err)
	}
	delete(w.model.documents, key)
}

func (w *world) putBlob(t *rapid.T) {
	key := modelKeys.Draw(t, "key")
	data := noise(rapid.SampledFrom([]int{0, 1, 1000, partSize, partSize + 1}).Draw(t, "size"), 3)
	if _, err := w.store.Blobs().Put(t.Context(), key, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	w.model.blobs[key] = data
}

func (w *world) dropBlob(t *rapid.T) {
	key := modelKeys.Draw(t, "key")
	if err := w.store.Blobs().Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	delete(w.model.blobs, key)
}

func (w *world) push(t *rapid.T) {
	m := rapid.StringN(0, 20, -1).Draw(t, "message")
	if err := w.queue.Push(t.Context(), "", []byte(m)); err != nil {
		t.Fatal(err)
	}
	w.model.queue = append(w.model.queue, m)
}

func (w *world) take(t *rapid.T) {
	if len(w.model.queue) == 0 {
		return
	}
	got := take(t, w.queue, 1)
	if want := w.model.queue[0] + " 1"; got[0] != want {
		t.Fatalf("the queue handed out %q, want %q", got[0], want)
	}
	w.model.queue = w.model.queue[1:]
}

func (w *world) check(t *rapid.T) {
	prefix := rapid.SampledFrom([]string{"", "a/", "b/"}).Draw(t, "prefix")
	var want []Document
	for _, key := range slices.Sorted(maps.Keys(w.model.documents)) {
		if strings.HasPrefix(key, prefix) {
			want = append(want, w.model.documents[key])
		}
	}
	same := cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) })
	got := w.store.Documents().List(prefix)
	if len(got)+len(want) > 0 {
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Fatal(diff)
		}
	}
	if diff := cmp.Diff(w.model.documents, w.watched, same); diff != "" {
		t.Fatal("the watcher differs: ", diff)
	}
	if keys := w.store.Blobs().List(""); !slices.Equal(keys, slices.Sorted(maps.Keys(w.model.blobs))) {
		t.Fatalf("blobs are %q", keys)
	}
	for key, data := range w.model.blobs {
		if got := readBlob(t, w.store, key); !bytes.Equal(got, data) {
			t.Fatalf("the blob %s differs", key)
		}
	}
}
