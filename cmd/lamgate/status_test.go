package main

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/server"
)

func TestEnvironmentsAreShown(t *testing.T) {
	var b strings.Builder
	printEnvironments(&b, &server.Environments{Running: 3, Idle: 2, PrivateMemory: 20 << 20, StemCells: []environment.StemCells{
		{Runtime: "nodejs22.x", Ready: 2, PrivateMemory: 11<<20 + 512<<10}, {Runtime: "python3.13", Ready: 1, PrivateMemory: 4 << 20},
	}})
	const want = `
Environments
  3 of functions, 2 of them idle, with 20.0 MB of their own
  2 in stock for nodejs22.x, with 11.5 MB
  1 in stock for python3.13, with 4.0 MB
`
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}
