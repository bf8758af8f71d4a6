//go:build soak

package lamgate_test

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// TestFuzzForLong runs every fuzz target of the project for SOAK_MINUTES, two
// unless told otherwise. What it finds stays in the target's testdata.
func TestFuzzForLong(t *testing.T) {
	minutes := os.Getenv("SOAK_MINUTES")
	if minutes == "" {
		minutes = "2"
	}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != "." && strings.HasPrefix(e.Name(), ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range fuzzTarget.FindAllSubmatch(source, -1) {
			fuzz(t, "./"+filepath.Dir(path), string(m[1]), minutes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func fuzz(t *testing.T, pkg, target, minutes string) {
	t.Run(pkg+"/"+target, func(t *testing.T) {
		// Minimising inputs that are merely interesting takes most of the time
		// where a run of the target is slow.
		c := exec.CommandContext(t.Context(), "go", "test", "-run", "^$", "-fuzz", "^"+target+"$", "-fuzztime", minutes+"m", "-fuzzminimizetime", "1x", pkg)
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		if err := c.Run(); err != nil {
			t.Errorf("%v\n%s", err, out.String())
		}
	})
}
