package rest

import (
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/jsontext"
)

// A response is what an integration answered, on its way to the caller.
type response struct {
	status int
	fields []field // headers; names as they were given, those of one name alike
	body   []byte
	stream io.ReadCloser // instead of body
	origin origin        // of the headers
	traced bool          // whether the caller learns of the trace
}

// add adds a value to the header of a name, in whatever case the name stood
// first.
func (r *response) add(name, value string) {
	for i := range r.fields {
		if strings.EqualFold(r.fields[i].name, name) {
			name = r.fields[i].name
			break
		}
	}
	r.fields = append(r.fields, field{name, value})
}

// has reports whether there is a header of a name.
func (r *response) has(name string) bool {
	for i := range r.fields {
		if strings.EqualFold(r.fields[i].name, name) {
			return true
		}
	}
	return false
}

// A malformed is why a function's answer is no response, and where.
type malformed struct{ *jsontext.SyntaxError }

// Explain makes a malformed the detail of a journey's step.
func (m malformed) Explain() (what, mend string) {
	return "the function's answer is no response: " + m.Error(),
		`let it answer {"statusCode": number, "headers": {name: value}, "multiValueHeaders": {name: [values]}, "body": string, "isBase64Encoded": true or false}`
}

// maxResponseHeaders bounds the values of headers that a function may answer.
const maxResponseHeaders = 512

// A lambdaResponse is the answer of a function to a proxy integration.
type lambdaResponse struct {
	status int
	single []field // of headers
	multi  []field // of multiValueHeaders
	body   []byte
	base64 bool
	head   bool // of a streamed answer, whose body follows
}

// decodeLambdaResponse reads a function's answer.
//
// AWS: no member is demanded and none but these is admitted; a status may be a
// numeric string, a header's value a boolean or a number (recorded). What is
// null counts as absent.
func decodeLambdaResponse(payload []byte, into *lambdaResponse) error {
	return into.decode(payload, false)
}

// decodeStreamHead reads what a function's streamed answer says of itself.
func decodeStreamHead(head []byte, into *lambdaResponse) error { return into.decode(head, true) }

func (l *lambdaResponse) decode(payload []byte, head bool) error {
	*l = lambdaResponse{status: http.StatusOK, single: l.single[:0], multi: l.multi[:0], head: head}
	d := jsontext.Reader{Data: payload}
	d.Space()
	if kind := d.Kind(); kind != "an object" {
		return d.Fail("it is " + kind + ", not an object")
	}
	err := d.Object(func(name []byte) error { return readMember(&d, string(name), l) })
	if err != nil {
		return err
	}
	if d.Space(); d.At < len(d.Data) {
		return d.Fail("something follows the object")
	}
	return nil
}

// readMember reads the value of a member of an answer.
func readMember(d *jsontext.Reader, name string, into *lambdaResponse) error {
	kind := d.Kind()
	if into.head {
		switch name {
		case "cookies":
			return readCookies(d, kind, into)
		case "body", "isBase64Encoded":
			return d.Fail("there is no member " + strconv.Quote(name) + " in what stands before a streamed body")
		}
	}
	if kind == "null" {
		switch name {
		case "statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded":
			return d.Literal("null")
		}
	}
	switch name {
	case "statusCode":
		start := d.At
		text, err := d.Scalar(name)
		if err != nil {
			return err
		}
		into.status, err = strconv.Atoi(strings.TrimSuffix(text, ".0"))
		if err != nil || into.status < 200 || into.status > 599 {
			d.At = start
			return d.Fail("statusCode is " + strconv.Quote(text) + ", not a number from 200 to 599")
		}
		return nil
	case "headers":
		if kind != "an object" {
			return d.Fail("headers is " + kind + ", not an object")
		}
		return d.Object(func(header []byte) error { return readHeader(d, name, string(header), &into.single) })
	case "multiValueHeaders":
		if kind != "an object" {
			return d.Fail("multiValueHeaders is " + kind + ", not an object")
		}
		return d.Object(func(lent []byte) error {
			header := string(lent)
			switch kind := d.Kind(); kind {
			case "null":
				return d.Literal("null")
			case "an array":
				return d.Array(func() error { return readHeader(d, name, header, &into.multi) })
			default:
				return d.Fail("multiValueHeaders." + header + " is " + kind + ", not an array")
			}
		})
	case "body":
		if kind != "a string" {
			return d.Fail("body is " + kind + ", not a string; if it is to be JSON, put the JSON into a string")
		}
		body, err := d.Text()
		into.body = body
		return err
	case "isBase64Encoded":
		start := d.At
		text, err := d.Scalar(name)
		if err != nil {
			return err
		}
		if text != "true" && text != "false" {
			d.At = start
			return d.Fail("isBase64Encoded is " + strconv.Quote(text) + ", neither true nor false")
		}
		into.base64 = text == "true"
		return nil
	}
	return d.Fail("there is no member " + strconv.Quote(name) + " in a response")
}

// readCookies reads the values of Set-Cookie headers.
func readCookies(d *jsontext.Reader, kind string, into *lambdaResponse) error {
	switch kind {
	case "null":
		return d.Literal("null")
	case "an array":
		return d.Array(func() error { return readHeader(d, "cookies", "Set-Cookie", &into.multi) })
	}
	return d.Fail("cookies is " + kind + ", not an array")
}

// readHeader reads a header's value.
func readHeader(d *jsontext.Reader, member, name string, into *[]field) error {
	if d.Kind() == "null" {
		return d.Literal("null")
	}
	if !front.IsToken(name) {
		return d.Fail(member + " has the name " + strconv.Quote(name) + ", which no header can have")
	}
	value, err := d.Scalar(member + "." + name)
	if err != nil {
		return err
	}
	if front.Splits(value) {
		return d.Fail(member + "." + name + " has a line break or a zero byte in its value")
	}
	if len(*into) == maxResponseHeaders {
		return d.Fail(member + " has more than " + strconv.Itoa(maxResponseHeaders) + " values")
	}
	*into = append(*into, field{name, value})
	return nil
}

// merge puts the answer into the response to the caller.
//
// AWS: headers and multiValueHeaders of one name, in any case, are merged; a
// pair that is in both counts once.
func (l *lambdaResponse) merge(r *response) {
	r.status, r.body = l.status, l.body
	for _, f := range l.multi {
		r.add(f.name, f.value)
	}
	for i, f := range l.single {
		if l.inMulti(f) || l.repeated(i) {
			continue
		}
		r.add(f.name, f.value)
	}
}

func (l *lambdaResponse) inMulti(f field) bool {
	for _, m := range l.multi {
		if strings.EqualFold(m.name, f.name) && m.value == f.value {
			return true
		}
	}
	return false
}

// repeated reports whether a later member of headers has the very same name.
func (l *lambdaResponse) repeated(i int) bool {
	for _, later := range l.single[i+1:] {
		if later.name == l.single[i].name {
			return true
		}
	}
	return false
}

// binary decodes a body that the function calls base64.
func (l *lambdaResponse) binary() error {
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(l.body)))
	n, err := base64.StdEncoding.Decode(decoded, l.body)
	if err != nil {
		return err
	}
	l.body = decoded[:n]
	return nil
}
