package wire

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// A Client calls operations of AWS services over HTTP: the other end of a
// Handler, made of the same tables. lamgate's own commands use it.
type Client struct {
	endpoint string
	region   string
	keyID    string
	secret   string
	token    string // of a session; empty for a key that is good for itself
	http     *http.Client
}

// NewClient returns a client of the server at endpoint, whose calls are signed
// with an access key for a region.
func NewClient(endpoint, region, accessKeyID, secretAccessKey string) *Client {
	return &Client{endpoint: strings.TrimSuffix(endpoint, "/"), region: region, keyID: accessKeyID, secret: secretAccessKey, http: &http.Client{}}
}

// WithSession returns a client like c whose key is that of a session, which is
// known by its token.
func (c *Client) WithSession(token string) *Client {
	d := *c
	d.token = token
	return &d
}

// WithHandler returns a client like c whose server is a handler of this process.
func (c *Client) WithHandler(h http.Handler) *Client { return c.WithTransport(inProcess{h}) }

// WithTransport returns a client like c that sends its requests by t.
func (c *Client) WithTransport(t http.RoundTripper) *Client {
	d := *c
	d.http = &http.Client{Transport: t}
	return &d
}

// Call runs an operation. in is a pointer to its input struct, out to its output
// struct. What the service refuses is returned as an *aws.Fault.
func (c *Client) Call(ctx context.Context, s *api.Service, operation string, in, out any) error {
	op := s.Operation(operation)
	if op == nil {
		return fmt.Errorf("wire: %s has no operation %s", s.Name, operation)
	}
	o := &outgoing{service: &service{Service: s, quirks: quirksOf(s)}, op: op, header: http.Header{}, query: url.Values{}}
	body, err := o.encode(reflect.ValueOf(in).Elem())
	if err != nil {
		return fmt.Errorf("encode %s: %w", operation, err)
	}
	to := c.endpoint + o.path
	if len(o.query) > 0 {
		to += "?" + o.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, op.Method, to, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = o.header
	c.sign(r, s, body)
	response, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer to %s: %w", operation, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return o.fault(response, answer)
	}
	if err := o.decode(response, answer, reflect.ValueOf(out).Elem()); err != nil {
		return fmt.Errorf("decode the answer to %s: %w", operation, err)
	}
	return nil
}

// maxAnswer bounds what a client reads of an answer.
const maxAnswer = 256 << 20

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
		raw := text(sh, v, api.ISO8601)
		if greedy := "{" + m.WireName + "+}"; strings.Contains(o.path, greedy) {
			o.path = strings.Replace(o.path, greedy, strings.ReplaceAll(strictly(raw), "%2F", "/"), 1)
			return
		}
		o.path = strings.Replace(o.path, "{"+m.WireName+"}", strictly(raw), 1)
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

// sign signs a request by Signature Version 4.
func (c *Client) sign(r *http.Request, s *api.Service, body []byte) {
	now := time.Now().UTC()
	stamp, day := now.Format("20060102T150405Z"), now.Format("20060102")
	digest := hexSHA256(body)
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-Content-Sha256", digest)
	signed := "host;x-amz-content-sha256;x-amz-date"
	headers := []string{"host:" + r.URL.Host, "x-amz-content-sha256:" + digest, "x-amz-date:" + stamp}
	if c.token != "" {
		r.Header.Set("X-Amz-Security-Token", c.token)
		signed += ";x-amz-security-token"
		headers = append(headers, "x-amz-security-token:"+c.token)
	}
	path := r.URL.EscapedPath()
	if s.SigningName != "s3" {
		// Every service but S3 escapes the path once more.
		path = strings.ReplaceAll(strictly(path), "%2F", "/")
	}
	canonical := strings.Join([]string{
		r.Method, path, strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20"),
		strings.Join(headers, "\n"), "", signed, digest,
	}, "\n")
	scope := Scope{day, c.region, s.SigningName}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", c.keyID, scope, signed, scope.Sign(c.secret, stamp, canonical)))
}

// strictly escapes all but the unreserved characters, as signatures have it.
func strictly(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
