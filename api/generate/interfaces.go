package main

import (
	"fmt"
	"strings"
)

func (s *service) writeInterfaces() string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n\nimport \"context\"\n\n", s.pkg)
	for i := range s.Operations {
		op := &s.Operations[i]
		fmt.Fprintf(&b, "type %s interface {\n%s(ctx context.Context, in *%s) (*%s, error)\n}\n\n",
			op.Name+"API", op.Name, s.input(op), s.output(op))
	}
	return b.String()
}
