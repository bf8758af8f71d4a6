// Package code keeps functions' code on disk, unpacked, each package once for
// all environments that run it.
//
//   - packages.go: Packages fetches, unpacks, shares and collects.
//   - layers.go: several layers as one tree, by hard links.
//   - unzip.go: the ZIP format, read as if an enemy had written it.
//   - entry.go: what an entry of it may be, which is asked when it is uploaded too.
//
// Trees keep the permissions and the symbolic links that packages have, as AWS
// does. Whoever reads in them and is no sandbox therefore follows no link but
// through an os.Root or a disk.View, and may find that it cannot read: where the
// server is not root, functions run as its user and own what it unpacks.
//
// It does not know what is in a package.
package code
