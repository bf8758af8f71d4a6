//go:build amd64 || arm64

package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// refused spoils the host it sees, and prints why the driver then refuses to
// run. It is root in a user namespace.
func refused(how string) int {
	var err error
	switch how {
	case "namespaces":
		err = os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0)
	case "proc": // as Docker does it
		if err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err == nil {
			err = unix.Mount("tmpfs", "/proc/acpi", "tmpfs", unix.MS_RDONLY, "")
		}
	}
	if err != nil {
		fmt.Println("SKIP:", err)
		return 0
	}
	driver, err := Open(NamespaceLevel, Options{})
	if err == nil {
		_, err = driver.Probe(context.Background())
	}
	fmt.Println(err)
	return 0
}

func TestRefusalsNameTheCause(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	copyProgram(t, program)
	for how, want := range map[string][]string{
		"namespaces": {"make a user namespace", "user.max_user_namespaces", "--isolation process"},
		"proc":       {"mount /proc", "masked", "--isolation process"},
	} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.Command(program)
			cmd.Env = []string{"SANDBOX_TEST_PROGRAM=refused " + how}
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
			}
			out, err := cmd.Output()
			if err != nil {
				t.Skip("no user namespace: ", err)
			}
			if strings.HasPrefix(string(out), "SKIP") {
				t.Skip(string(out))
			}
			for _, part := range want {
				if !strings.Contains(string(out), part) {
					t.Errorf("the error lacks %q: %s", part, out)
				}
			}
		})
	}
}
