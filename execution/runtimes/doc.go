// Package runtimes knows what runs a function: which interpreter of this host
// serves a managed runtime, and with which command.
//
//   - runtimes.go: Runtimes finds the Runtime for a function's name of one, and
//     says when it is not the version asked for.
//   - discover.go: where interpreters may be on a host.
//
// It starts nothing but an interpreter's --version.
package runtimes
