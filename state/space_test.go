package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/aws"
)

// smallDisk mounts a file system of a size.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("a small disk to fill cannot be mounted, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillDisk leaves no byte free. The file that it returns holds them.
func fillDisk(t *testing.T, disk string) (ballast string) {
	t.Helper()
	f := must(os.Create(filepath.Join(disk, "ballast")))(t)
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Fatal(err)
			}
			return f.Name()
		}
	}
}

// eventually calls f until it succeeds.
func eventually(t tester, f func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// noise returns bytes that do not compress.
func noise(size int, seed byte) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

func TestReserveIsKept(t *testing.T) {
	disk := smallDisk(t, 48<<20)
	const reserve = 16 << 20
	s := open(t, Options{Dir: filepath.Join(disk, "state"), Reserve: reserve})
	ctx := t.Context()

	var err error
	kept := 0
	for ; err == nil; kept++ {
		_, err = s.Blobs().Put(ctx, fmt.Sprint(kept), bytes.NewReader(noise(3<<20, byte(kept))))
	}
	kept-- // the last one was refused
	if !errors.Is(err, ErrNoSpace) {
		t.Fatalf("a blob beyond the reserve was answered %v", err)
	}
	if free := must(freeIn(disk)())(t); free < reserve*3/4 {
		t.Errorf("of %d bytes in reserve, %d are left", reserve, free)
	}
	// Not one kind of write goes through, or another could not be told why.
	if _, err := s.Documents().Put(ctx, "a", make([]byte, 8<<20), 0); !errors.Is(err, ErrNoSpace) {
		t.Errorf("a document was answered %v", err)
	}
	for i := range kept {
		if got := readBlob(t, s, fmt.Sprint(i)); !bytes.Equal(got, noise(3<<20, byte(i))) {
			t.Errorf("blob %d cannot be read on the full disk", i)
		}
	}
	// Deleting is how room is made.
	for i := range kept {
		if err := s.Blobs().Delete(ctx, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		_, err := s.Documents().Put(ctx, "a", make([]byte, 8<<20), 0)
		return err
	})
}

func TestReserveRefusesEveryKindOfWrite(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 40)
	clock := aws.NewManualClock(time.Now())
	s := open(t, Options{Clock: clock, Reserve: 10 << 20, free: func() (uint64, error) { return uint64(free.Load()), nil }})
	ctx := t.Context()
	q := must(s.Queue("work"))(t)
	writes := map[string]func() error{
		"document": func() error { _, err := s.Documents().Put(ctx, fmt.Sprint(rand.Uint64()), []byte("{}"), 0); return err },
		"blob":     func() error { _, err := s.Blobs().Put(ctx, "b", bytes.NewReader([]byte("x"))); return err },
		"queue":    func() error { return q.Push(ctx, "", []byte("x")) },
		"logs":     func() error { return s.Logs().Append("s", []LogEvent{{Message: "x"}}) },
	}
	for name, write := range writes {
		if err := write(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	free.Store(10 << 20)
	clock.Advance(time.Second)
	for name, write := range writes {
		if err := write(); !errors.Is(err, ErrNoSpace) {
			t.Errorf("%s with nothing but the reserve left: %v", name, err)
		}
	}
	free.Store(1 << 40)
	for name, write := range writes {
		if err := write(); err != nil {
			t.Errorf("%s with room again: %v", name, err)
		}
	}
}

// The reserve cannot help when others fill the disk. Then the engine stops,
// and has to be brought back once there is room.
func TestEngineComesBackFromFullDisk(t *testing.T) {
	disk := smallDisk(t, 32<<20)
	var blind atomic.Bool // to what is really free
	free := freeIn(disk)
	s := open(t, Options{Dir: filepath.Join(disk, "state"), Reserve: 1 << 20, free: func() (uint64, error) {
		if blind.Load() {
			return 1 << 40, nil
		}
		return free()
	}})
	docs, ctx := s.Documents(), t.Context()
	q := must(s.Queue("work"))(t)
	if err := q.Push(ctx, "", []byte("pushed")); err != nil {
		t.Fatal(err)
	}
	value := noise(100<<10, 0)
	must(docs.Put(ctx, "kept", value, 0))(t)
	must(s.Blobs().Put(ctx, "kept", bytes.NewReader(value)))(t)
	must(docs.Put(ctx, "changed", []byte("before"), 0))(t)
	seen := NewView(docs, "", func(d Document) (string, error) { return string(d.Value), nil }, nil)
	defer seen.Close()

	blind.Store(true)
	ballast := fillDisk(t, disk)
	if _, err := docs.Put(ctx, "refused", value, 0); !errors.Is(err, ErrNoSpace) {
		t.Fatalf("a write that does not fit was answered %v", err)
	}
	blind.Store(false)
	if d, err := docs.Get("kept"); err != nil || !bytes.Equal(d.Value, value) {
		t.Errorf("reads have stopped: %v", err)
	}
	if _, err := docs.Put(ctx, "refused", value, 0); !errors.Is(err, ErrNoSpace) {
		t.Errorf("a write to the full disk was answered %v", err)
	}
	eventually(t, func() error {
		r, err := s.Blobs().Open(ctx, "kept")
		if err == nil {
			_, err = io.ReadAll(r)
		}
		return err
	})

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { _, err := docs.Put(ctx, "accepted", value, 0); return err })
	if _, err := docs.Get("refused"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a refused write is there: %v", err)
	}
	if v, ok := seen.Get("accepted"); !ok || v != string(value) {
		t.Error("the view has lost track of the store")
	}
	if got := readBlob(t, s, "kept"); !bytes.Equal(got, value) {
		t.Error("the blob is lost")
	}
	ctx, cancel := context.WithCancel(ctx)
	q.Work(ctx, 1, 1, func(_ context.Context, m Message) Verdict {
		if string(m.Data) != "pushed" {
			t.Errorf("the queue hands out %q", m.Data)
		}
		cancel()
		return Verdict{}
	})
}

func readBlob(t tester, s *Store, key string) []byte {
	t.Helper()
	r := must(s.Blobs().Open(t.Context(), key))(t)
	defer r.Close()
	return must(io.ReadAll(r))(t)
}
