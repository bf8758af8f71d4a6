package bootstrap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// compileLimit is how long an interpreter may take for the bytecode; it takes
// some forty milliseconds.
const compileLimit = 10 * time.Second

// Bytecode returns the Python client as bytecode for one interpreter, compiled
// by it when it is first asked for. A client that is a script is compiled again
// at each start, which is a third of the whole.
//
// dir is what Install returned; functions see it, but only the server writes
// there. python is run here, on the host: it must be one that the host trusts,
// never one from a function's image.
func Bytecode(dir, python string) (string, error) {
	info, err := os.Stat(python)
	if err != nil {
		return "", fmt.Errorf("compile the Python client: %w", err)
	}
	// An interpreter that was replaced has another size or date: bytecode of a
	// version that is not its own it would refuse to run.
	identity := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", python, info.Size(), info.ModTime().UnixNano()))
	suffix := "." + hex.EncodeToString(identity[:8]) + ".pyc"
	compiled := func(name string) string { return filepath.Join(dir, strings.TrimSuffix(name, ".py")+suffix) }
	if _, err := os.Stat(compiled(Python)); err == nil {
		return compiled(Python), nil
	}
	temp, err := os.MkdirTemp(dir, ".compile-")
	if err != nil {
		return "", fmt.Errorf("compile the Python client: %w", err)
	}
	defer os.RemoveAll(temp)
	ctx, cancel := context.WithTimeout(context.Background(), compileLimit)
	defer cancel()
	// -I: nothing of the user's is imported. Frames name the file that Lambda's own
	// client is.
	args := []string{"-I", "-S", "-B", "-c",
		"import py_compile, sys\nfor f in sys.argv[1:]:\n n = f[f.rindex('/') + 1:]; py_compile.compile(f, n + 'c', '/var/runtime/' + n, True)"}
	for _, name := range pythons() {
		args = append(args, filepath.Join(dir, name))
	}
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Env, cmd.Dir = []string{}, temp
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the Python client with %s: %w: %s", python, err, out)
	}
	// The first file comes last: where it is, the others are.
	for _, name := range slices.Backward(pythons()) {
		made := filepath.Join(temp, filepath.Base(name)+"c")
		if err := os.Chmod(made, 0o644); err != nil {
			return "", fmt.Errorf("compile the Python client: %w", err)
		}
		if err := os.Rename(made, compiled(name)); err != nil {
			return "", fmt.Errorf("compile the Python client: %w", err)
		}
	}
	return compiled(Python), nil
}
