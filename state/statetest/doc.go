// Package statetest gives tests a store of their own.
//
// It is the real store, on a directory that goes with the test, of a file system
// in memory where there is one: opening one takes some milliseconds, so no test
// needs a stand-in whose promises differ.
// Open is for most; OpenWith takes the options of a test that brings its own
// clock, or that opens one directory twice to see what a restart keeps. Either
// closes the store when the test ends, and fails the test if that fails.
//
// Only tests import it.
package statetest
