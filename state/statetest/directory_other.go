//go:build !linux

package statetest

import "testing"

// directory returns an empty directory that goes with the test.
func directory(t testing.TB) string { return t.TempDir() }
