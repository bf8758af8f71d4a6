// Package runtimeapi serves Lambda's Runtime API (2018-06-01) to the runtime of
// one environment: it asks for an event, answers it, and asks again.
//
// Every invocation passes through here, so the server is written for this one
// conversation instead of resting on net/http, which takes three times as long
// (bench_test.go has the two side by side): a connection's goroutine reads a request in place, and whoever has
// an event for a runtime that waits writes it straight to its connection.
//
//   - server.go: Server, its listener and connections, Send, and the Owner that
//     it reports to.
//   - conversation.go: what may follow what; one event at a time.
//   - connection.go: the loop of one connection and its routes.
//   - request.go: reading HTTP/1.1 from a runtime that may be hostile.
//   - response.go: the answers.
//   - stream.go: an answer that goes on to the caller as it comes.
//
// It does not know what an environment is, keeps no time, and starts nothing.
// The Extensions, Logs and Telemetry APIs and the restore phase of SnapStart
// are refused, each by name.
package runtimeapi
