// Package state keeps what lamgate must not forget: documents with
// compare-and-set and watch, blobs, work queues with delayed redelivery.
//
// Its interfaces are narrow so that the engine behind them, NATS JetStream
// embedded in the process, can be replaced in this package alone:
//
//   - Documents (document.go) are small JSON values under slash-separated keys,
//     one for each aggregate: a REST API with its resources, a function, a
//     stack. Reads come from a replica in memory and cost no I/O.
//   - View (view.go) keeps documents parsed, or compiled, for readers that
//     cannot wait; it is how the data plane follows the control plane.
//   - Blobs (blob.go) hold what is large: deployment packages, objects.
//   - Queue (queue.go) holds work that must be done at least once, across
//     restarts: asynchronous invocations.
//   - Logs (log.go) hold append-only lines that may lose their last moments.
//
// What a write has answered is durable (synced to disk) and visible: to every
// read and every View of this node. Logs alone opt out of the sync.
package state
