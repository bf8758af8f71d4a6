//go:build amd64 || arm64

package sandbox

import (
	"strings"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	for _, name := range []string{"memory", "shared", "memfd", "memory, traced"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, NamespaceLevel)
			bomb, _, traced := strings.Cut(name, ", ")
			s, out := f.run(t, bomb, func(spec *Spec) { spec.MemoryMB, spec.TmpMB, spec.Traced = 64, 16, traced })
			x := waitFor(t, s)
			if out.String() != "" {
				t.Errorf("it printed %s", out)
			}
			if refused := bomb == "memfd" && x.Code == 0; !x.OutOfMemory && !refused {
				t.Errorf("exit is %+v", x)
			}
			if most := s.MaxMemory(); most > 64<<20 {
				t.Logf("it held %d MB before its end", most>>20)
			}
		})
	}
}

// Files in /tmp are no memory, as in Lambda, where they are on a disk.
func TestTmpIsBoundedAndNoMemory(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	s, out := f.run(t, "fill", func(spec *Spec) { spec.MemoryMB, spec.TmpMB = 48, 96 })
	if x := waitFor(t, s); x.Code != 0 || out.String() != "96 true\n" {
		t.Errorf("exit is %+v, and it printed %q", x, out)
	}
}

func TestOtherLimits(t *testing.T) {
	for program, want := range map[string]string{
		"fork":    "15 true\n", // and the one that forks
		"inodes":  "true true\n",
		"files":   "true true\n",
		"watches": "true true\n",
	} {
		t.Run(program, func(t *testing.T) {
			f := newFixture(t, NamespaceLevel)
			s, out := f.run(t, program, func(spec *Spec) {
				spec.Network = PrivateNetwork
				if program == "fork" {
					spec.Command = []string{"/usr/bin/perl", "-e", `$| = 1; for ($n = 0; $n < 500; $n++) { defined($p = fork) or last; if (!$p) { sleep 1000; exit } } print "$n ", ($!{EAGAIN} ? "true" : "$!"), "\n"`}
					spec.Processes = 16
				}
			})
			if x := waitFor(t, s); x.Code != 0 || out.String() != want {
				t.Errorf("exit is %+v, and it printed %q, want %q", x, out, want)
			}
		})
	}
}

func TestInitReapsOrphans(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	s, out := f.run(t, "orphans", nil)
	if x := waitFor(t, s); x.Code != 0 {
		t.Errorf("exit is %+v: %s", x, out)
	}
}
