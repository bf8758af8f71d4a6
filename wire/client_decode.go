package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// decode reads an answer into the output.
func (o *outgoing) decode(r *http.Response, body []byte, v reflect.Value) error {
	sh := o.shape(o.op.Output)
	if sh == nil {
		return nil
	}
	if o.Protocol == api.Query {
		root, err := parseXML(bytes.NewReader(body))
		if err != nil {
			return err
		}
		if o.op.ResultWrapper != "" {
			if root = root.child(o.op.ResultWrapper); root == nil {
				return fmt.Errorf("the answer has no %s", o.op.ResultWrapper)
			}
		}
		return o.readMembers(root, sh, v)
	}
	for i := range sh.Members {
		m := &sh.Members[i]
		switch text := r.Header.Get(m.WireName); {
		case m.Location == api.InStatus:
			settle(v.Field(i)).SetInt(int64(r.StatusCode))
		case m.Location == api.InHeaders:
			decodeHeaders(r.Header, m.WireName, v.Field(i))
		case m.Location == api.InHeader && text != "" && o.Shapes[m.Shape].Kind != api.List:
			if err := parseScalar(&o.Shapes[m.Shape], text, v.Field(i)); err != nil {
				return err
			}
		}
	}
	if sh.Payload >= 0 {
		m := &sh.Members[sh.Payload]
		member, field := &o.Shapes[m.Shape], v.Field(sh.Payload)
		switch {
		case m.Streaming || member.Streaming:
			field.Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(body))))
			return nil
		case len(body) == 0:
			return nil
		case member.Kind == api.Blob:
			field.SetBytes(body)
			return nil
		case member.Kind == api.String:
			settle(field).SetString(string(body))
			return nil
		}
		return o.decodeDocument(body, member, settle(field))
	}
	if len(body) == 0 || !hasBodyMembers(sh) {
		return nil
	}
	return o.decodeDocument(body, sh, v)
}

// fault reads what a service refused with.
func (o *outgoing) fault(r *http.Response, body []byte) error {
	f := &aws.Fault{Status: r.StatusCode, Code: r.Header.Get("X-Amzn-Errortype")}
	if o.Protocol == api.Query || o.Protocol == api.RestXML {
		if root, err := parseXML(bytes.NewReader(body)); err == nil {
			e := root
			if inner := root.child("Error"); inner != nil {
				e = inner
			}
			if c := e.child("Code"); c != nil {
				f.Code = string(c.text)
			}
			if m := e.child("Message"); m != nil {
				f.Message = string(m.text)
			}
		}
	} else {
		var fields map[string]any
		if json.Unmarshal(body, &fields) == nil {
			text := func(name string) string { s, _ := fields[name].(string); return s }
			f.Code = cmp.Or(f.Code, text("__type"), text("code"))
			f.Message = cmp.Or(text("message"), text("Message"))
		}
	}
	// A code may carry its namespace before a "#" and a URL after a ":".
	f.Code = f.Code[strings.IndexByte(f.Code, '#')+1:]
	f.Code, _, _ = strings.Cut(f.Code, ":")
	if f.Code == "" {
		f.Code = http.StatusText(r.StatusCode)
	}
	return f
}
