package main

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/execution/runtimes"
)

type runtimesCommand struct {
	runtimeFlags `embed:""`
	JSON         bool `help:"Print as JSON."`
}

// runtimeFlags say what serves runtimes beside this host's interpreters.
type runtimeFlags struct {
	RuntimeImage []string `help:"Container image that serves a runtime, as in python3.13=public.ecr.aws/lambda/python:3.13. May be repeated." sep:"none" placeholder:"RUNTIME=IMAGE"`
	JavaClient   string   `help:"Directory with AWS's runtime interface client for Java." env:"LAMGATE_JAVA_CLIENT" placeholder:"DIR"`
}

// images returns the images by the names of the runtimes that they serve.
func (f *runtimeFlags) images() (map[string]string, error) {
	list, err := pairs("--runtime-image", "a runtime's name, as in python3.13=IMAGE", f.RuntimeImage)
	if err != nil {
		return nil, err
	}
	images := make(map[string]string, len(list))
	for _, p := range list {
		if !slices.Contains(runtimeNames(), p.name) {
			return nil, fmt.Errorf("--runtime-image %s: AWS has no runtime of that name (lamgate runtimes lists today's)", p.name)
		}
		if p.value == "" {
			return nil, fmt.Errorf("--runtime-image %s names no image", p.name)
		}
		images[p.name] = p.value
	}
	return images, nil
}

// runtimeNames are those that AWS lets functions name, retired ones too.
func runtimeNames() []string {
	i := slices.IndexFunc(lambda.Service.Shapes, func(s api.Shape) bool { return s.Name == "Runtime" })
	return lambda.Service.Shapes[i].Enum
}

// A runtimeStatus is what serves one runtime.
type runtimeStatus struct {
	Name    string
	Origin  string `json:",omitempty"` // host, image or package
	Version string `json:",omitempty"`
	Path    string `json:",omitempty"`
	Warning string `json:",omitempty"`
	Problem string `json:",omitempty"` // why nothing serves it, and what to do
}

// Run lists what serves each runtime. It needs no server: it is a property of
// this host.
func (c *runtimesCommand) Run(console *console) error {
	images, err := c.images()
	if err != nil {
		return err
	}
	found := runtimes.New(runtimes.Config{Images: images, JavaClient: c.JavaClient})
	defer found.Close()
	list := []runtimeStatus{}
	for _, l := range found.List() {
		s := runtimeStatus{Name: l.Name, Origin: l.Origin, Version: l.Version, Path: l.Path, Warning: l.Warning}
		if l.Err != nil {
			s.Problem = l.Err.Error()
		}
		list = append(list, s)
	}
	if c.JSON {
		return printJSON(console.out, list)
	}
	w := tabwriter.NewWriter(console.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "RUNTIME\tFROM\tVERSION\tWHERE")
	for _, s := range list {
		from, where := s.Origin, s.Path
		switch {
		case s.Problem != "":
			from, where = "-", s.Problem
		case s.Origin == "package":
			where = "its own bootstrap"
		}
		if s.Warning != "" { // it says where, too
			where = s.Warning
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, from, or(s.Version, "-"), where)
	}
	return w.Flush()
}

// or returns a, or b if that is empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
