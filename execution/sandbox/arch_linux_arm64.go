package sandbox

import "golang.org/x/sys/unix"

const (
	elfMachine = unix.EM_AARCH64
	auditArch  = unix.AUDIT_ARCH_AARCH64
)

// allowedCallsHere are the allowed calls that have another name on other
// architectures.
var allowedCallsHere = []int{
	unix.SYS_FSTATAT,
}
