// Package relay passes a function's answer on while the function still makes it.
//
// A function that streams writes into a pipe, of which a gateway takes as much as
// its caller does: nothing piles up between them, and a caller who reads slowly
// slows the function down. Whoever has had enough closes the relay; the function
// then runs on to its end, as on AWS, and writes for nobody.
//
//   - relay.go runs the invocation and has the pipe.
//   - head.go reads what an answer says of itself before its body begins.
//   - copy.go writes a stream to a caller, that of an endpoint as well.
//
// What the head means and what a caller is told are the gateways' business.
package relay
