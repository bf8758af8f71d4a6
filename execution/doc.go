// Package execution holds the words of the execution plane: what a function
// is, as control/lambda writes it and as everything that invokes one reads it.
//
// The plane itself is in the packages below it:
//
//   - invoke takes an invocation, finds the function's version, checks its
//     concurrency and hands it to an environment; it owns the queue of
//     asynchronous invocations.
//   - environment is one execution environment, from init to shutdown, and the
//     pools of them.
//   - runtimeapi is the HTTP interface through which a runtime in an
//     environment asks for work and answers.
//   - sandbox isolates the processes of an environment.
//   - bootstrap has lamgate's own runtime clients for Python and Node.
package execution
