package runtimes

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// An architecture is a processor's, in Lambda's words.
type architecture string

const (
	x86 architecture = "x86_64"
	arm architecture = "arm64"
)

// hostArchitecture is this host's.
func hostArchitecture() architecture {
	switch runtime.GOARCH {
	case "amd64":
		return x86
	case "arm64":
		return arm
	}
	return architecture(runtime.GOARCH)
}

// CanRun tells whether programs for an architecture run on this host. The error
// says how they could.
func (r *Runtimes) CanRun(wanted string) error {
	want := architecture(wanted)
	if want == "" {
		want = x86 // AWS: the default of Architectures
	}
	if want == r.host || emulated(want) {
		return nil
	}
	return fmt.Errorf("programs for %s do not run on this host, which is %s: %s", want, r.host, r.host.mend(want))
}

// foreign is the warning of a function that says it is for another processor,
// and is run by an interpreter for this one.
func (r *Runtimes) foreign(want string) string {
	if want == "" || architecture(want) == r.host {
		return ""
	}
	return fmt.Sprintf("the function is for %s and runs on this host's %s: what native code it brings must be for %[2]s", want, r.host)
}

// mend is how a program for another architecture could run on a host of a.
func (a architecture) mend(other architecture) string {
	goarch, qemu := "amd64", "qemu-x86_64"
	if a == arm {
		goarch = "arm64"
	}
	if other == arm {
		qemu = "qemu-aarch64"
	}
	return fmt.Sprintf("build it for %s (Go: GOARCH=%s) and deploy it with Architectures [%[1]s], or register %s with binfmt_misc", a, goarch, qemu)
}

// emulated tells whether the kernel hands programs for an architecture to an
// emulator. Only one that was loaded when it was registered is of use in a
// sandbox, which does not show its file.
func emulated(a architecture) bool {
	name := map[architecture]string{x86: "qemu-x86_64", arm: "qemu-aarch64"}[a]
	b, err := os.ReadFile("/proc/sys/fs/binfmt_misc/" + name)
	if name == "" || err != nil || !strings.HasPrefix(string(b), "enabled") {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if flags, ok := strings.CutPrefix(line, "flags: "); ok {
			return strings.Contains(flags, "F")
		}
	}
	return false
}

// builtFor returns the architecture of an ELF file; nothing of others, such as
// scripts.
func builtFor(file io.ReaderAt) architecture {
	f, err := elf.NewFile(file)
	if err != nil {
		return ""
	}
	switch f.Machine {
	case elf.EM_X86_64:
		return x86
	case elf.EM_AARCH64:
		return arm
	}
	return architecture(strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_")))
}
