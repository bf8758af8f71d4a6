// Package invoke is the door to the execution plane: it finds the function's
// version that an invocation means, sees that its account and the function may
// run one more, and hands it to the version's pool of environments.
//
//   - service.go: Service, what it is made of and its end.
//   - functions.go: the functions as the control plane has written them, ready
//     to be invoked; new code or configuration is a new pool.
//   - invoke.go: the synchronous invocation, step by step.
//   - concurrency.go: how many invocations may be under way.
//   - provisioned.go: what is to stand ready, by version and alias; debug.go: what
//     is to await a debugger.
//   - lineage.go: who invoked whom, and where that goes round in circles.
//   - async.go: the queue of asynchronous invocations and their retries.
//   - ended.go: how they are treated, and who is told of their end.
//   - explain.go: what an invocation leaves in its journey; failure.go: how the end
//     of its environment is told, also after the answer; sdk.go: why it may be
//     that a module is missing.
//
// Who may invoke is decided before: by the operation's policies in control, by
// the function's resource policy in gateway.
package invoke
