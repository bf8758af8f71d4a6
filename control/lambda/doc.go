// Package lambda is the control plane of AWS Lambda: what its operations
// change. Its methods bear the names of AWS's operations and satisfy the
// interfaces of api/lambda; Service (service.go) has them all.
//
// Everything about one function is one document, execution.Function, which the
// execution plane follows: a change that has been answered is what the next
// invocation meets. Deployment packages are blobs beside it (code.go reads them,
// package.go keeps and collects them). A layer's version is a document of its
// own, execution.LayerVersion; the functions that have it carry what they need
// of it, so that they outlive it.
//
// The way through the files: name.go reads the many forms of a function's name;
// function.go creates, shows and deletes; settings.go checks what a function
// may be configured as, configuration.go renders it in AWS's form; update.go
// changes code and configuration; image.go has the container images, which are
// pulled behind the operations' back while states say so. A noun each:
// version.go, alias.go, permission.go, resource_policy.go, concurrency.go,
// provisioned.go, layer.go, layer_use.go, layer_permission.go, event_invoke.go,
// function_url.go, code_signing.go, recursion.go, runtime.go,
// runtime_management.go, event_source.go, unbuilt.go, tag.go; page.go cuts their lists,
// storage.go counts their code.
// invoke.go and invoke_stream.go hand invocations to the execution plane, of those
// who may (invoke_permission.go).
//
// What lamgate does not have, such as VPCs and file systems, is refused by name
// (unsupported in configuration.go); nothing is dropped. Capacity providers,
// durable executions, scaling configurations and the making of event source
// mappings have no methods here: wire answers that they are not implemented. Of
// mappings, and of capacity providers and durable executions (unbuilt.go), lists
// have none. Signatures of code
// are not verified: where a configuration enforces them, no code is taken.
//
// The tests scenario_*_test.go walk through the operations as clients do, over
// HTTP, and hold the answers against AWS's own where those are at hand.
package lambda
