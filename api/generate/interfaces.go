package main

import (
	"fmt"
	"strings"
)

func (s *service) writeInterfaces() string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\nimport \"context\"\n\n", s.pkg)
	for _, op := range s.operations {
		fmt.Fprintf(&b, "type %sAPI interface {\n%[1]s(ctx context.Context, in *%s) (*%s, error)\n}\n\n",
			op.Name, s.input(op), s.output(op))
	}
	return b.String()
}
