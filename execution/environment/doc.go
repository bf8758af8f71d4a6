// Package environment has the environments in which functions run, and the
// pools of them.
//
// An Environment is one life: a sandbox is started, the runtime in it loads the
// function (init), and then takes one event at a time until it is retired, dies
// or is killed. A Pool holds the environments of one generation of a function's
// version, that is, of one code with one configuration; new code is a new pool,
// while the old one ends its work and goes. The Fleet is all pools of this
// server and what they share.
//
// A request follows this way:
//
//	Pool.Invoke (pool.go)          takes an idle environment, the one used last,
//	  │                            or waits in line
//	  ├─ placement.go              decides whether the line is worth a new
//	  │                            environment; start.go starts it
//	  ▼
//	Environment (environment.go)   sends the event, is told the answer, ends
//	  │                            what takes too long
//	  ▼
//	outcome.go                     the answer in AWS's words; lines.go its log
//
// The rest of the package is what an environment is made of:
//
//   - state.go: the states and the transitions that are legal.
//   - variables.go: the environment variables.
//   - output.go: what functions print, cut into log events and bounded.
//   - fleet.go, keeper.go: freezing the idle, retiring the unused; processors.go:
//     how busy the host is.
//
// It does not decide who may invoke, or how many at once: invoke does.
package environment
