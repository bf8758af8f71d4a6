// Package url serves function URLs: the HTTP endpoints that Lambda itself gives
// to functions and their aliases.
//
//   - request.go lists the steps. Read it first; gateway.go is what they are
//     steps of.
//   - address.go tells from a request's host and path which URL it is for;
//     endpoint.go knows all of them, as the functions' documents have them.
//   - cors.go answers browsers for other origins, as the URL is configured.
//   - access.go decides who may invoke: anybody, or who signs, by the function's
//     policy and the caller's own.
//   - body.go reads the body, event.go writes the event that the function
//     receives.
//   - invoke.go invokes the function, for a whole answer or for one that comes
//     piece by piece.
//   - response.go reads what it answers, reply.go sends what the caller receives
//     and has the answers of Lambda's own.
//
// Every step leaves its verdict in the request's journey. The wire carries AWS's
// words and nothing else.
//
// It has no stages, routes, mappings or caches: those are REST APIs' (package
// rest). It knows nothing of the operations that make URLs (control/lambda).
package url
