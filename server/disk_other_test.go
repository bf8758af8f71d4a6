//go:build !linux

package server_test

import "testing"

func smallDisk(t *testing.T, _, _ string) {
	t.Helper()
	t.Skip("a disk for the test can be mounted on Linux only")
}
