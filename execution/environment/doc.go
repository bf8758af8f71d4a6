// Package environment has the environments in which functions run, and the
// pools of them.
//
// An Environment is one life: a sandbox is started, with the function's
// extensions beside the runtime; the runtime loads the function (init), and then
// takes one event at a time until the environment is retired, dies or is killed.
// A Pool holds the environments of one generation of a function's version, that
// is, of one code with one configuration; new code is a new pool, while the old
// one ends its work and goes. The Fleet is all pools of this server and what they
// share.
//
// A request follows this way:
//
//	Pool.Invoke (pool.go)          takes an idle environment, the one used last,
//	  │                            or waits in line
//	  ├─ placement.go              decides whether the line is worth a new
//	  │                            environment; launch.go has it started in its
//	  │                            turn, start.go starts it
//	  ▼
//	Environment (environment.go)   sends the event, is told the answer and when
//	  │                            all is done (settle.go), and ends what takes
//	  │                            too long (end.go)
//	  ▼
//	outcome.go                     the answer in AWS's words; lines.go its log
//
// The rest of the package is what an environment is made of:
//
//   - material.go: the runtime, the code, the layers or the image that it is made
//     of; variables.go: its environment variables.
//   - reset.go: environments that have failed and are started again.
//   - stem.go: stem cells, which spare most environments the making of a sandbox
//     and the start of an interpreter; stems.go: how many stand ready.
//   - failure.go: what is told of failures to those who explain.
//   - state.go: the states and the transitions that are legal.
//   - extension.go: the part that extensions take in its life; shutdown.go: how it
//     is told to end.
//   - output.go: what functions print, by pipes (pipe_linux.go), cut into log events
//     and bounded; frames.go: events that come as such; levels.go: which of it a JSON
//     log keeps; stream.go: an answer on its way to a reader.
//   - subscription.go: what extensions are told through the Telemetry API.
//   - provision.go: environments that stand ready before anybody needs them;
//     memory.go: whether the host has memory for another.
//   - fleet.go, keeper.go: freezing the idle, retiring the unused; processors.go:
//     how busy the host is; use.go: what environments take of it.
//   - debug.go: functions that a debugger is attached to.
//
// It does not decide who may invoke, or how many at once: invoke does.
package environment
