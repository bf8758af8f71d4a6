//go:build amd64 || arm64

package sandbox

import (
	"slices"
	"testing"
)

// What is said to be enforced is what holds with the network that sandboxes will
// have, so that requiring it means something.
func TestControlsOfEachNetwork(t *testing.T) {
	newFixture(t, NamespaceLevel) // or skip
	for _, network := range []Network{HostNetwork, PrivateNetwork, EgressNetwork, ""} {
		driver, err := Open(NamespaceLevel, Options{Network: network})
		if err != nil {
			t.Fatal(err)
		}
		defer driver.Close()
		controls, err := driver.Probe(t.Context())
		if err != nil {
			if network == EgressNetwork {
				continue // a kernel without pairs of interfaces
			}
			t.Fatal(err)
		}
		find := func(name string) Control {
			i := slices.IndexFunc(controls, func(c Control) bool { return c.Name == name })
			if i < 0 || slices.ContainsFunc(controls[i+1:], func(c Control) bool { return c.Name == name }) {
				t.Fatalf("--network %s tells of %q not once", network, name)
			}
			return controls[i]
		}
		if c := find(ControlNetwork); c.Enforced == (network == HostNetwork) || !c.Enforced && c.Mend == "" {
			t.Errorf("--network %s: %+v", network, c)
		}
		for _, name := range []string{ControlSockets, ControlForeign} {
			c := find(name)
			if own := network == PrivateNetwork || network == EgressNetwork; own && !c.Enforced || own != (c.By == "network namespace") {
				t.Errorf("--network %s: %+v", network, c)
			}
		}
	}
}
