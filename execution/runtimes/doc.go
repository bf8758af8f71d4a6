// Package runtimes knows what runs a function: which interpreter of this host,
// or which container image, serves a managed runtime, and with which command.
//
//   - runtimes.go: Runtimes finds the Runtime for a function's name of one, and
//     says when it is not the version asked for, or not the processor.
//   - launch.go: what a Runtime is started with.
//   - language.go: what the families of runtimes have in common; python.go,
//     node.go, java.go, ruby.go, dotnet.go and provided.go are those families:
//     where they are installed, and how they are started.
//   - search.go: places on a host, and which files there are interpreters;
//     version.go: which version they are.
//   - packaged.go: what a function's package brings for its runtime.
//   - bytecode.go: the Python client, compiled for each interpreter.
//   - image.go: runtimes that are container images.
//   - architecture.go: processors, and what this host's can run.
//
// It starts nothing but an interpreter's --version, and that only where neither
// a name nor a file tells it, and Python to compile lamgate's client. It does not
// start functions, nor prepare what they see: see environment and sandbox.
package runtimes
