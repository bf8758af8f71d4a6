package main

import (
	"fmt"
	"slices"
	"strings"
)

func (s *service) writeTables() string {
	md := s.Metadata
	w := &writer{}
	w.linef("package %s\n\nimport \"github.com/lamgate/lamgate/api\"\n", s.pkg)
	w.linef("// Service is the table of %s.", md.ServiceID)
	w.linef("var Service = api.Service{")
	w.linef("Name: %q,", s.name)
	w.linef("ID: %q,", md.ServiceID)
	signing := md.SigningName
	if signing == "" {
		signing = md.EndpointPrefix
	}
	w.linef("SigningName: %q,", signing)
	w.linef("EndpointPrefix: %q,", md.EndpointPrefix)
	w.linef("TargetPrefix: %q,", md.TargetPrefix)
	w.linef("Version: %q,", md.APIVersion)
	w.linef("XMLNamespace: %q,", md.XMLNamespace.URI)
	w.linef("Protocol: api.%s,", protocol(md.Protocol, md.JSONVersion))
	w.linef("Operations: []api.Operation{")
	for _, op := range s.operations {
		s.writeOperation(w, op)
	}
	w.linef("},")
	w.linef("Shapes: []api.Shape{")
	for i, name := range s.shapes {
		s.writeShape(w, i, name)
	}
	w.linef("},")
	w.linef("}")
	return w.String()
}

func protocol(name, jsonVersion string) string {
	switch name {
	case "rest-json":
		return "RestJSON"
	case "rest-xml":
		return "RestXML"
	case "query":
		return "Query"
	case "json":
		if jsonVersion == "1.0" {
			return "JSON10"
		}
		return "JSON11"
	}
	panic("protocol " + name + " has no codec")
}

func (s *service) writeOperation(w *writer, op *operation) {
	input, output, wrapper := -1, -1, ""
	if op.Input != nil {
		input = s.index[op.Input.Shape]
	}
	if op.Output != nil {
		output, wrapper = s.index[op.Output.Shape], op.Output.ResultWrapper
	}
	status := op.HTTP.ResponseCode
	if status == 0 {
		status = 200
	}
	w.linef("{")
	w.linef("Name: %q, Method: %q, URI: %q, Status: %d,", op.Name, op.HTTP.Method, op.HTTP.RequestURI, status)
	w.printf("Input: %d, Output: %d,", input, output)
	w.text("ResultWrapper", wrapper)
	if len(op.Errors) > 0 {
		w.printf("Errors: []int{")
		for _, e := range op.Errors {
			w.printf("%d, ", s.index[e.Shape])
		}
		w.printf("},")
	}
	w.linef("")
	w.linef("NewInput: func() any { return new(%s) },", s.input(op))
	w.linef("Bind: func(implementation any) api.Handler {")
	w.linef("if i, ok := implementation.(%sAPI); ok {", op.Name)
	w.linef("return api.NewHandler(i.%s)", op.Name)
	w.linef("}\nreturn nil\n},")
	w.linef("},")
}

func (s *service) writeShape(w *writer, i int, name string) {
	sh := s.Shapes[name]
	w.printf("{ // %d\nName: %q, Kind: api.%s,", i, name, s.kind(sh))
	switch {
	case sh.Document, sh.EventStream:
		w.printf("Payload: -1,")
	case sh.Type == "structure":
		w.printf("Payload: %d,", slices.IndexFunc(sh.Members, func(m namedRef) bool { return m.name == sh.Payload }))
	case sh.Type == "list":
		w.printf("Element: %d,", s.index[sh.Member.Shape])
		w.text("ElementName", sh.Member.LocationName)
	case sh.Type == "map":
		w.printf("Key: %d, Value: %d,", s.index[sh.Key.Shape], s.index[sh.Value.Shape])
		w.text("KeyName", sh.Key.LocationName)
		w.text("ValueName", sh.Value.LocationName)
	}
	w.flag("Flattened", sh.Flattened)
	w.flag("Streaming", sh.Streaming)
	w.flag("EventStream", sh.EventStream)
	w.flag("Union", sh.Union)
	w.text("XMLName", sh.LocationName)
	w.text("XMLNamespace", sh.XMLNamespace.URI)
	w.text("XMLPrefix", sh.XMLNamespace.Prefix)
	if len(sh.Enum) > 0 {
		w.printf("Enum: %#v,", sh.Enum)
	}
	if sh.Min != nil {
		w.printf("HasMin: true, Min: %d,", int64(*sh.Min))
	}
	if sh.Max != nil {
		w.printf("HasMax: true, Max: %d,", int64(*sh.Max))
	}
	w.text("Pattern", sh.Pattern)
	w.timestampFormat(sh.TimestampFormat)
	if sh.Exception {
		w.flag("IsError", true)
		w.text("ErrorCode", sh.Error.Code)
		if sh.Error.HTTPStatusCode != 0 {
			w.printf("ErrorStatus: %d,", sh.Error.HTTPStatusCode)
		}
		w.flag("Sender", sh.Error.SenderFault || sh.Error.HTTPStatusCode/100 == 4)
	}
	if sh.Type == "structure" && !sh.EventStream && len(sh.Members) > 0 {
		w.linef("\nMembers: []api.Member{")
		for _, m := range sh.Members {
			s.writeMember(w, sh, m)
		}
		w.printf("},")
	}
	w.linef("\n},")
}

func (s *service) writeMember(w *writer, owner *shape, m namedRef) {
	wireName := m.LocationName
	if wireName == "" && m.Location != "headers" {
		wireName = m.name
	}
	w.printf("{Name: %q, WireName: %q, Shape: %d,", m.name, wireName, s.index[m.Shape])
	if l, ok := locations[m.Location]; ok {
		w.printf("Location: api.%s,", l)
	}
	w.flag("Required", slices.Contains(owner.Required, m.name))
	w.flag("Attribute", m.XMLAttribute)
	w.flag("Flattened", m.Flattened)
	w.flag("IdempotencyToken", m.IdempotencyToken)
	w.flag("Streaming", m.Streaming || s.Shapes[m.Shape].Streaming || s.Shapes[m.Shape].EventStream)
	w.flag("JSONValue", m.JSONValue)
	w.text("XMLNamespace", m.XMLNamespace.URI)
	w.text("XMLPrefix", m.XMLNamespace.Prefix)
	w.timestampFormat(m.TimestampFormat)
	w.linef("},")
}

var locations = map[string]string{
	"uri":         "InURI",
	"querystring": "InQuery",
	"header":      "InHeader",
	"headers":     "InHeaders",
	"statusCode":  "InStatus",
}

func (s *service) kind(sh *shape) string {
	if sh.Document {
		return "Document"
	}
	switch sh.Type {
	case "byte", "short":
		return "Integer"
	case "character":
		return "String"
	}
	return strings.ToUpper(sh.Type[:1]) + sh.Type[1:]
}

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

func (w *writer) timestampFormat(f string) {
	switch f {
	case "iso8601":
		w.printf("TimestampFormat: api.ISO8601,")
	case "unixTimestamp":
		w.printf("TimestampFormat: api.UnixTimestamp,")
	case "rfc822":
		w.printf("TimestampFormat: api.RFC822,")
	}
}
