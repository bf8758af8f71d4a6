// Package runtimeapi serves to one environment what Lambda serves inside of it:
// the Runtime API (2018-06-01), with which the runtime asks for an event,
// answers it, and asks again; the Extensions API (2020-01-01); and the
// subscriptions of the Telemetry API (2022-07-01) and the Logs API (2020-08-15).
//
// Every invocation passes through here, so the server is written for this one
// conversation instead of resting on net/http, which takes three times as long
// (bench_test.go has the two side by side): a connection's goroutine reads a
// request in place, and whoever has an event for a runtime that waits writes it
// straight to its connection.
//
//   - server.go: Server, its listener and connections, Send, and the Owner that
//     it reports to.
//   - conversation.go: what may follow what; one event at a time.
//   - connection.go: the loop of one connection and its routes.
//   - init.go: what ends the init phase, or a restore, instead of a question.
//   - request.go, body.go: reading HTTP/1.1 from a runtime that may be hostile.
//   - response.go: the answers.
//   - stream.go: an answer that goes on to the caller as it comes.
//   - extension.go: the extensions, where each stands, and their events.
//   - extensions_api.go: what extensions ask and say.
//   - subscription.go: what they want to be told of the environment's life.
//   - batch.go, telemetry.go: Batch, which holds that in the JSON of the schemas.
//   - assignment.go: what a stem cell is to become.
//
// It does not know what an environment is, keeps no time, starts nothing, and
// delivers no telemetry. Restoring has no snapshot behind it: a runtime that has
// prepared for one goes on at once.
package runtimeapi
