// Package bootstrap has lamgate's own runtime clients: the programs that load a
// function in Python, Node.js or Ruby and carry its events and answers over the
// Runtime API. They are embedded and written to the data directory once.
//
//   - python/bootstrap.py, node/bootstrap.cjs and ruby/bootstrap.rb are the
//     clients. All keep the contract of AWS's own, use nothing but the standard
//     library, and send an answer together with the question for the next event.
//   - python/logs.py, python/snapshots.py and node/stream.cjs are parts of them
//     that not every function needs, and that cost only those that do.
//   - bootstrap.go installs them.
//   - bytecode.go compiles the Python one for an interpreter of the host.
//
// Started with LAMGATE_STEM=PATH the clients are stem cells: booted, without a
// function. They ask GET PATH of the Runtime API, which answers when there is one
// to become:
//
//	{"environment": {"_HANDLER": "app.handler", …}}
//
// That replaces their environment, they go to LAMBDA_TASK_ROOT, and from there
// on they do what they would have done with it from the start. What must be set
// before a process starts (NODE_OPTIONS, LD_*, PYTHON*, RUBY*, a locale) cannot be
// given this way.
//
// Custom runtimes (provided.*) bring their own client, and so do Java and .NET.
package bootstrap
