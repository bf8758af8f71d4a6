package server

import (
	"testing"

	"github.com/lamgate/lamgate/execution"
)

func TestDebugPort(t *testing.T) {
	ports := &debugPorts{byName: map[string]int{"plain-name": 1, "HelloFunction": 2, "AFunctionWhoseNameIsLongerThanMost": 3}}
	for name, want := range map[string]int{
		"plain-name": 1, "HelloFunction": 2, "my-stack-HelloFunction-1A2B3C4D5E6F": 2, "HelloFunction-1A2B3C4D5E6F": 0,
		"my-stack-HelloFunctions-1A2B3C4D5E6F": 0, "my-stack-HelloFunction": 0, "other": 0,
		"a-stack-with-a-long-name-AFunctionWhoseNameIsLonge-1A2B3C4D5E6F":  0,
		"a-stack-with-the-longest-AFunctionWhoseNameIsLonger-1A2B3C4D5E6F": 3,
	} {
		if got := ports.of(execution.FunctionRef{Name: name}); got != want {
			t.Errorf("%s has %d, not %d", name, got, want)
		}
	}
}
