// Package image brings container images onto this host: from a registry, an OCI
// layout or a saved archive, without a daemon, and without root.
//
//   - store.go: Store describes images, and keeps their trees; pull.go makes one.
//   - reference.go: where an image is.
//   - manifest.go: what an image consists of, and which of an index is meant.
//   - registry.go, layout.go, archive.go: the three places that have them;
//     credentials.go are the logins for the first, reach.go where it may be,
//     stall.go ends what hangs.
//   - layer.go: a layer's archive, read as if an enemy had written it, into files
//     under numbers.
//   - files.go: layers become one tree, in memory; then hard links on disk.
//   - process.go: what an image runs.
//   - room.go: how much of the disk images may take.
//   - settle.go: what is still whole after a loss of power.
//   - names.go: what names without a digest meant the last time.
//   - problem.go: what AWS says of images that cannot be used.
//
// A tree belongs to the server and is for everyone to read as the image says of
// others; there are no devices in it, no programs that change their user, no
// extended attributes. Every byte is verified by the digests that lead to it.
//
// The package speaks the pulling half of the registries' protocol itself: the
// libraries for it bring the whole of docker's configuration with them, and
// programs that they run for logins. It builds nothing, pushes nothing, and runs
// nothing.
package image
