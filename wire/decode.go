package wire

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// decode reads the input of the operation out of the request.
func (c *call) decode() (any, error) {
	in := c.operation.NewInput()
	sh := c.service.shape(c.operation.Input)
	if sh == nil {
		return in, nil
	}
	v := reflect.ValueOf(in).Elem()
	if c.service.Protocol == api.Query {
		if err := c.service.decodeForm(c.message.form, sh, v); err != nil {
			return nil, c.service.undecodable(err)
		}
		return in, nil
	}
	if err := c.decodeHTTP(sh, v); err != nil {
		return nil, c.service.undecodable(err)
	}
	if err := c.decodeBody(sh, v); err != nil {
		return nil, err
	}
	return in, nil
}

// decodeHTTP reads the members that stand in the path, the query string and the
// headers.
func (c *call) decodeHTTP(sh *api.Shape, v reflect.Value) error {
	for i := range sh.Members {
		m := &sh.Members[i]
		member, field := &c.service.Shapes[m.Shape], v.Field(i)
		var err error
		switch m.Location {
		case api.InURI:
			if text, ok := c.message.labels[m.WireName]; ok {
				err = parseScalar(member, text, field)
			}
		case api.InQuery:
			err = c.decodeQueryMember(m, member, field)
		case api.InHeader:
			err = c.decodeHeader(m, member, field)
		case api.InHeaders:
			decodeHeaders(c.r.Header, m.WireName, field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *call) decodeQueryMember(m *api.Member, sh *api.Shape, v reflect.Value) error {
	query := c.message.query
	switch sh.Kind {
	case api.List:
		for _, text := range query[m.WireName] {
			item := reflect.New(v.Type().Elem()).Elem()
			if err := parseScalar(&c.service.Shapes[sh.Element], text, item); err != nil {
				return err
			}
			v.Set(reflect.Append(v, item))
		}
		return nil
	case api.Map:
		return c.decodeQueryMap(sh, v)
	}
	if !query.Has(m.WireName) {
		return nil
	}
	text := query.Get(m.WireName)
	if text == "" && sh.Kind != api.String {
		return nil
	}
	return parseScalar(sh, text, v)
}

// decodeQueryMap takes the parameters that nothing else takes: no other member,
// not the URI, and not the signature.
func (c *call) decodeQueryMap(sh *api.Shape, v reflect.Value) error {
	owner := c.service.shape(c.operation.Input)
	value := &c.service.Shapes[sh.Value]
	m := reflect.MakeMap(v.Type())
	for name, texts := range c.message.query {
		if isQueryMember(owner, name) || strings.HasPrefix(name, "X-Amz-") || literalOf(c.operation.URI, name) {
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		if value.Kind == api.List {
			item.Set(reflect.ValueOf(texts).Convert(item.Type()))
		} else if err := parseScalar(value, texts[0], item); err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(name), item)
	}
	if m.Len() > 0 {
		v.Set(m)
	}
	return nil
}

func isQueryMember(sh *api.Shape, name string) bool {
	return slices.ContainsFunc(sh.Members, func(m api.Member) bool { return m.Location == api.InQuery && m.WireName == name })
}

func literalOf(uri, name string) bool {
	_, query, _ := strings.Cut(uri, "?")
	for part := range strings.SplitSeq(query, "&") {
		if n, _, _ := strings.Cut(part, "="); n == name {
			return true
		}
	}
	return false
}

func (c *call) decodeHeader(m *api.Member, sh *api.Shape, v reflect.Value) error {
	values := c.r.Header.Values(m.WireName)
	switch {
	case http.CanonicalHeaderKey(m.WireName) == "Content-Length" && c.message.length >= 0:
		// net/http takes it out of the headers; that of a body in chunks of
		// S3's own is the length of what they carry.
		settle(v).SetInt(c.message.length)
		return nil
	case http.CanonicalHeaderKey(m.WireName) == "Host":
		return parseScalar(sh, c.r.Host, v)
	case len(values) == 0:
		return nil
	case sh.Kind == api.List:
		element := &c.service.Shapes[sh.Element]
		for _, value := range values {
			for _, text := range splitHeader(value, element) {
				item := reflect.New(v.Type().Elem()).Elem()
				if err := parseScalar(element, text, item); err != nil {
					return err
				}
				v.Set(reflect.Append(v, item))
			}
		}
		return nil
	case m.JSONValue:
		text, err := base64.StdEncoding.DecodeString(values[0])
		settle(v).SetString(string(text))
		return err
	case values[0] == "" && sh.Kind != api.String:
		return nil
	}
	return parseScalar(sh, values[0], v)
}

// splitHeader splits a header that is a list, mindful of quotes and of the comma
// in a date.
func splitHeader(value string, element *api.Shape) []string {
	if element.Kind == api.Timestamp && element.TimestampFormat != api.ISO8601 && element.TimestampFormat != api.UnixTimestamp {
		var dates []string
		parts := strings.Split(value, ",")
		for i := 0; i+1 < len(parts); i += 2 {
			dates = append(dates, strings.TrimSpace(parts[i]+","+parts[i+1]))
		}
		return dates
	}
	var list []string
	for value = strings.TrimSpace(value); value != ""; value = strings.TrimSpace(value) {
		var item string
		if value[0] == '"' {
			item, value = unquote(value[1:])
			_, value, _ = strings.Cut(value, ",")
		} else {
			item, value, _ = strings.Cut(value, ",")
			item = strings.TrimSpace(item)
		}
		list = append(list, item)
	}
	return list
}

func unquote(s string) (text, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

func decodeHeaders(header http.Header, prefix string, v reflect.Value) {
	m := map[string]string{}
	for name, values := range header {
		if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			m[strings.ToLower(name[len(prefix):])] = strings.Join(values, ",")
		}
	}
	if len(m) > 0 {
		v.Set(reflect.ValueOf(m).Convert(v.Type()))
	}
}

// decodeBody reads the body: the payload member if the model names one, else the
// members that stand in it.
func (c *call) decodeBody(sh *api.Shape, v reflect.Value) error {
	if sh.Payload < 0 {
		body, err := c.readBody()
		if err != nil {
			return err
		}
		return c.undecodable(c.service.decodeDocument(body, sh, v))
	}
	m := &sh.Members[sh.Payload]
	member, field := &c.service.Shapes[m.Shape], v.Field(sh.Payload)
	if m.Streaming {
		field.Set(reflect.ValueOf(c.r.Body))
		return nil
	}
	body, err := c.readBody()
	if err != nil || len(body) == 0 {
		return err
	}
	switch member.Kind {
	case api.Blob:
		field.SetBytes(body)
		return nil
	case api.String:
		settle(field).SetString(string(body))
		return nil
	}
	return c.undecodable(c.service.decodeDocument(body, member, field))
}

func (s *service) decodeDocument(body []byte, sh *api.Shape, v reflect.Value) error {
	if s.Protocol == api.RestXML {
		return s.decodeXML(body, sh, v)
	}
	return s.decodeJSON(body, sh, v)
}

// readBody returns the whole body.
func (c *call) readBody() ([]byte, error) {
	var b bytes.Buffer
	if n := c.message.length; n > 0 {
		b.Grow(int(min(n, c.operationLimit())) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(c.r.Body); err != nil {
		return nil, bodyFault(err)
	}
	return b.Bytes(), nil
}

// bodyFault makes a client that stops sending the client's fault.
func bodyFault(err error) error {
	if aws.AsFault(err) == nil && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)) {
		return aws.Faultf(http.StatusBadRequest, "IncompleteBody", "The request body terminated unexpectedly")
	}
	return err
}

func (c *call) undecodable(err error) error {
	if err == nil {
		return nil
	}
	return c.service.undecodable(err)
}
