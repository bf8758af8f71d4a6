package bootstrap

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

//go:embed python/*.py node/*.cjs ruby/*.rb
var files embed.FS

// The files by the family of runtimes they serve, relative to the directory
// that Install returns.
const (
	Python = "python/bootstrap.py"
	Node   = "node/bootstrap.cjs"
	Ruby   = "ruby/bootstrap.rb"
)

// clients are all of them and what they load, in the order that the directory's
// name is made of.
func clients() []string {
	return append(pythons(), Node, "node/stream.cjs", Ruby)
}

// pythons are the files of the Python client.
func pythons() []string {
	return []string{Python, "python/logs.py", "python/snapshots.py"}
}

// Install writes the runtime clients below data, unless they are there, and
// returns their directory. Its name is made of their content: servers of
// different versions can share data, and functions that run keep theirs.
func Install(data string) (string, error) {
	dir := filepath.Join(data, "bootstrap", digest())
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("make directory of the runtime clients: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".new-")
	if err != nil {
		return "", fmt.Errorf("write the runtime clients: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o755); err != nil {
		return "", fmt.Errorf("write the runtime clients: %w", err)
	}
	for _, name := range clients() {
		content, err := files.ReadFile(name)
		if err != nil {
			return "", err
		}
		path := filepath.Join(temp, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return "", fmt.Errorf("write the runtime clients: %w", err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return "", fmt.Errorf("write the runtime clients: %w", err)
		}
	}
	// Another server may have been faster, which is as good.
	if err := os.Rename(temp, dir); err != nil {
		if _, exists := os.Stat(dir); exists != nil {
			return "", fmt.Errorf("write the runtime clients: %w", err)
		}
	}
	return dir, nil
}

func digest() string {
	h := sha256.New()
	for _, name := range clients() {
		content, _ := files.ReadFile(name)
		h.Write(content)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
