package sandbox

import "golang.org/x/sys/unix"

const (
	elfMachine = unix.EM_X86_64
	auditArch  = unix.AUDIT_ARCH_X86_64
)
