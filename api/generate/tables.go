package main

import (
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/api"
)

func (s *service) writeTables() string {
	w := &writer{}
	w.linef("package %s\n\nimport \"github.com/lamgate/lamgate/api\"\n", s.pkg)
	w.linef("// Service is the table of %s.", s.ID)
	w.linef("var Service = api.Service{")
	w.linef("Name: %q,\nID: %q,\nSigningName: %q,\nEndpointPrefix: %q,", s.Name, s.ID, s.SigningName, s.EndpointPrefix)
	w.linef("TargetPrefix: %q,\nVersion: %q,\nXMLNamespace: %q,", s.TargetPrefix, s.Version, s.XMLNamespace)
	w.linef("Protocol: api.%s,", protocols[s.Protocol])
	w.linef("Operations: []api.Operation{")
	for i := range s.Operations {
		s.writeOperation(w, &s.Operations[i])
	}
	w.linef("},")
	w.linef("Shapes: []api.Shape{")
	for i := range s.Shapes {
		writeShape(w, i, &s.Shapes[i])
	}
	w.linef("},")
	w.linef("}")
	return w.String()
}

func (s *service) writeOperation(w *writer, op *api.Operation) {
	w.linef("{")
	w.linef("Name: %q, Method: %q, URI: %q, Status: %d,", op.Name, op.Method, op.URI, op.Status)
	w.printf("Input: %d, Output: %d,", op.Input, op.Output)
	w.text("ResultWrapper", op.ResultWrapper)
	if len(op.Errors) > 0 {
		w.printf("Errors: %#v,", op.Errors)
	}
	w.linef("")
	w.linef("NewInput: func() any { return new(%s) },", s.input(op))
	w.linef("Bind: func(implementation any) api.Handler {")
	w.linef("if i, ok := implementation.(%sAPI); ok {", op.Name)
	w.linef("return api.NewHandler(i.%s)", op.Name)
	w.linef("}\nreturn nil\n},")
	w.linef("},")
}

func writeShape(w *writer, i int, sh *api.Shape) {
	w.printf("{ // %d\nName: %q, Kind: api.%s,", i, sh.Name, kinds[sh.Kind])
	switch sh.Kind {
	case api.Structure, api.Document:
		w.printf("Payload: %d,", sh.Payload)
	case api.List:
		w.printf("Element: %d,", sh.Element)
		w.text("ElementName", sh.ElementName)
	case api.Map:
		w.printf("Key: %d, Value: %d,", sh.Key, sh.Value)
		w.text("KeyName", sh.KeyName)
		w.text("ValueName", sh.ValueName)
	}
	w.flag("Flattened", sh.Flattened)
	w.flag("Streaming", sh.Streaming)
	w.flag("EventStream", sh.EventStream)
	w.flag("Union", sh.Union)
	w.text("XMLName", sh.XMLName)
	w.text("XMLNamespace", sh.XMLNamespace)
	w.text("XMLPrefix", sh.XMLPrefix)
	if len(sh.Enum) > 0 {
		w.printf("Enum: %#v,", sh.Enum)
	}
	if sh.HasMin {
		w.printf("HasMin: true, Min: %d,", sh.Min)
	}
	if sh.HasMax {
		w.printf("HasMax: true, Max: %d,", sh.Max)
	}
	w.text("Pattern", sh.Pattern)
	w.timestampFormat(sh.TimestampFormat)
	w.flag("IsError", sh.IsError)
	w.text("ErrorCode", sh.ErrorCode)
	if sh.ErrorStatus != 0 {
		w.printf("ErrorStatus: %d,", sh.ErrorStatus)
	}
	w.flag("Sender", sh.Sender)
	if len(sh.Members) > 0 {
		w.linef("\nMembers: []api.Member{")
		for i := range sh.Members {
			writeMember(w, &sh.Members[i])
		}
		w.printf("},")
	}
	w.linef("\n},")
}

func writeMember(w *writer, m *api.Member) {
	w.printf("{Name: %q, WireName: %q, Shape: %d,", m.Name, m.WireName, m.Shape)
	if m.Location != api.InBody {
		w.printf("Location: api.%s,", locations[m.Location])
	}
	w.flag("Required", m.Required)
	w.flag("Attribute", m.Attribute)
	w.flag("Flattened", m.Flattened)
	w.flag("IdempotencyToken", m.IdempotencyToken)
	w.flag("Streaming", m.Streaming)
	w.flag("JSONValue", m.JSONValue)
	w.text("XMLNamespace", m.XMLNamespace)
	w.text("XMLPrefix", m.XMLPrefix)
	w.timestampFormat(m.TimestampFormat)
	w.linef("},")
}

// The names of api's constants, in their order.
var (
	protocols = []string{"RestJSON", "RestXML", "Query", "JSON10", "JSON11"}
	kinds     = []string{"Structure", "List", "Map", "String", "Integer", "Long", "Float", "Double", "Boolean", "Timestamp", "Blob", "Document"}
	locations = []string{"InBody", "InURI", "InQuery", "InHeader", "InHeaders", "InStatus"}
	formats   = []string{"DefaultFormat", "ISO8601", "UnixTimestamp", "RFC822"}
)

// A writer leaves out fields whose value is the zero value.
type writer struct{ strings.Builder }

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(w, format, args...) }

func (w *writer) linef(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *writer) text(field, value string) {
	if value != "" {
		w.printf("%s: %q,", field, value)
	}
}

func (w *writer) flag(field string, value bool) {
	if value {
		w.printf("%s: true,", field)
	}
}

func (w *writer) timestampFormat(f api.TimestampFormat) {
	if f != api.DefaultFormat {
		w.printf("TimestampFormat: api.%s,", formats[f])
	}
}
