// Package state keeps what lamgate must not forget: documents with
// compare-and-set and watch, blobs, work queues with delayed redelivery, logs.
//
// Its interfaces (state.go) are narrow, so that the engine behind them, NATS
// JetStream embedded in the process, can be replaced in this package alone.
// What a write has answered is on disk, and visible to every read and every
// watcher of this node. Logs alone opt out of the sync.
//
// A Store (store.go) is opened on a directory, which lock.go keeps for one
// process. In it runs an engine (engine.go), without listeners, holding four
// streams:
//
//   - documents: the documents (documents.go), small JSON values under
//     slash-separated keys, one for each aggregate: a REST API with its
//     resources, a function, a stack; and what stands at the keys of blobs.
//     feed.go brings them to the replica in memory (replica.go, table.go) and
//     to its watchers; reads cost no I/O. A deletion leaves a mark,
//     which stays. Programs use them through collection.go, as values of Go, and
//     view.go, compiled for readers that cannot wait.
//   - chunks: the bytes of blobs (blobs.go) and of documents too large for a
//     record (chunks.go), and the search for those that nobody needs.
//   - queues: work that must be done at least once, across restarts (queue.go,
//     queue_record.go).
//   - logs: lines, in compressed batches (logs.go, logs_batch.go).
//
// A full disk must not end a server. space.go refuses writes while there is
// still room for the engine to breathe; should the engine fail nevertheless,
// revive.go starts another, and until then documents can be read.
//
// The package does not replicate: it knows one node. Where that shows, in the
// purge of chunks and in the schedule of queues, comments say so.
package state
