package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocumentIsWrittenOnceAtARevision(t *testing.T) {
	docs, ctx := open(t, Options{}).Documents(), t.Context()
	first := must(docs.Put(ctx, "a/b", []byte("1"), 0))(t)
	if _, err := docs.Put(ctx, "a/b", []byte("x"), 0); !errors.Is(err, ErrConflict) {
		t.Errorf("created twice: %v", err)
	}
	second := must(docs.Put(ctx, "a/b", []byte("2"), first))(t)
	if second <= first {
		t.Errorf("revision %d follows %d", second, first)
	}
	if _, err := docs.Put(ctx, "a/b", []byte("x"), first); !errors.Is(err, ErrConflict) {
		t.Errorf("changed at a revision that is past: %v", err)
	}
	if _, err := docs.Put(ctx, "a/c", []byte("x"), second); !errors.Is(err, ErrConflict) {
		t.Errorf("changed though it does not exist: %v", err)
	}
	if err := docs.Delete(ctx, "a/b", first); !errors.Is(err, ErrConflict) {
		t.Errorf("deleted at a revision that is past: %v", err)
	}
	want := Document{Key: "a/b", Value: []byte("2"), Revision: second}
	if diff := cmp.Diff(want, must(docs.Get("a/b"))(t)); diff != "" {
		t.Error(diff)
	}
}

// The engine decides, not the replica: another server might be faster.
func TestConflictIsFoundBehindTheReplica(t *testing.T) {
	s := open(t, Options{})
	first := must(s.Documents().Put(t.Context(), "a", []byte("1"), 0))(t)
	second := must(s.Documents().Put(t.Context(), "a", []byte("2"), first))(t)
	s.replica.documents.values["a"] = Document{Key: "a", Revision: first}
	if _, err := s.Documents().Put(t.Context(), "a", []byte("3"), first); !errors.Is(err, ErrConflict) {
		t.Fatalf("written over revision %d: %v", second, err)
	}
}

func TestDeletedDocumentCanBeCreatedAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	ctx := t.Context()
	for i := range 3 {
		docs := s.Documents()
		revision := must(docs.Put(ctx, "a", []byte{byte(i)}, 0))(t)
		if err := docs.Delete(ctx, "a", revision); err != nil {
			t.Fatal(err)
		}
		if _, err := docs.Get("a"); !errors.Is(err, ErrNotFound) {
			t.Fatalf("a deleted document is there: %v", err)
		}
		if err := docs.Delete(ctx, "a", revision); !errors.Is(err, ErrConflict) {
			t.Fatalf("deleted twice: %v", err)
		}
		if i == 1 {
			s.Close()
			s = open(t, Options{Dir: dir})
		}
	}
}

func TestListIsOrderedAndWhole(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	keys := []string{"b/2", "a/1", "b/10", "b/1", "bb/1", "b/1/x", "c"}
	for _, key := range keys {
		must(s.Documents().Put(t.Context(), key, []byte(key), 0))(t)
	}
	for range 2 {
		var got []string
		for _, d := range s.Documents().List("b/") {
			got = append(got, d.Key)
		}
		if want := []string{"b/1", "b/1/x", "b/10", "b/2"}; !slices.Equal(got, want) {
			t.Errorf("under b/ are %q, want %q", got, want)
		}
		if n := len(s.Documents().List("")); n != len(keys) {
			t.Errorf("%d documents in all, want %d", n, len(keys))
		}
		s.Close()
		s = open(t, Options{Dir: dir})
	}
}

func TestWriteReturnsWhenWatchersHaveSeenIt(t *testing.T) {
	docs, ctx := open(t, Options{}).Documents(), t.Context()
	must(docs.Put(ctx, "x/early", []byte("1"), 0))(t)
	var seen []string
	var last Change
	stop := docs.Watch("x/", func(c Change) {
		seen = append(seen, fmt.Sprintf("%s %s %v", c.Key, c.Value, c.Deleted))
		if d, err := docs.Get(c.Key); !c.Deleted && (err != nil || d.Revision != c.Revision) {
			t.Errorf("%s is announced at %d and read at %d", c.Key, c.Revision, d.Revision)
		}
		last = c
	})
	if n := len(seen); n != 1 {
		t.Fatalf("%d documents were announced at once, want 1", n)
	}
	revision := must(docs.Put(ctx, "x/late", []byte("2"), 0))(t)
	if last.Revision != revision {
		t.Fatal("the write returned before the watcher had seen it")
	}
	must(docs.Put(ctx, "y/other", []byte("3"), 0))(t)
	if err := docs.Delete(ctx, "x/late", revision); err != nil {
		t.Fatal(err)
	}
	stop()
	must(docs.Put(ctx, "x/unseen", nil, 0))(t)
	want := []string{"x/early 1 false", "x/late 2 false", "x/late  true"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

func TestWatchersSeeEveryChangeInOrder(t *testing.T) {
	docs, ctx := open(t, Options{}).Documents(), t.Context()
	var last uint64
	var busy bool
	stop := docs.Watch("", func(c Change) {
		if busy || c.Revision <= last {
			t.Errorf("revision %d comes after %d, busy %v", c.Revision, last, busy)
		}
		busy, last = true, c.Revision
		busy = false
	})
	defer stop()
	type counter struct{ N int }
	if err := Create(ctx, docs, "n", counter{}); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 25 {
				if _, err := Update(ctx, docs, "n", func(c *counter) error { c.N++; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if c := must(Load[counter](docs, "n"))(t); c.N != 200 {
		t.Errorf("200 increments made %d", c.N)
	}
}

func TestLargeDocumentIsADocument(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	ctx := t.Context()
	value := noise(maxPayload+12345, 1)
	revision := must(s.Documents().Put(ctx, "large", value, 0))(t)
	if _, err := s.Documents().Put(ctx, "large", value, 0); !errors.Is(err, ErrConflict) {
		t.Errorf("created twice: %v", err)
	}
	for range 2 {
		d := must(s.Documents().Get("large"))(t)
		if d.Revision != revision || !bytes.Equal(d.Value, value) {
			t.Fatalf("the document came back with %d bytes at revision %d", len(d.Value), d.Revision)
		}
		s.Close()
		s = open(t, Options{Dir: dir})
	}
	must(s.Documents().Put(ctx, "large", []byte("small"), revision))(t)
	eventually(t, s.noChunks)
}

// noChunks returns an error while the engine holds chunks of blobs.
func (s *Store) noChunks() error {
	info, err := s.engine.Load().chunks.Info(context.Background())
	if err == nil && info.State.Msgs > 0 {
		err = fmt.Errorf("%d chunks in the engine", info.State.Msgs)
	}
	return err
}

func TestKeysAreRefused(t *testing.T) {
	docs := open(t, Options{}).Documents()
	for _, key := range []string{"", strings.Repeat("k", 10_000)} {
		if _, err := docs.Put(t.Context(), key, nil, 0); err == nil {
			t.Errorf("a key of %d bytes was taken", len(key))
		}
	}
	// The longest key of an S3 object, all of it to be escaped.
	key := "objects/000000000000/bucket/" + strings.Repeat("ü/", 341)
	must(docs.Put(t.Context(), key, []byte("x"), 0))(t)
	must(docs.Get(key))(t)
}
