// Package front is what all kinds of gateways do alike with the requests of their
// callers, before and after it matters what they are for.
//
//   - target.go reads where a request goes and where it comes from.
//   - body.go reads its body, within bounds of size and patience.
//   - header.go tells what can be a header, and of which answers have no body.
//   - told.go is what journeys tell of requests: briefly, however long these are.
package front
