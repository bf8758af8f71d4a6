package main

import (
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/server"
)

type operationsCommand struct {
	Service string `arg:"" optional:"" help:"Only this service, with every operation."`
	JSON    bool   `help:"Print as JSON."`
}

// Run lists what of AWS's services is done. It needs no server: it is a
// property of this binary.
func (c *operationsCommand) Run(console *console) error {
	all := server.Operations()
	services := all
	if c.Service != "" {
		services = only(all, c.Service)
		if len(services) == 0 {
			var names []string
			for _, s := range all {
				names = append(names, s.Service)
			}
			return fmt.Errorf("lamgate has no service %q; it has %s", c.Service, strings.Join(names, ", "))
		}
	}
	if c.JSON {
		return printJSON(console.out, services)
	}
	for _, s := range services {
		fmt.Fprintf(console.out, "%-16s %3d done, %3d missing\n", s.Service, len(s.Done), len(s.Missing))
		if c.Service != "" {
			fmt.Fprintf(console.out, "\ndone\n  %s\n\nmissing\n  %s\n", strings.Join(s.Done, "\n  "), strings.Join(s.Missing, "\n  "))
		}
	}
	return nil
}

func only(all []server.ServiceOperations, name string) []server.ServiceOperations {
	for _, s := range all {
		if s.Service == name {
			return []server.ServiceOperations{s}
		}
	}
	return nil
}
