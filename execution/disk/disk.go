package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// BootID names the time since the machine was started, where the system tells.
func BootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "boot"
	}
	return strings.TrimSpace(string(b))
}

// RemoveTree removes a tree, also one whose directories may not be written. It
// follows no links out of it.
func RemoveTree(dir string) error {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// Link makes a hard link to a file, or a copy where the file system has none, or
// no more of this file.
func Link(from, to string) error {
	err := os.Link(from, to)
	if slices.ContainsFunc([]error{syscall.EMLINK, syscall.EPERM, syscall.ENOTSUP, syscall.ENOSYS}, func(e error) bool { return errors.Is(err, e) }) {
		return Copy(from, to)
	}
	return err
}

// Copy makes a copy of a file, with its mode.
func Copy(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	mode := info.Mode().Perm()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Chmod(mode), w.Close())
}
