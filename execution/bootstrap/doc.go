// Package bootstrap has lamgate's own runtime clients: the programs that load a
// function in Python or Node.js and carry its events and answers over the
// Runtime API. They are embedded and written to the data directory once.
//
//   - python/bootstrap.py and node/bootstrap.cjs are the clients. Both keep the
//     contract of AWS's own, use nothing but the standard library, and send an
//     answer together with the question for the next event.
//   - bootstrap.go installs them.
//
// Custom runtimes (provided.*) bring their own client.
package bootstrap
