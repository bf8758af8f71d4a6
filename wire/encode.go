package wire

import (
	"encoding/base64"
	"net/http"
	"reflect"
	"strings"

	"github.com/lamgate/lamgate/api"
)

// respond writes the output of the operation.
func (c *call) respond(out any) error {
	sh := c.service.shape(c.operation.Output)
	var v reflect.Value
	if out != nil {
		v = reflect.ValueOf(out).Elem()
	}
	header := c.w.Header()
	c.identifyResponse(header)
	if c.service.Protocol == api.Query {
		body, err := c.queryBody(sh, v)
		if err != nil {
			return err
		}
		header.Set("Content-Type", "text/xml")
		return c.write(c.operation.Status, body)
	}
	if sh == nil || out == nil {
		c.setContentType(header)
		return c.write(c.operation.Status, c.emptyBody())
	}
	status := c.encodeHTTP(sh, v, header)
	if sh.Payload >= 0 && sh.Members[sh.Payload].Streaming {
		if header.Get("Content-Type") == "" && c.service.Shapes[sh.Members[sh.Payload].Shape].EventStream {
			header.Set("Content-Type", "application/vnd.amazon.eventstream")
		}
		return c.stream(status, header, v.Field(sh.Payload))
	}
	body, err := c.encodeBody(sh, v, header)
	if err != nil {
		return err
	}
	return c.write(status, body)
}

// emptyBody is what stands for an output without members.
func (c *call) emptyBody() []byte {
	switch c.service.Protocol {
	case api.JSON10, api.JSON11:
		return []byte("{}")
	}
	return nil
}

func (c *call) setContentType(header http.Header) {
	if header.Get("Content-Type") != "" {
		return
	}
	switch c.service.Protocol {
	case api.RestJSON:
		header.Set("Content-Type", "application/json")
	case api.JSON10:
		header.Set("Content-Type", "application/x-amz-json-1.0")
	case api.JSON11:
		header.Set("Content-Type", "application/x-amz-json-1.1")
	}
}

// encodeHTTP writes the members that stand in the headers, and returns the
// status.
func (c *call) encodeHTTP(sh *api.Shape, v reflect.Value, header http.Header) int {
	status := c.operation.Status
	for i := range sh.Members {
		m := &sh.Members[i]
		field := v.Field(i)
		if m.Location == api.InBody || absent(field) {
			continue
		}
		member := &c.service.Shapes[m.Shape]
		switch m.Location {
		case api.InStatus:
			status = int(reflect.Indirect(field).Int())
		case api.InHeader:
			header.Set(m.WireName, c.headerText(m, member, field))
		case api.InHeaders:
			for _, k := range sortedKeys(field) {
				header.Set(m.WireName+k.String(), field.MapIndex(k).String())
			}
		}
	}
	// AWS: a part of an object is 206, which the model does not say.
	if c.service.isS3() && status == http.StatusOK && header.Get("Content-Range") != "" {
		status = http.StatusPartialContent
	}
	return status
}

func (c *call) headerText(m *api.Member, sh *api.Shape, v reflect.Value) string {
	if m.JSONValue {
		return base64.StdEncoding.EncodeToString([]byte(reflect.Indirect(v).String()))
	}
	if sh.Kind != api.List {
		return headerSafe(string(appendScalar(nil, sh, formatOf(m, sh, api.RFC822), v)))
	}
	element := &c.service.Shapes[sh.Element]
	parts := make([]string, v.Len())
	for i := range parts {
		parts[i] = headerSafe(string(appendScalar(nil, element, formatOf(nil, element, api.RFC822), v.Index(i))))
		if element.Kind == api.String && strings.ContainsAny(parts[i], `,"`) {
			parts[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(parts[i]) + `"`
		}
	}
	return strings.Join(parts, ", ")
}

// headerSafe keeps a value from ending its header.
func headerSafe(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return ' '
		}
		return r
	}, s)
}

