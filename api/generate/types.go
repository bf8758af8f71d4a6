package main

import (
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/api"
)

func (s *service) writeDoc() string {
	return fmt.Sprintf("// Package %s declares the operations of the AWS service %s, version %s.\npackage %[1]s\n", s.pkg, s.ID, s.Version)
}

func (s *service) writeTypes() string {
	var b strings.Builder
	for _, i := range s.structs {
		sh := &s.Shapes[i]
		fmt.Fprintf(&b, "type %s struct {\n", exported(sh.Name))
		for i := range sh.Members {
			fmt.Fprintf(&b, "%s %s\n", exported(sh.Members[i].Name), s.fieldType(&sh.Members[i]))
		}
		b.WriteString("}\n\n")
	}
	for i := range s.Operations {
		for _, name := range s.emptyStructs(&s.Operations[i]) {
			fmt.Fprintf(&b, "type %s struct{}\n\n", name)
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
	if imports != "" {
		imports = "import (\n" + imports + ")\n\n"
	}
	return fmt.Sprintf("package %s\n\n%s%s", s.pkg, imports, text)
}

// fieldType returns the Go type of a struct's field: one that can be absent.
func (s *service) fieldType(m *api.Member) string {
	if m.Streaming {
		return "io.ReadCloser"
	}
	switch s.Shapes[m.Shape].Kind {
	case api.Document, api.Blob, api.List, api.Map:
		return s.elementType(m.Shape)
	}
	return "*" + s.elementType(m.Shape)
}

// elementType returns the Go type of a shape in a list or map.
func (s *service) elementType(shape int) string {
	sh := &s.Shapes[shape]
	switch sh.Kind {
	case api.Structure:
		return exported(sh.Name)
	case api.List:
		return "[]" + s.elementType(sh.Element)
	case api.Map:
		return "map[" + s.elementType(sh.Key) + "]" + s.elementType(sh.Value)
	}
	return goTypes[sh.Kind]
}

var goTypes = map[api.Kind]string{
	api.String:    "string",
	api.Boolean:   "bool",
	api.Integer:   "int32",
	api.Long:      "int64",
	api.Float:     "float32",
	api.Double:    "float64",
	api.Timestamp: "time.Time",
	api.Blob:      "[]byte",
	api.Document:  "any",
}
