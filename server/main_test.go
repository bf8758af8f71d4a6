package server_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// command is lamgate, built once for all tests: they drive what its users
// run, in a process that can be killed.
var command string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "server-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	command = filepath.Join(dir, "lamgate")
	args := []string{"build", "-o", command}
	if race {
		args = append(args, "-race") // what is tested is in the other process
	}
	build := exec.Command("go", append(args, "github.com/lamgate/lamgate/cmd/lamgate")...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the command: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}