// encodeBody returns the body: the payload member if the model names one, else
// the members that stand in it.
func (c *call) encodeBody(sh *api.Shape, v reflect.Value, header http.Header) ([]byte, error) {
	if sh.Payload < 0 {
		return c.encodeDocument(nil, sh, v, header)
	}
	m := &sh.Members[sh.Payload]
	member, field := &c.service.Shapes[m.Shape], v.Field(sh.Payload)
	switch {
	case member.Kind == api.Blob || member.Kind == api.String:
		if t, ok := c.service.payloadTypes[c.operation.Name]; ok && header.Get("Content-Type") == "" {
			header.Set("Content-Type", t)
		}
		if header.Get("Content-Type") == "" {
			header.Set("Content-Type", map[api.Kind]string{api.Blob: "application/octet-stream", api.String: "text/plain"}[member.Kind])
		}
		if absent(field) {
			return nil, nil
		}
		if member.Kind == api.Blob {
			return field.Bytes(), nil
		}
		return []byte(field.Elem().String()), nil
	case absent(field):
		return nil, nil
	}
	return c.encodeDocument(m, member, reflect.Indirect(field), header)
}

func (c *call) encodeDocument(m *api.Member, sh *api.Shape, v reflect.Value, header http.Header) ([]byte, error) {
	s := c.service
	if s.Protocol != api.RestXML {
		c.setContentType(header)
		return s.appendJSON(nil, m, sh, v)
	}
	if m == nil && !hasBodyMembers(sh) {
		return nil, nil
	}
	header.Set("Content-Type", "application/xml")
	w := &xmlWriter{service: s, urlEncode: s.isS3() && encodesKeys(sh, v)}
	w.b = append(w.b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...)
	root := s.rootOf(m, sh)
	namespace := s.xmlNamespace
	if namespace == "" {
		namespace = s.XMLNamespace
	}
	if sh.XMLNamespace != "" {
		namespace = sh.XMLNamespace
	}
	if root == "LocationConstraint" {
		// AWS: the one output whose only member is its root.
		w.openIn(root, namespace)
		if f := v.Field(0); !absent(f) {
			w.b = appendEscaped(w.b, f.Elem().String())
		}
		w.close(root)
		return w.b, nil
	}
	w.b = append(append(w.b, '<'), root...)
	w.namespace(sh.XMLPrefix, namespace)
	w.attributes(sh, v)
	w.b = append(w.b, '>')
	if err := w.members(sh, v); err != nil {
		return nil, err
	}
	w.close(root)
	return w.b, nil
}

func (s *service) rootOf(m *api.Member, sh *api.Shape) string {
	switch {
	case s.roots[sh.Name] != "":
		return s.roots[sh.Name]
	case sh.XMLName != "":
		return sh.XMLName
	case m != nil && m.WireName != m.Name:
		return m.WireName
	}
	return sh.Name
}

func hasBodyMembers(sh *api.Shape) bool {
	for i := range sh.Members {
		if sh.Members[i].Location == api.InBody {
			return true
		}
	}
	return false
}

// encodesKeys reports whether an output says that its keys are URL-encoded.
func encodesKeys(sh *api.Shape, v reflect.Value) bool {
	for i := range sh.Members {
		if f := v.Field(i); sh.Members[i].Name == "EncodingType" && !absent(f) {
			return f.Elem().String() == "url"
		}
	}
	return false
}

func (c *call) queryBody(sh *api.Shape, v reflect.Value) ([]byte, error) {
	op := c.operation
	w := &xmlWriter{service: c.service}
	w.openIn(op.Name+"Response", c.service.XMLNamespace)
	if sh != nil {
		if op.ResultWrapper != "" {
			w.open(op.ResultWrapper)
		}
		if v.IsValid() {
			if err := w.members(sh, v); err != nil {
				return nil, err
			}
		}
		if op.ResultWrapper != "" {
			w.close(op.ResultWrapper)
		}
	}
	w.open("ResponseMetadata")
	w.text("RequestId", c.requestID)
	w.close("ResponseMetadata")
	w.close(op.Name + "Response")
	return w.b, nil
}
