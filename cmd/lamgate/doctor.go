package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/runtimes"
	"github.com/lamgate/lamgate/execution/sandbox"
	"github.com/lamgate/lamgate/server"
)

type doctorCommand struct {
	machineFlags `embed:""`
	Network      string `help:"What functions are to reach: host, private or egress." env:"LAMGATE_NETWORK" enum:"host,private,egress" default:"private"`
	JSON         bool   `help:"Print as JSON."`
}

// A diagnosis is what doctor found, section by section.
type diagnosis struct {
	Healthy  bool
	Sections []section
}

type section struct {
	Name     string
	Findings []finding
}

// A finding is one thing that was looked at. Mend is what to do about it.
type finding struct {
	Name string
	OK   bool
	Says string
	Mend string `json:",omitempty"`
	// Optional findings do not make the machine unfit.
	Optional bool `json:",omitempty"`
}

// Run examines this machine. It fails if lamgate cannot run on it as asked.
func (c *doctorCommand) Run(ctx context.Context, console *console) error {
	if err := c.checkWarm(); err != nil {
		return err
	}
	images, err := c.images()
	if err != nil {
		return err
	}
	d := diagnosis{Healthy: true, Sections: []section{
		c.isolation(ctx), c.runtimes(images), c.memory(), c.port(ctx), c.data(),
	}}
	for _, s := range d.Sections {
		for _, f := range s.Findings {
			d.Healthy = d.Healthy && (f.OK || f.Optional)
		}
	}
	if c.JSON {
		err = printJSON(console.out, d)
	} else {
		printDiagnosis(console.out, d)
	}
	if err == nil && !d.Healthy {
		return errSilent
	}
	return err
}

func printDiagnosis(w io.Writer, d diagnosis) {
	for _, s := range d.Sections {
		fmt.Fprintf(w, "%s\n", s.Name)
		for _, f := range s.Findings {
			mark := "✓"
			switch {
			case !f.OK && f.Optional:
				mark = "·"
			case !f.OK:
				mark = "✗"
			}
			fmt.Fprintf(w, "  %s %-22s %s\n", mark, f.Name, f.Says)
			if f.Mend != "" {
				fmt.Fprintf(w, "    → %s\n", f.Mend)
			}
		}
		fmt.Fprintln(w)
	}
}

// isolation runs a real sandbox of the chosen level.
func (c *doctorCommand) isolation(ctx context.Context) section {
	s := section{Name: "Isolation (" + c.Isolation + ")"}
	driver, err := sandbox.Open(c.Isolation, sandbox.Options{Log: slog.New(slog.DiscardHandler), Network: sandbox.Network(c.Network)})
	if err != nil {
		s.Findings = append(s.Findings, finding{Name: c.Isolation, Says: err.Error()})
		return s
	}
	defer driver.Close()
	controls, err := driver.Probe(ctx)
	for _, control := range controls {
		f := finding{Name: control.Name, OK: control.Enforced, Says: "enforced by " + control.By, Mend: control.Mend, Optional: true}
		if !control.Enforced {
			f.Says = "not enforced: " + control.Problem
		}
		f.Optional = !slices.ContainsFunc(c.Require, func(name string) bool { return server.IsControl(control, name) })
		s.Findings = append(s.Findings, f)
	}
	if err != nil {
		s.Findings = append(s.Findings, finding{Name: c.Isolation, Says: err.Error()})
	}
	for _, name := range c.Require {
		if !slices.ContainsFunc(controls, func(control sandbox.Control) bool { return server.IsControl(control, name) }) {
			s.Findings = append(s.Findings, finding{Name: name, Says: "required, and there is no such control", Mend: "name one of those above"})
		}
	}
	return s
}

