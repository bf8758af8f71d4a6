//go:build !linux

package image

// settle does nothing where there is no system call for a whole file system:
// what an image is unpacked for runs on Linux.
func settle(string) error { return nil }
