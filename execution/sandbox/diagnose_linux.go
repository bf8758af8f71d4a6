//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// delegate is how an unprivileged server gets control groups.
const delegate = "run the server as root, or with a delegated control group (systemd-run --user --scope -p Delegate=yes)"

// A stepError says which step of a launch failed.
type stepError struct {
	what string
	err  unix.Errno
}

func (e *stepError) Error() string { return e.what + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// refuse makes an error of why the level cannot hold: what failed, the likely
// cause, what to do, and the flag to choose instead.
func (d *namespaces) refuse(err error) error {
	cause := d.cause(err)
	if cause != "" {
		cause = " (" + cause + ")"
	}
	return fmt.Errorf("isolation by namespaces does not hold on this host: %w%s; to run functions without any isolation, choose --isolation %s", err, cause, ProcessLevel)
}

// cause guesses why the kernel refused a step, and says what mends it.
func (d *namespaces) cause(err error) string {
	step, ok := errors.AsType[*stepError](err)
	switch {
	case !ok:
		if errors.Is(err, unix.EACCES) && setting("vm/memfd_noexec") == "2" {
			return "vm.memfd_noexec is 2; set it to 1 or 0"
		}
		return ""
	case step.err == unix.EOPNOTSUPP && step.what == cableSteps[0]:
		return "the kernel makes no pairs of interfaces; load its module veth"
	case step.err == unix.ENOSYS:
		return "this needs Linux 5.12 or later, or a container whose seccomp profile allows it"
	case step.err == unix.ENOSPC && strings.Contains(step.what, "namespace"),
		setting("user/max_user_namespaces") == "0":
		return "user.max_user_namespaces is too low; raise it with sysctl"
	case step.err != unix.EPERM && step.err != unix.EACCES:
		return ""
	case strings.HasPrefix(step.what, "mount /proc"):
		return "parts of /proc are masked, as in a container of Docker's default kind; start the container with --security-opt systempaths=unconfined, or --privileged"
	case !d.users.privileged && setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
		return "kernel.apparmor_restrict_unprivileged_userns is 1; set it to 0 with sysctl, give the binary an AppArmor profile that allows userns, or run the server as root"
	case !d.users.privileged && setting("kernel/unprivileged_userns_clone") == "0":
		return "kernel.unprivileged_userns_clone is 0; set it to 1 with sysctl, or run the server as root"
	case strings.Contains(step.what, "namespace"):
		return "a container's seccomp profile or missing CAP_SYS_ADMIN forbids new namespaces; start the container with --privileged, or with --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
	}
	return "a security module or a container's profile forbids it"
}

// setting reads a kernel setting; empty if there is none.
func setting(name string) string {
	b, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
