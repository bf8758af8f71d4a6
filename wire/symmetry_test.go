package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// Every operation of every service: what a client writes a handler reads, and
// what a handler writes a client reads, whatever stands in it.
func TestClientAndHandlerAgree(t *testing.T) {
	var mounts []Mount
	for _, s := range tables {
		mounts = append(mounts, Mount{Service: s})
	}
	h, err := New(mounts, slog.New(slog.DiscardHandler), aws.SystemClock{}, NewCredentials(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range h.services {
		for i := range s.operations {
			op := &s.operations[i]
			if s.superseded[op.Name] {
				continue
			}
			t.Run(s.Name+"/"+op.Name, func(t *testing.T) {
				for seed := range uint64(8) {
					r := randomValues{rand.New(rand.NewPCG(seed, uint64(i))), s}
					checkInput(t, h, r, op)
					checkOutput(t, h, r, op)
				}
			})
		}
	}
}

var agreeing = cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b io.ReadCloser) bool {
	return readAll(a) == readAll(b)
})}

func readAll(r io.Reader) string {
	if r == nil {
		return ""
	}
	text, err := io.ReadAll(r)
	return fmt.Sprint(string(text), err)
}

func checkInput(t *testing.T, h *Handler, r randomValues, op *operation) {
	t.Helper()
	sh := r.shape(op.Input)
	if sh == nil {
		return
	}
	want := op.NewInput()
	r.structure(sh, reflect.ValueOf(want).Elem(), 0)
	o := &outgoing{service: r.service, op: op.Operation, header: http.Header{}, query: url.Values{}}
	body, err := o.encode(reflect.ValueOf(want).Elem())
	if err != nil {
		t.Fatal(err)
	}
	if sh.Payload >= 0 && sh.Members[sh.Payload].Streaming {
		reflect.ValueOf(want).Elem().Field(sh.Payload).Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(body))))
	}
	request := httptest.NewRequest(op.Method, o.path+"?"+o.query.Encode(), bytes.NewReader(body))
	for name, values := range o.header {
		request.Header[name] = values
	}
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/"+r.SigningName+"/aws4_request, SignedHeaders=host, Signature=00")
	c := &call{Handler: h, w: httptest.NewRecorder(), r: request}
	var got any
	for _, step := range []func() error{c.identify, c.route, c.openBody, func() (err error) { got, err = c.decode(); return err }} {
		if err := step(); err != nil {
			t.Fatalf("%s %s\n%s\n%v", op.Method, request.URL, body, err)
		}
	}
	if c.operation.Name != op.Name {
		t.Fatalf("%s %s is taken for %s", op.Method, request.URL, c.operation.Name)
	}
	for i := range sh.Members {
		if sh.Members[i].WireName == "Content-Length" {
			reflect.ValueOf(got).Elem().Field(i).SetZero() // it is told by the request itself
		}
	}
	if diff := cmp.Diff(want, got, agreeing); diff != "" {
		t.Fatalf("%s %s\n%s\n%s", op.Method, request.URL, body, diff)
	}
}

func checkOutput(t *testing.T, h *Handler, r randomValues, op *operation) {
	t.Helper()
	sh := r.shape(op.Output)
	if sh == nil || op.Method == http.MethodHead {
		return
	}
	typ, ok := r.goType(op.Output, 0)
	if !ok {
		return
	}
	want := reflect.New(typ).Interface()
	r.structure(sh, reflect.ValueOf(want).Elem(), 0)
	got := reflect.New(reflect.TypeOf(want).Elem())
	w := httptest.NewRecorder()
	c := &call{Handler: h, w: w, r: httptest.NewRequest(op.Method, "/", nil), service: r.service, operation: op}
	if err := c.respond(want); err != nil {
		t.Fatal(err)
	}
	body := w.Body.Bytes()
	if f := reflect.ValueOf(want).Elem(); sh.Payload >= 0 && sh.Members[sh.Payload].Streaming {
		f.Field(sh.Payload).Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(body))))
	}
	o := &outgoing{service: r.service, op: op.Operation}
	if op.Name == "GetBucketLocation" {
		return // its form has a test of its own
	}
	if err := o.decode(w.Result(), body, got.Elem()); err != nil {
		t.Fatalf("%s\n%v", body, err)
	}
	if diff := cmp.Diff(want, got.Interface(), agreeing); diff != "" {
		t.Fatalf("%s\n%v\n%s", body, w.Header(), diff)
	}
}

var goScalarTypes = map[api.Kind]reflect.Type{
	api.String:    reflect.TypeFor[string](),
	api.Boolean:   reflect.TypeFor[bool](),
	api.Integer:   reflect.TypeFor[int32](),
	api.Long:      reflect.TypeFor[int64](),
	api.Float:     reflect.TypeFor[float32](),
	api.Double:    reflect.TypeFor[float64](),
	api.Timestamp: reflect.TypeFor[time.Time](),
	api.Blob:      reflect.TypeFor[[]byte](),
	api.Document:  reflect.TypeFor[any](),
}

