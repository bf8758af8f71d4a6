package botocore

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lamgate/lamgate/api"
)

// Service returns the table of a model: its operations and the shapes that they
// and the model's errors reach, both by name. NewInput and Bind are left nil.
func (m *Model) Service(name string) (*api.Service, error) {
	md := m.Metadata
	protocol, err := protocolOf(md.Protocol, md.JSONVersion)
	if err != nil {
		return nil, err
	}
	s := &api.Service{
		Name:           name,
		ID:             md.ServiceID,
		SigningName:    md.SigningName,
		EndpointPrefix: md.EndpointPrefix,
		TargetPrefix:   md.TargetPrefix,
		Version:        md.APIVersion,
		XMLNamespace:   md.XMLNamespace.URI,
		Protocol:       protocol,
	}
	if s.SigningName == "" {
		s.SigningName = md.EndpointPrefix
	}
	b := builder{Model: m, index: map[string]int{}}
	if err := b.indexShapes(); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(m.Operations)) {
		s.Operations = append(s.Operations, b.operation(m.Operations[name]))
	}
	for _, name := range b.names {
		s.Shapes = append(s.Shapes, b.shape(name))
	}
	return s, nil
}

func protocolOf(name, jsonVersion string) (api.Protocol, error) {
	switch {
	case name == "rest-json":
		return api.RestJSON, nil
	case name == "rest-xml":
		return api.RestXML, nil
	case name == "query":
		return api.Query, nil
	case name == "json" && jsonVersion == "1.0":
		return api.JSON10, nil
	case name == "json":
		return api.JSON11, nil
	}
	return 0, fmt.Errorf("protocol %q has no codec in wire", name)
}

type builder struct {
	*Model
	names []string       // of the shapes that are needed
	index map[string]int // of a shape in names
}

func (b *builder) indexShapes() error {
	seen := map[string]bool{}
	for _, op := range b.Operations {
		refs := slices.Clone(op.Errors)
		for _, r := range []*Ref{op.Input, op.Output} {
			if r != nil {
				refs = append(refs, *r)
			}
		}
		for _, r := range refs {
			if err := b.reach(r.Shape, seen); err != nil {
				return err
			}
		}
	}
	// An error that no operation lists may be that of any.
	for name, sh := range b.Shapes {
		if sh.Exception {
			if err := b.reach(name, seen); err != nil {
				return err
			}
		}
	}
	b.names = slices.Sorted(maps.Keys(seen))
	for i, name := range b.names {
		b.index[name] = i
	}
	return nil
}

