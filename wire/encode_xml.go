package wire

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/lamgate/lamgate/api"
)

// An xmlWriter appends the elements of a response.
type xmlWriter struct {
	*service
	b         []byte
	urlEncode bool // S3's EncodingType: keys and what is like them are escaped
}

func (w *xmlWriter) open(name string) {
	w.b = append(append(append(w.b, '<'), name...), '>')
}

func (w *xmlWriter) openIn(name, namespace string) {
	w.b = append(append(w.b, '<'), name...)
	w.namespace("", namespace)
	w.b = append(w.b, '>')
}

func (w *xmlWriter) close(name string) {
	w.b = append(append(append(w.b, "</"...), name...), '>')
}

func (w *xmlWriter) namespace(prefix, uri string) {
	if uri == "" {
		return
	}
	w.b = append(w.b, " xmlns"...)
	if prefix != "" {
		w.b = append(append(w.b, ':'), prefix...)
	}
	w.b = append(appendEscaped(append(w.b, `="`...), uri), '"')
}

func (w *xmlWriter) text(name, text string) {
	w.open(name)
	w.b = appendEscaped(w.b, text)
	w.close(name)
}

// appendEscaped appends text so that it stands for itself in an element or an
// attribute. What XML cannot hold at all becomes U+FFFD.
func appendEscaped(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&quot;"...)
		case r == '\r':
			dst = append(dst, "&#13;"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			dst = append(dst, "\uFFFD"...)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// members writes the members of a structure that stand in the body, without an
// element around them.
func (w *xmlWriter) members(sh *api.Shape, v reflect.Value) error {
	for i := range sh.Members {
		m := &sh.Members[i]
		if m.Location != api.InBody || m.Attribute || m.Streaming || absent(v.Field(i)) {
			continue
		}
		if err := w.element(m.WireName, m, &w.Shapes[m.Shape], v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// element writes a value. m is the member that it is of, or nil in a list or map.
func (w *xmlWriter) element(name string, m *api.Member, sh *api.Shape, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	flattened := sh.Flattened || m != nil && m.Flattened
	switch {
	case sh.Kind == api.List && flattened:
		return w.list(name, m, sh, v)
	case sh.Kind == api.Map && flattened:
		return w.entries(name, m, sh, v)
	}
	w.b = append(append(w.b, '<'), name...)
	namespace, prefix := sh.XMLNamespace, sh.XMLPrefix
	if m != nil && m.XMLNamespace != "" {
		namespace, prefix = m.XMLNamespace, m.XMLPrefix
	}
	w.namespace(prefix, namespace)
	if sh.Kind == api.Structure {
		w.attributes(sh, v)
	}
	w.b = append(w.b, '>')
	if err := w.content(name, m, sh, v); err != nil {
		return err
	}
	w.close(name)
	return nil
}

func (w *xmlWriter) content(name string, m *api.Member, sh *api.Shape, v reflect.Value) error {
	switch sh.Kind {
	case api.Structure:
		return w.members(sh, v)
	case api.List:
		inner := sh.ElementName
		if inner == "" {
			inner = "member"
		}
		return w.list(inner, nil, sh, v)
	case api.Map:
		return w.entries("entry", nil, sh, v)
	case api.Document:
		return fmt.Errorf("%s: a document cannot be written as XML", sh.Name)
	case api.String:
		text := v.String()
		if w.urlEncode && isKeyLike(name) {
			text = escapeKey(text)
		}
		w.b = appendEscaped(w.b, text)
	case api.Timestamp:
		start := len(w.b)
		w.b = appendScalar(w.b, sh, formatOf(m, sh, api.ISO8601), v)
		// Times of S3 have milliseconds even if they are none.
		if n := len(w.b); w.milliseconds && n-start == len("2006-01-02T15:04:05Z") && w.b[n-1] == 'Z' {
			w.b = append(w.b[:n-1], ".000Z"...)
		}
	default:
		w.b = appendScalar(w.b, sh, 0, v)
	}
	return nil
}

func (w *xmlWriter) attributes(sh *api.Shape, v reflect.Value) {
	for i := range sh.Members {
		m := &sh.Members[i]
		if !m.Attribute || absent(v.Field(i)) {
			continue
		}
		w.b = append(append(append(w.b, ' '), m.WireName...), `="`...)
		w.b = appendEscaped(w.b, string(appendScalar(nil, &w.Shapes[m.Shape], api.ISO8601, v.Field(i))))
		w.b = append(w.b, '"')
	}
}

func (w *xmlWriter) list(name string, m *api.Member, sh *api.Shape, v reflect.Value) error {
	element := &w.Shapes[sh.Element]
	for i := range v.Len() {
		if err := w.element(name, asElement(m), element, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// asElement is what an element of a flattened list keeps of its member.
func asElement(m *api.Member) *api.Member {
	if m == nil || m.XMLNamespace == "" {
		return nil
	}
	return &api.Member{XMLNamespace: m.XMLNamespace, XMLPrefix: m.XMLPrefix}
}

func (w *xmlWriter) entries(name string, m *api.Member, sh *api.Shape, v reflect.Value) error {
	keyName, valueName := keyAndValueNames(sh)
	for _, k := range sortedKeys(v) {
		if m != nil {
			w.openIn(name, m.XMLNamespace)
		} else {
			w.open(name)
		}
		w.text(keyName, k.String())
		if err := w.element(valueName, nil, &w.Shapes[sh.Value], v.MapIndex(k)); err != nil {
			return err
		}
		w.close(name)
	}
	return nil
}

// isKeyLike reports whether S3's EncodingType applies to an element.
//
// AWS: the documentation of ListObjectsV2 and ListObjectVersions.
func isKeyLike(name string) bool {
	switch name {
	case "Key", "Prefix", "Delimiter", "Marker", "NextMarker", "StartAfter", "KeyMarker", "NextKeyMarker":
		return true
	}
	return false
}

// escapeKey escapes as S3 does: slashes stay.
func escapeKey(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}
