package sandbox

import "golang.org/x/sys/unix"

const (
	elfMachine = unix.EM_AARCH64
	auditArch  = unix.AUDIT_ARCH_AARCH64
)