// reach adds a shape and all that it refers to. The events of a stream are not
// followed: they do not pass through wire's encoders.
func (b *builder) reach(name string, seen map[string]bool) error {
	if seen[name] {
		return nil
	}
	sh, ok := b.Shapes[name]
	if !ok {
		return fmt.Errorf("no shape %q", name)
	}
	seen[name] = true
	if sh.EventStream {
		return nil
	}
	for _, m := range sh.Members {
		if err := b.reach(m.Shape, seen); err != nil {
			return err
		}
	}
	for _, r := range []*Ref{sh.Member, sh.Key, sh.Value} {
		if r == nil {
			continue
		}
		if err := b.reach(r.Shape, seen); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) operation(op *Operation) api.Operation {
	out := api.Operation{
		Name:   op.Name,
		Method: op.HTTP.Method,
		URI:    op.HTTP.RequestURI,
		Status: op.HTTP.ResponseCode,
		Input:  -1,
		Output: -1,
	}
	if out.Status == 0 {
		out.Status = 200
	}
	if op.Input != nil {
		out.Input = b.index[op.Input.Shape]
	}
	if op.Output != nil {
		out.Output, out.ResultWrapper = b.index[op.Output.Shape], op.Output.ResultWrapper
	}
	for _, e := range op.Errors {
		out.Errors = append(out.Errors, b.index[e.Shape])
	}
	return out
}

func (b *builder) shape(name string) api.Shape {
	sh := b.Shapes[name]
	out := api.Shape{
		Name:            name,
		Kind:            kindOf(sh),
		Flattened:       sh.Flattened,
		Payload:         -1,
		Streaming:       sh.Streaming,
		EventStream:     sh.EventStream,
		Union:           sh.Union,
		XMLName:         sh.LocationName,
		XMLNamespace:    sh.XMLNamespace.URI,
		XMLPrefix:       sh.XMLNamespace.Prefix,
		Enum:            sh.Enum,
		Pattern:         sh.Pattern,
		TimestampFormat: timestampFormat(sh.TimestampFormat),
	}
	if sh.Min != nil {
		out.HasMin, out.Min = true, int64(*sh.Min)
	}
	if sh.Max != nil {
		out.HasMax, out.Max = true, int64(*sh.Max)
	}
	if sh.Exception {
		out.IsError = true
		out.ErrorCode = sh.Error.Code
		out.ErrorStatus = sh.Error.HTTPStatusCode
		out.Sender = sh.Error.SenderFault || sh.Error.HTTPStatusCode/100 == 4
	}
	switch {
	case sh.Document, sh.EventStream:
	case sh.Type == "list":
		out.Element, out.ElementName = b.index[sh.Member.Shape], sh.Member.LocationName
	case sh.Type == "map":
		out.Key, out.KeyName = b.index[sh.Key.Shape], sh.Key.LocationName
		out.Value, out.ValueName = b.index[sh.Value.Shape], sh.Value.LocationName
	default:
		// An event stream is the body, whether or not the model calls it the payload.
		out.Payload = slices.IndexFunc(sh.Members, func(m namedRef) bool { return m.name == sh.Payload || b.Shapes[m.Shape].EventStream })
		for _, m := range sh.Members {
			out.Members = append(out.Members, b.member(sh, m))
		}
	}
	return out
}

func (b *builder) member(owner *Shape, m namedRef) api.Member {
	target := b.Shapes[m.Shape]
	out := api.Member{
		Name:             m.name,
		WireName:         m.LocationName,
		Shape:            b.index[m.Shape],
		Location:         locations[m.Location],
		Required:         slices.Contains(owner.Required, m.name),
		Attribute:        m.XMLAttribute,
		Flattened:        m.Flattened,
		IdempotencyToken: m.IdempotencyToken,
		Streaming:        m.Streaming || target.Streaming || target.EventStream,
		JSONValue:        m.JSONValue,
		XMLNamespace:     m.XMLNamespace.URI,
		XMLPrefix:        m.XMLNamespace.Prefix,
		TimestampFormat:  timestampFormat(m.TimestampFormat),
	}
	if out.WireName == "" && out.Location != api.InHeaders {
		out.WireName = m.name
	}
	return out
}

var locations = map[string]api.Location{
	"":            api.InBody,
	"uri":         api.InURI,
	"querystring": api.InQuery,
	"header":      api.InHeader,
	"headers":     api.InHeaders,
	"statusCode":  api.InStatus,
}

func kindOf(sh *Shape) api.Kind {
	if sh.Document {
		return api.Document
	}
	switch sh.Type {
	case "list":
		return api.List
	case "map":
		return api.Map
	case "byte", "short", "integer":
		return api.Integer
	case "long":
		return api.Long
	case "float":
		return api.Float
	case "double":
		return api.Double
	case "boolean":
		return api.Boolean
	case "timestamp":
		return api.Timestamp
	case "blob":
		return api.Blob
	case "structure":
		return api.Structure
	}
	return api.String
}

func timestampFormat(name string) api.TimestampFormat {
	switch name {
	case "iso8601":
		return api.ISO8601
	case "unixTimestamp":
		return api.UnixTimestamp
	case "rfc822":
		return api.RFC822
	}
	return api.DefaultFormat
}
