// Package sandbox runs the processes of an execution environment where they
// can reach nothing but what they are given: their code, a runtime, a /tmp of
// their own, the Runtime API and lamgate's endpoint.
//
// Its contract is in sandbox.go. Two drivers fulfil it: namespace isolates with
// the kernel's namespaces, seccomp and control groups (Linux); process does not
// isolate at all and says so. The choice between them is made once, when the
// server starts, and never silently: Probe runs real sandboxes and reports each
// control as enforced, and by what, or as not enforced.
//
// The package knows nothing of functions or invocations; environment, above it,
// gives it directories, a command and limits.
//
// # The way through the namespace driver
//
//	namespace_linux.go          the driver: from a Spec to a running launcher
//	launch_linux.go             the launcher's four stages, in order
//	  filesystem_linux.go         its root
//	  image_linux.go              the same from a container image
//	  network_linux.go            its network
//	  cable_linux.go              and the way out of it, which package network serves
//	  users_linux.go              whom it is, inside and on the host
//	  limits_linux.go             its resource limits
//	  seccomp_linux.go            its filter, made from syscalls_linux.go
//	  init_linux.go               what stays behind as process 1
//	  late_linux.go               what comes when everything already runs
//	machine_linux.go, .s        what runs the launcher: a program of system calls
//	control_linux.go            what launcher and server say to each other
//	namespace_sandbox_linux.go  a running sandbox, to its end
//	reach_linux.go              what a running sandbox is asked for
//	cgroup_linux.go, group_linux.go, watch_linux.go   memory, processes, freezing
//	cpu_linux.go, peer_linux.go   processors; whose a connection is
//	probe_linux.go, diagnose_linux.go   what this host upholds, and why not
//
// A server with the capabilities of root gives each sandbox a host user that
// nobody else has. Any other server gives it its own user, through an
// unprivileged user namespace; its files are then protected by not being in the
// sandbox's root, and its processes by not being in its process namespace.
//
// # What is not done
//
// A sandbox with the host's network reaches everything on it, the server's own
// ports included; only the Runtime APIs of others are closed to it. Without control
// groups nobody counts the memory that the kernel holds for a sandbox (of sockets,
// pipes and files), and many of its processes take their share of the processors
// from everyone on the host. Code cannot come late beside extensions, nor in
// a container image. The kernel is shared: its bugs are everyone's. Speculation
// inside of one processor core is left to the kernel's own defaults.
package sandbox
