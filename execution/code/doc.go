// Package code keeps functions' code on disk, unpacked, each package once for
// all environments that run it.
//
//   - packages.go: Packages fetches, unpacks, shares and collects.
//   - layers.go: several layers as one tree, by hard links.
//   - unzip.go: the ZIP format, read as if an enemy had written it.
//
// It does not know what is in a package.
package code
