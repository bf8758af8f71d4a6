// Package trace continues the X-Ray traces that requests to gateways belong to, in
// the header that carries them through AWS's services: trace.go reads what a
// client says of its trace, adds what it leaves open, and writes it as functions,
// integrations and callers receive it.
//
// It records nothing and decides nothing: whether a trace is sampled that begins
// here is the gateways' to say.
package trace
