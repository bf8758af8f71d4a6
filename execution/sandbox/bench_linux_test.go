//go:build amd64 || arm64

package sandbox

import (
	"os"
	"os/exec"
	"testing"
)

// The benchmarks compare a sandbox, from start to the last trace of it, with a
// plain exec of the same command.
func BenchmarkPlainExec(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("/bin/true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSandbox(b *testing.B) {
	for _, network := range []Network{HostNetwork, PrivateNetwork} {
		b.Run(string(network), func(b *testing.B) {
			driver, err := Open(NamespaceLevel, Options{})
			if err != nil {
				b.Skip(err)
			}
			defer driver.Close()
			spec := Spec{Name: "bench", Task: b.TempDir(), Command: []string{"/bin/true"}, MemoryMB: 128, TmpMB: 512, Network: network}
			for b.Loop() {
				s, err := driver.Start(b.Context(), spec)
				if err != nil {
					b.Fatal(err)
				}
				<-s.Done()
				if network == PrivateNetwork {
					s.RuntimeAPI().Close()
					s.Endpoint().Close()
				}
			}
		})
	}
}

// BenchmarkFreezeAndThaw is what an environment pays that has been idle.
func BenchmarkFreezeAndThaw(b *testing.B) {
	driver, err := Open(NamespaceLevel, Options{})
	if err != nil {
		b.Skip(err)
	}
	defer driver.Close()
	s, err := driver.Start(b.Context(), Spec{
		Name: "bench", Task: b.TempDir(), Command: []string{"/bin/sleep", "1000"}, MemoryMB: 128, TmpMB: 512, Network: HostNetwork,
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Freeze(); err != nil {
			b.Fatal(err)
		}
		if err := s.Thaw(); err != nil {
			b.Fatal(err)
		}
	}
	s.Kill()
	<-s.Done()
}

// BenchmarkProgram is the part of a start that Go computes.
func BenchmarkProgram(b *testing.B) {
	d := &namespaces{}
	l := launch{
		spec:   Spec{Task: os.TempDir(), Command: []string{"/bin/true"}, TmpMB: 512, Network: PrivateNetwork, Directory: taskDirectory},
		layout: readHostLayout(), filter: newFilter(true, false), id: d.users.choose(),
	}
	for b.Loop() {
		p, err := l.program()
		if err != nil {
			b.Fatal(err)
		}
		f, err := p.file()
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
