// Package lambda is the control plane of AWS Lambda: what its operations
// change. Its methods bear the names of AWS's operations and satisfy the
// interfaces of api/lambda; Service (service.go) has them all.
//
// Everything about one function is one document, execution.Function, which the
// execution plane follows: a change that has been answered is what the next
// invocation meets. Deployment packages are blobs beside it (code.go).
//
// The way through the files: name.go reads the many forms of a function's name;
// function.go creates, shows and deletes; configuration.go checks what a
// function may be configured as and renders it in AWS's form; update.go changes
// code and configuration; version.go, alias.go, permission.go, concurrency.go
// and tag.go are a noun each; invoke.go hands invocations to the execution
// plane.
//
// What lamgate does not have yet, such as layers and VPCs, is refused by name
// (unsupported in configuration.go); nothing is dropped.
package lambda
