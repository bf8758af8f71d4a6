// Package sandbox runs the processes of an execution environment where they
// can reach nothing but what they are given: their code, a runtime, a /tmp of
// their own, the Runtime API and lamgate's endpoint.
//
// Its contract is in sandbox.go. Two drivers fulfil it: namespace isolates with
// the kernel's namespaces, seccomp and cgroups (Linux); process does not
// isolate at all and says so. The choice between them is made once, when the
// server starts, and never silently: Probe runs a real sandbox and reports each
// control as enforced, and by what, or as not enforced.
//
// The package knows nothing of functions or invocations; environment, above it,
// gives it directories, a command and limits.
package sandbox
