package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How long files must rest before what was saved is taken: editors write in
// several steps. Who goes on to write soon after, as builds do, is waited for
// longer each time.
const (
	settle     = 20 * time.Millisecond
	settleMost = 160 * time.Millisecond
	settleSoon = 500 * time.Millisecond
)

// A watcher reports which of its trees have changed.
type watcher struct {
	notify *fsnotify.Watcher
	roots  []string
	settle time.Duration
	taken  time.Time // when changes were taken last
}

// watch follows files and directories with all that is in them.
func watch(roots []string) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("follow files: %w", exhausted(err))
	}
	w := &watcher{notify: n, roots: roots, settle: settle}
	for _, root := range roots {
		if err := w.add(root); err != nil {
			n.Close()
			return nil, fmt.Errorf("follow %s: %w", root, exhausted(err))
		}
	}
	return w, nil
}

// exhausted says what the system has too little of. Its own words speak of disks
// and of files.
func exhausted(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return errors.New("there are more directories than this system lets its users follow: raise fs.inotify.max_user_watches")
	case errors.Is(err, syscall.EMFILE):
		return errors.New("more programs follow files than this system lets: raise fs.inotify.max_user_instances, or end one")
	}
	return err
}

// add watches a directory and those in it; of a file, the directory it is in,
// since editors replace files.
func (w *watcher) add(root string) error {
	info, err := os.Stat(root)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return w.notify.Add(filepath.Dir(root))
	}
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil //nolint:nilerr // what has gone in the meantime is not watched
		}
		if path != root && ignored(entry.Name()) {
			return filepath.SkipDir
		}
		return w.notify.Add(path)
	})
}

func (w *watcher) close() error { return w.notify.Close() }

// changed waits until something has changed and come to rest, and returns the
// roots that it concerns and when it was saved.
func (w *watcher) changed(ctx context.Context) (roots []string, saved time.Time, err error) {
	touched := map[string]bool{}
	var rest <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil, saved, ctx.Err()
		case err := <-w.notify.Errors:
			return nil, saved, fmt.Errorf("follow files: %w", err)
		case <-rest:
			for _, root := range w.roots {
				if touched[root] {
					roots = append(roots, root)
				}
			}
			w.taken = time.Now()
			return roots, saved, nil
		case e := <-w.notify.Events:
			if e.Op == fsnotify.Chmod || ignoredPath(e.Name) {
				continue
			}
			if e.Op.Has(fsnotify.Create) {
				if info, err := os.Stat(e.Name); err == nil && info.IsDir() {
					// A directory that is gone again needs no watch.
					_ = w.add(e.Name)
				}
			}
			for _, root := range w.roots {
				if e.Name == root || strings.HasPrefix(e.Name, root+string(filepath.Separator)) {
					touched[root] = true
				}
			}
			if len(touched) > 0 {
				saved = time.Now()
				if rest == nil {
					w.patience(saved)
				}
				rest = time.After(w.settle)
			}
		}
	}
}

// patience chooses how long the changes that begin now must rest.
func (w *watcher) patience(now time.Time) {
	if now.Sub(w.taken) < settleSoon {
		w.settle = min(2*w.settle, settleMost)
	} else {
		w.settle = settle
	}
}

func ignoredPath(path string) bool {
	for _, part := range strings.Split(filepath.ToSlash(path), "/") {
		if ignored(part) {
			return true
		}
	}
	return false
}