// goType makes a type like the generated one, which a table does not name. It
// cannot make recursive ones.
func (r randomValues) goType(shape, depth int) (reflect.Type, bool) {
	sh := &r.Shapes[shape]
	if depth > 12 {
		return nil, false
	}
	switch sh.Kind {
	case api.List:
		e, ok := r.goType(sh.Element, depth+1)
		if !ok {
			return nil, false
		}
		return reflect.SliceOf(e), true
	case api.Map:
		e, ok := r.goType(sh.Value, depth+1)
		if !ok {
			return nil, false
		}
		return reflect.MapOf(reflect.TypeFor[string](), e), true
	case api.Structure:
		var fields []reflect.StructField
		for i, m := range sh.Members {
			e, ok := r.goType(m.Shape, depth+1)
			if !ok {
				return nil, false
			}
			switch {
			case m.Streaming:
				e = reflect.TypeFor[io.ReadCloser]()
			case e.Kind() != reflect.Slice && e.Kind() != reflect.Map && e.Kind() != reflect.Interface:
				e = reflect.PointerTo(e)
			}
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: e})
		}
		return reflect.StructOf(fields), true
	}
	return goScalarTypes[sh.Kind], true
}

// randomValues fills structs: what is required always, the rest by chance.
type randomValues struct {
	*rand.Rand
	*service
}

func (r randomValues) structure(sh *api.Shape, v reflect.Value, depth int) (filled bool) {
	chosen := -1
	if sh.Union && len(sh.Members) > 0 {
		chosen = r.IntN(len(sh.Members))
	}
	for i := range sh.Members {
		m := &sh.Members[i]
		wanted := m.Required || m.Location == api.InURI || depth < 3 && r.IntN(2) == 0
		if chosen >= 0 {
			wanted = i == chosen && depth < 4
		}
		switch {
		case m.Location == api.InStatus:
			v.Field(i).Set(reflect.ValueOf(new(int32(200))))
			continue
		case m.Location == api.InHeader && m.WireName == "Content-Type":
			v.Field(i).Set(reflect.ValueOf(new("text/plain")))
			continue
		case !wanted || isOfTheBody(m):
			continue
		}
		if m.Streaming {
			v.Field(i).Set(reflect.ValueOf(io.NopCloser(strings.NewReader("streamed"))))
			continue
		}
		if r.value(m, &r.Shapes[m.Shape], v.Field(i), depth+1) {
			filled = true
		} else {
			v.Field(i).SetZero() // the Query protocol cannot say that something is empty
		}
	}
	return filled
}

// isOfTheBody tells the headers that say something of the body, which must then
// be true, and those that other headers share a list with.
func isOfTheBody(m *api.Member) bool {
	name := strings.ToLower(m.WireName)
	switch name {
	case "content-md5", "content-length", "content-encoding", "content-range", "encoding-type", "encodingtype":
		return true
	}
	return m.Location == api.InHeader && strings.HasPrefix(name, "x-amz-checksum-")
}

func (r randomValues) value(m *api.Member, sh *api.Shape, v reflect.Value, depth int) (filled bool) {
	v = settle(v)
	switch sh.Kind {
	case api.Structure:
		return r.structure(sh, v, depth)
	case api.List:
		list := reflect.MakeSlice(v.Type(), 0, 0)
		for range 1 + r.IntN(2) {
			if depth > 4 {
				break
			}
			e := reflect.New(v.Type().Elem()).Elem()
			if r.value(m, &r.Shapes[sh.Element], e, depth+1) {
				list = reflect.Append(list, e)
			}
		}
		v.Set(list)
		return list.Len() > 0
	case api.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for n := range 1 + r.IntN(2) {
			e := reflect.New(v.Type().Elem()).Elem()
			if r.value(m, &r.Shapes[sh.Value], e, depth+1) {
				v.SetMapIndex(reflect.ValueOf(fmt.Sprintf("key-%d", n)).Convert(v.Type().Key()), e)
			}
		}
		return v.Len() > 0
	case api.String:
		v.SetString(r.text(m))
	case api.Integer, api.Long:
		v.SetInt(int64(r.IntN(1000)))
	case api.Float, api.Double:
		v.SetFloat(float64(r.IntN(1000)) / 8)
	case api.Boolean:
		v.SetBool(r.IntN(2) == 0)
	case api.Timestamp:
		v.Set(reflect.ValueOf(time.Unix(1.7e9+int64(r.IntN(1e6)), 0).UTC()))
	case api.Blob:
		v.SetBytes([]byte{0, byte(r.IntN(256)), 255})
	case api.Document:
		v.Set(reflect.ValueOf(any(map[string]any{"n": json.Number("1"), "l": []any{"x", nil, true}})))
	}
	return true
}

func (r randomValues) text(m *api.Member) string {
	letters := []rune("abcXYZ019-_ /:+%&=?#<>\"'\\{}[]$@!;,.~|é😀\t\n")
	switch {
	case m.WireName == "Bucket" || m.Location == api.InHeader || m.Location == api.InHeaders:
		letters = letters[:11]
	case m.Location == api.InURI || m.Location == api.InQuery:
		letters = letters[:len(letters)-2]
	}
	text := make([]rune, 1+r.IntN(12))
	for i := range text {
		text[i] = letters[r.IntN(len(letters))]
	}
	return string(text)
}
