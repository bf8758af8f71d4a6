package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatchReportsWhatWasSaved(t *testing.T) {
	dir := t.TempDir()
	code, file := filepath.Join(dir, "code"), filepath.Join(dir, "template.yaml")
	write(t, filepath.Join(code, "app.py"), "1")
	write(t, file, "a")
	w, err := watch([]string{file, code})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	expect := func(what, want string) {
		t.Helper()
		got, _, err := w.changed(ctx)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	write(t, filepath.Join(code, "app.py"), "2")
	expect("a file written", code)
	// Editors write beside and rename.
	write(t, filepath.Join(dir, "template.yaml~"), "b")
	if err := os.Rename(filepath.Join(dir, "template.yaml~"), file); err != nil {
		t.Fatal(err)
	}
	expect("a file replaced", file)
	write(t, filepath.Join(code, "new", "deep.py"), "3")
	expect("a new directory", code)
	write(t, filepath.Join(code, "new", "deep.py"), "4")
	expect("a file in the new directory", code)
}

// What is written again and again is waited for longer, up to a bound, and a
// single save later is taken at once as before.
func TestWatchIsPatientWithBuilds(t *testing.T) {
	now := time.Now()
	w := &watcher{settle: settle}
	for _, want := range []time.Duration{20, 40, 80, 160, 160} {
		w.patience(now)
		if w.settle != want*time.Millisecond {
			t.Errorf("%v, not %v ms", w.settle, want)
		}
		w.taken = now
		now = now.Add(100 * time.Millisecond)
	}
	w.patience(now.Add(time.Second))
	if w.settle != settle {
		t.Errorf("%v after a pause", w.settle)
	}
}
