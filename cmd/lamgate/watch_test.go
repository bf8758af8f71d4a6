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
		got, err := w.changed(ctx)
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
