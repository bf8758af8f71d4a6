package wire

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api"
)

// An outgoing is a request in the making.
type outgoing struct {
	*service
	op     *api.Operation
	path   string
	query  url.Values
	header http.Header
}

func (o *outgoing) encode(v reflect.Value) ([]byte, error) {
	path, literals, _ := strings.Cut(o.op.URI, "?")
	o.path = path
	if literals != "" {
		fixed, err := url.ParseQuery(literals)
		if err != nil {
			return nil, err
		}
		o.query = fixed
	}
	sh := o.shape(o.op.Input)
	switch o.Protocol {
	case api.Query:
		form := url.Values{"Action": {o.op.Name}, "Version": {o.Version}}
		if sh != nil {
			o.appendForm(form, "", nil, sh, v)
		}
		o.header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		return []byte(form.Encode()), nil
	case api.JSON10, api.JSON11:
		o.header.Set("X-Amz-Target", o.TargetPrefix+"."+o.op.Name)
		o.header.Set("Content-Type", map[api.Protocol]string{api.JSON10: "application/x-amz-json-1.0", api.JSON11: "application/x-amz-json-1.1"}[o.Protocol])
		if sh == nil {
			return []byte("{}"), nil
		}
		return o.appendJSON(nil, nil, sh, v)
	}
	if sh == nil {
		return nil, nil
	}
	for i := range sh.Members {
		if f := v.Field(i); !absent(f) {
			o.place(&sh.Members[i], f)
		}
	}
	return o.body(sh, v)
}

// place writes a member that does not stand in the body.
func (o *outgoing) place(m *api.Member, v reflect.Value) {
	sh := &o.Shapes[m.Shape]
	text := func(sh *api.Shape, v reflect.Value, format api.TimestampFormat) string {
		return string(appendScalar(nil, sh, formatOf(m, sh, format), v))
	}
	switch m.Location {
	case api.InURI:
		escaped := string(AppendURIEscaped(nil, text(sh, v, api.ISO8601)))
		if greedy := "{" + m.WireName + "+}"; strings.Contains(o.path, greedy) {
			o.path = strings.Replace(o.path, greedy, strings.ReplaceAll(escaped, "%2F", "/"), 1)
			return
		}
		o.path = strings.Replace(o.path, "{"+m.WireName+"}", escaped, 1)
	case api.InQuery:
		switch sh.Kind {
		case api.List:
			for i := range v.Len() {
				o.query.Add(m.WireName, text(&o.Shapes[sh.Element], v.Index(i), api.ISO8601))
			}
		case api.Map:
			for _, k := range sortedKeys(v) {
				o.query.Add(k.String(), text(&o.Shapes[sh.Value], v.MapIndex(k), api.ISO8601))
			}
		default:
			o.query.Set(m.WireName, text(sh, v, api.ISO8601))
		}
	case api.InHeader:
		if sh.Kind != api.List {
			o.header.Set(m.WireName, text(sh, v, api.RFC822))
			return
		}
		for i := range v.Len() {
			o.header.Add(m.WireName, text(&o.Shapes[sh.Element], v.Index(i), api.RFC822))
		}
	case api.InHeaders:
		for _, k := range sortedKeys(v) {
			o.header.Set(m.WireName+k.String(), v.MapIndex(k).String())
		}
	}
}

func (o *outgoing) body(sh *api.Shape, v reflect.Value) ([]byte, error) {
	member, doc := (*api.Member)(nil), sh
	if sh.Payload >= 0 {
		member = &sh.Members[sh.Payload]
		doc, v = &o.Shapes[member.Shape], v.Field(sh.Payload)
		switch {
		case absent(v):
			return nil, nil
		case member.Streaming || doc.Streaming:
			r := v.Interface().(io.ReadCloser)
			defer r.Close()
			return io.ReadAll(r)
		case doc.Kind == api.Blob:
			return v.Bytes(), nil
		case doc.Kind == api.String:
			return []byte(v.Elem().String()), nil
		}
		v = reflect.Indirect(v)
	} else if !hasBodyMembers(sh) {
		return nil, nil
	}
	if o.Protocol == api.RestJSON {
		o.header.Set("Content-Type", "application/json")
		return o.appendJSON(nil, member, doc, v)
	}
	o.header.Set("Content-Type", "application/xml")
	w := &xmlWriter{service: o.service}
	root := o.rootOf(member, doc)
	w.openIn(root, o.XMLNamespace)
	if err := w.members(doc, v); err != nil {
		return nil, err
	}
	w.close(root)
	return w.b, nil
}

// appendForm flattens a value into a query protocol's form.
func (o *outgoing) appendForm(form url.Values, name string, m *api.Member, sh *api.Shape, v reflect.Value) {
	if absent(v) {
		return
	}
	v = reflect.Indirect(v)
	join := func(part string) string {
		if name == "" {
			return part
		}
		return name + "." + part
	}
	flattened := sh.Flattened || m != nil && m.Flattened
	switch sh.Kind {
	case api.Structure:
		for i := range sh.Members {
			inner := &sh.Members[i]
			o.appendForm(form, join(inner.WireName), inner, &o.Shapes[inner.Shape], v.Field(i))
		}
	case api.List:
		if !flattened {
			name = join(cmp.Or(sh.ElementName, "member"))
		}
		for i := range v.Len() {
			o.appendForm(form, name+"."+strconv.Itoa(i+1), nil, &o.Shapes[sh.Element], v.Index(i))
		}
	case api.Map:
		if !flattened {
			name = join("entry")
		}
		key, value := keyAndValueNames(sh)
		for i, k := range sortedKeys(v) {
			entry := name + "." + strconv.Itoa(i+1) + "."
			form.Set(entry+key, k.String())
			o.appendForm(form, entry+value, nil, &o.Shapes[sh.Value], v.MapIndex(k))
		}
	default:
		form.Set(name, string(appendScalar(nil, sh, formatOf(m, sh, api.ISO8601), v)))
	}
}
