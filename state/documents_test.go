package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestQuick(t *testing.T) {
	dir := t.TempDir()
	t0 := time.Now()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	s, err := Open(Options{Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("open", time.Since(t0))
	docs := s.Documents()
	ctx := context.Background()
	t0 = time.Now()
	for i := range 1000 {
		if _, err := docs.Put(ctx, fmt.Sprintf("functions/a b/%d", i), []byte(strings.Repeat("hello", 100)), 0); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Println("put 1000", time.Since(t0))
	d, err := docs.Get("functions/a b/7")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := docs.Put(ctx, d.Key, nil, 0); !errors.Is(err, ErrConflict) {
		t.Fatal(err)
	}
	if err := docs.Delete(ctx, d.Key, d.Revision); err != nil {
		t.Fatal(err)
	}
	if _, err := docs.Put(ctx, d.Key, []byte("new"), 0); err != nil {
		t.Fatal(err)
	}
	t0 = time.Now()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	fmt.Println("close", time.Since(t0))
	for range 5 {
		t0 = time.Now()
		s, err = Open(Options{Dir: dir, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("reopen", time.Since(t0), len(s.Documents().List("")), runtime.NumGoroutine())
		s.Close()
	}
}
