package state

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

func TestBlobComesBack(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	sizes := []int{0, 1, partSize - 1, partSize, partSize + 1, (pendingParts + 3) * partSize}
	key := func(size int) string { return Key("sizes", string(rune('a'+slices.Index(sizes, size)))) }
	for _, size := range sizes {
		n := must(s.Blobs().Put(t.Context(), key(size), iotest.HalfReader(bytes.NewReader(noise(size, 7)))))(t)
		if n != int64(size) {
			t.Errorf("%d bytes were stored as %d", size, n)
		}
	}
	for range 2 {
		for _, size := range sizes {
			if n := must(s.Blobs().Size(key(size)))(t); n != int64(size) {
				t.Errorf("%d bytes have the size %d", size, n)
			}
			r := must(s.Blobs().Open(t.Context(), key(size)))(t)
			if err := iotest.TestReader(r, noise(size, 7)); err != nil {
				t.Errorf("%d bytes: %v", size, err)
			}
			r.Close()
		}
		want := []string{"sizes/a", "sizes/b", "sizes/c", "sizes/d", "sizes/e", "sizes/f"}
		if got := s.Blobs().List("sizes/"); !slices.Equal(got, want) {
			t.Errorf("blobs are %q, want %q", got, want)
		}
		s.Close()
		s = open(t, Options{Dir: dir})
	}
}

func TestBlobThatIsNot(t *testing.T) {
	b := open(t, Options{}).Blobs()
	if _, err := b.Open(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("opened: %v", err)
	}
	if _, err := b.Size("a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("sized: %v", err)
	}
	if err := b.Delete(t.Context(), "a"); err != nil {
		t.Errorf("deleted: %v", err)
	}
}

func TestNobodySeesPartOfABlob(t *testing.T) {
	s := open(t, Options{})
	b, ctx := s.Blobs(), t.Context()
	must(b.Put(ctx, "a", bytes.NewReader([]byte("old"))))(t)
	broken := errors.New("broken")
	_, err := b.Put(ctx, "a", io.MultiReader(bytes.NewReader(noise(3*partSize, 0)), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Fatalf("a reader's error became %v", err)
	}
	if got := readBlob(t, s, "a"); string(got) != "old" {
		t.Errorf("the blob has %d bytes", len(got))
	}
	if err := b.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	eventually(t, s.noChunks)
}

func TestReaderKeepsWhatItReads(t *testing.T) {
	s := open(t, Options{})
	b, ctx := s.Blobs(), t.Context()
	old := noise(3*partSize, 1)
	must(b.Put(ctx, "a", bytes.NewReader(old)))(t)
	r := must(b.Open(ctx, "a"))(t)
	first := make([]byte, 10)
	must(io.ReadFull(r, first))(t)
	must(b.Put(ctx, "a", bytes.NewReader([]byte("new"))))(t)
	if err := b.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	rest := must(io.ReadAll(r))(t)
	if !bytes.Equal(append(first, rest...), old) {
		t.Error("the reader did not read what it had opened")
	}
	r.Close()
	eventually(t, s.noChunks)
}

func TestChunksWithoutOwnerAreCollected(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir})
	must(s.Blobs().Put(t.Context(), "kept", bytes.NewReader([]byte("kept"))))(t)
	// As a crash leaves them: chunks, and no record.
	must(s.sendChunks(t.Context(), "ORPHAN", bytes.NewReader(noise(3*partSize, 0))))(t)
	s.Close()
	s = open(t, Options{Dir: dir})
	eventually(t, func() error {
		info, err := s.engine.Load().chunks.Info(t.Context())
		if err == nil && info.State.Msgs != 1 {
			err = errors.New("the orphan is there")
		}
		return err
	})
	if got := readBlob(t, s, "kept"); string(got) != "kept" {
		t.Errorf("the other blob is now %q", got)
	}
}
