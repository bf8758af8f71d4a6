// Package server puts the house together: it opens the store, builds every
// service by its constructor (services.go, the one place where all of them
// meet), listens, and decides for each request which plane it is for
// (dispatch.go): an API's caller, an AWS client, or one of lamgate's own
// read-only endpoints under /_lamgate (own.go). Calls of AWS's services that
// lamgate is not go where they are (elsewhere.go).
//
// Start and Close (server.go) are its life. What happens to a request
// afterwards is read in gateway/rest, wire and execution/invoke.
package server
