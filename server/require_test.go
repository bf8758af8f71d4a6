package server

import (
	"testing"

	"github.com/lamgate/lamgate/execution/sandbox"
)

func TestRequire(t *testing.T) {
	controls := []sandbox.Control{
		{Name: "file system", Enforced: true, By: "a mount namespace"},
		{Name: "memory limit", Problem: "no cgroup can be written", Mend: "run as root"},
	}
	for _, c := range []struct {
		required []string
		want     string
	}{
		{nil, ""},
		{[]string{"file system"}, ""},
		{[]string{"File-System"}, ""},
		{[]string{"memory-limit"}, `the control "memory limit" is required and not enforced: no cgroup can be written (run as root)`},
		{[]string{"walls", "file_system", "memory limit"}, `there is no control "walls" to require; there are file-system, memory-limit
the control "memory limit" is required and not enforced: no cgroup can be written (run as root)`},
	} {
		got := ""
		if err := Require(controls, c.required); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q: %s", c.required, got)
		}
	}
}
