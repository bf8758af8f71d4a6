// Package endpoint calls HTTP endpoints for integrations: one request, one
// answer, within a time.
//
// It speaks HTTP/1.1 itself, for two reasons. An integration passes on what it
// is given: the path and query as they are, headers in their order, with their
// names as written, in both directions; net/http sorts and rewrites names and
// fasthttp takes some headers out of the row. And the call is made in the
// caller's own goroutine, without the two that net/http keeps for a connection:
// it takes about 60% of net/http's time and a tenth of its allocations
// (bench_test.go has both side by side).
//
//   - request.go: Request, and how it is written.
//   - response.go: Response, and how its head is read from a server that may
//     be hostile. body.go reads what follows it.
//   - error.go: Error, and all the kinds of it that a gateway can tell apart.
//   - client.go: Client and Do, which chooses a connection and tries again
//     where that is safe. Read it first.
//   - exchange.go: one request and its answer on one connection, and what may
//     end it early: the time, or the caller.
//   - stream.go: an answer that is read as it comes.
//   - connection.go, tls.go: a connection, and how it is opened and verified.
//   - pool.go: the connections that wait for their next request. quiet.go finds
//     those that have ended, or said what nobody asked for.
//
// It follows no redirects, decompresses nothing, asks no proxy of the
// environment, adds no header but Host and Content-Length, and knows nothing of
// APIs.
package endpoint