// runtimes looks for the interpreters of today's runtimes.
func (c *doctorCommand) runtimes(images map[string]string) section {
	s := section{Name: "Runtimes"}
	found := runtimes.New(runtimes.Config{Images: images, JavaClient: c.JavaClient})
	defer found.Close()
	for _, listed := range found.List() {
		f := finding{Name: listed.Name, OK: true, Optional: true}
		switch {
		case listed.Err != nil:
			f.OK, f.Says = false, listed.Err.Error()
		case listed.Warning != "":
			f.OK, f.Says = false, listed.Warning
		case listed.Origin == "image":
			f.Says = "the image " + listed.Path
		case listed.Path == "":
			f.Says = "any bootstrap"
		default:
			f.Says = listed.Version + " at " + listed.Path
		}
		s.Findings = append(s.Findings, f)
	}
	return s
}

// What an environment that waits for a function holds, in MB, and how much of
// this host's memory is too little for a handful of functions.
const (
	stemMB    = 20
	leastMB   = 512
	stemKinds = 8 // that are kept at a time
)

// memory tells how much there is for functions.
func (c *doctorCommand) memory() section {
	f := finding{Name: "available", OK: true, Optional: true}
	available, err := availableMemory()
	switch {
	case err != nil:
		f.OK, f.Says = false, err.Error()
	case available < leastMB:
		f.OK, f.Says, f.Mend = false, fmt.Sprintf("%d MB: invocations will be throttled for it", available), "stop other programs, or start lamgate with --warm 0"
	default:
		f.Says = fmt.Sprintf("%d MB", available)
	}
	stock := finding{Name: "environments in stock", OK: true, Optional: true, Says: "none (--warm 0)"}
	if c.Warm > 0 {
		stock.Says = fmt.Sprintf("%d of each Python, Node.js (and memory size) and Ruby in use, at most %d, of up to %d MB each (--warm)", c.Warm, c.Warm*stemKinds, stemMB)
		if err == nil && c.Warm*stemMB*stemKinds > available {
			stock.OK, stock.Mend = false, "choose fewer with --warm"
		}
	}
	return section{"Memory", []finding{f, stock}}
}

// availableMemory returns how much memory programs can still have, in MB.
func availableMemory() (int, error) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, errors.New("cannot be told on this system")
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kB, err := strconv.Atoi(fields[1])
			return kB >> 10, err
		}
	}
	return 0, errors.New("cannot be told on this system")
}

// port tells whether a server can listen, or one does.
func (c *doctorCommand) port(ctx context.Context) section {
	f := finding{Name: c.Listen, OK: true, Says: "free"}
	err := newClient("http://"+c.Listen, aws.DefaultRegion).health(ctx)
	if err == nil {
		f.Says = "a lamgate server answers there"
	} else if taken := listening(c.Listen); taken != nil {
		f.OK, f.Says, f.Mend = false, fmt.Sprintf("cannot be listened on: %v", taken), "choose another address with --listen or LAMGATE_LISTEN"
		if _, nobody := errors.AsType[*noServer](err); !nobody {
			f.Says = fmt.Sprintf("something else answers there: %v", err)
		}
	}
	return section{"Port", []finding{f}}
}

// data tells whether the data directory can be written, or made.
func (c *doctorCommand) data() section {
	dir, err := c.dataDir()
	if err != nil {
		return section{"Data", []finding{{Name: "directory", Says: err.Error(), Mend: "name one with --data or LAMGATE_DATA"}}}
	}
	f := finding{Name: dir, OK: true, Says: "can be written"}
	parent := dir
	for {
		info, err := os.Stat(parent)
		if err == nil && info.IsDir() {
			break
		}
		next := filepath.Dir(parent)
		if next == parent {
			break
		}
		parent = next
	}
	probe, err := os.CreateTemp(parent, ".lamgate-doctor-*")
	if err != nil {
		f.OK, f.Says, f.Mend = false, err.Error(), "choose a directory that you may write to with --data or LAMGATE_DATA"
		return section{"Data", []finding{f}}
	}
	probe.Close()
	os.Remove(probe.Name())
	if parent != dir {
		f.Says = "will be made in " + parent
	}
	return section{"Data", []finding{f}}
}
