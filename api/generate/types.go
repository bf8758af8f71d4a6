package main

import (
	"fmt"
	"strings"
)

func (s *service) writeDoc() string {
	return fmt.Sprintf("// Package %s declares the operations of the AWS service %s, version %s.\npackage %[1]s\n",
		s.pkg, s.Metadata.ServiceID, s.Metadata.APIVersion)
}

func (s *service) writeTypes() string {
	var b strings.Builder
	for _, name := range s.structs {
		fmt.Fprintf(&b, "type %s struct {\n", exported(name))
		for _, m := range s.Shapes[name].Members {
			fmt.Fprintf(&b, "%s %s\n", exported(m.name), s.fieldType(m))
		}
		b.WriteString("}\n\n")
	}
	for _, op := range s.operations {
		if op.Input == nil {
			fmt.Fprintf(&b, "type %s struct{}\n\n", s.input(op))
		}
		if op.Output == nil {
			fmt.Fprintf(&b, "type %s struct{}\n\n", s.output(op))
		}
	}
	text := b.String()
	var imports string
	if strings.Contains(text, "io.ReadCloser") {
		imports += "\"io\"\n"
	}
	if strings.Contains(text, "time.Time") {
		imports += "\"time\"\n"
	}
	return fmt.Sprintf("package %s\n\nimport (\n%s)\n\n%s", s.pkg, imports, text)
}

// fieldType returns the Go type of a struct's field: one that can be absent.
func (s *service) fieldType(m namedRef) string {
	sh := s.Shapes[m.Shape]
	switch {
	case sh.EventStream, sh.Type == "blob" && (sh.Streaming || m.Streaming):
		return "io.ReadCloser"
	case sh.Document, sh.Type == "blob", sh.Type == "list", sh.Type == "map":
		return s.elementType(m.Shape)
	}
	return "*" + s.elementType(m.Shape)
}

// elementType returns the Go type of a shape in a list or map.
func (s *service) elementType(name string) string {
	sh := s.Shapes[name]
	if sh.Document {
		return "any"
	}
	switch sh.Type {
	case "structure":
		return exported(name)
	case "list":
		return "[]" + s.elementType(sh.Member.Shape)
	case "map":
		return "map[" + s.elementType(sh.Key.Shape) + "]" + s.elementType(sh.Value.Shape)
	case "blob":
		return "[]byte"
	case "timestamp":
		return "time.Time"
	}
	return goScalars[sh.Type]
}

var goScalars = map[string]string{
	"string":    "string",
	"character": "string",
	"boolean":   "bool",
	"byte":      "int32",
	"short":     "int32",
	"integer":   "int32",
	"long":      "int64",
	"float":     "float32",
	"double":    "float64",
}
