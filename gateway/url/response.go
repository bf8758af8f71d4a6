package url

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/jsontext"
)

// A response is what a function answered, on its way to the caller.
type response struct {
	status int
	fields []field // headers, cookies as Set-Cookie
	body   []byte
	base64 bool
}

// maxFields bounds the values of headers and the cookies that a function may
// answer.
const maxFields = 512

const contentTypeJSON = "application/json"

// read reads a function's answer: a response if it is an object that has a
// statusCode, else the body of one.
//
// AWS: "Lambda function URL response payload format". The body is JSON as Java
// prints it, without spaces, and a string stands without its quotes (recorded:
// test_lambda_url_invocation).
func (r *response) read(payload []byte) error {
	d := jsontext.Reader{Data: payload}
	d.Space()
	if d.At == len(payload) {
		*r = response{status: http.StatusOK, fields: r.fields[:0]}
		return nil
	}
	if d.Kind() == "an object" {
		isResponse, err := r.readMembers(&d, false)
		if isResponse || err != nil && !isShape(err) {
			return err
		}
		d.At = 0
		d.Space()
	}
	*r = response{status: http.StatusOK, fields: r.fields[:0]}
	var err error
	if d.Kind() == "a string" {
		r.body, err = d.Text()
	} else {
		r.body, err = d.AppendValue(nil)
	}
	if err != nil {
		return err
	}
	return end(&d)
}

// readHead reads what a function's streamed answer says of itself.
func (r *response) readHead(head []byte) error {
	d := jsontext.Reader{Data: head}
	d.Space()
	if kind := d.Kind(); kind != "an object" {
		return d.Fail("it is " + kind + ", not an object")
	}
	_, err := r.readMembers(&d, true)
	if s, ok := err.(shapeError); ok {
		return s.SyntaxError
	}
	return err
}

// A shapeError is a member that is JSON, but not what a response has there: in an
// object without a statusCode it is as good as any other.
type shapeError struct{ *jsontext.SyntaxError }

func isShape(err error) bool { _, ok := err.(shapeError); return ok }

// end refuses what follows a value.
func end(d *jsontext.Reader) error {
	if d.Space(); d.At < len(d.Data) {
		return d.Fail("something follows the answer")
	}
	return nil
}

// readMembers reads an object as a response. It reports whether it is one. What
// no response has is passed over.
func (r *response) readMembers(d *jsontext.Reader, head bool) (isResponse bool, err error) {
	*r = response{status: http.StatusOK, fields: r.fields[:0]}
	var shape error // the first member that is not what it should be
	err = d.Object(func(name []byte) error {
		start, wrong := d.At, error(nil)
		switch {
		case d.Kind() == "null":
		case string(name) == "statusCode":
			isResponse = true
			wrong = r.readStatus(d)
		case string(name) == "headers":
			wrong = r.readHeaders(d)
		case string(name) == "cookies":
			wrong = r.readCookies(d)
		case string(name) == "body" && !head:
			wrong = r.readBody(d)
		case string(name) == "isBase64Encoded" && !head:
			wrong = r.readBase64(d)
		}
		if wrong != nil {
			if !isShape(wrong) {
				return wrong
			}
			if shape == nil {
				shape = wrong
			}
		}
		if wrong != nil || d.At == start {
			d.At = start
			return d.Skip()
		}
		return nil
	})
	if err == nil {
		err = end(d)
	}
	switch {
	case err != nil:
		return isResponse, err
	case shape != nil && isResponse:
		return true, shape.(shapeError).SyntaxError
	case shape != nil:
		return head, shape
	}
	return isResponse, nil
}

// misshapen says that a member is not what it should be.
func misshapen(d *jsontext.Reader, what string) error {
	return shapeError{&jsontext.SyntaxError{What: what, Offset: d.At}}
}

// readStatus reads the status, which may be a numeric string (recorded:
// test_lambda_url_headers_and_status).
func (r *response) readStatus(d *jsontext.Reader) error {
	if kind := d.Kind(); kind != "a number" && kind != "a string" {
		return misshapen(d, "statusCode is "+kind+", not a number")
	}
	start := d.At
	text, err := d.Scalar("statusCode")
	if err != nil {
		return err
	}
	r.status, err = strconv.Atoi(strings.TrimSuffix(text, ".0"))
	if err != nil || r.status < 200 || r.status > 599 {
		d.At = start
		return misshapen(d, "statusCode is "+strconv.Quote(text)+", not a number from 200 to 599")
	}
	return nil
}

func (r *response) readHeaders(d *jsontext.Reader) error {
	if kind := d.Kind(); kind != "an object" {
		return misshapen(d, "headers is "+kind+", not an object")
	}
	return d.Object(func(name []byte) error {
		if d.Kind() == "null" {
			return d.Literal("null")
		}
		return r.readField(d, string(name), "headers."+string(name))
	})
}

func (r *response) readCookies(d *jsontext.Reader) error {
	if kind := d.Kind(); kind != "an array" {
		return misshapen(d, "cookies is "+kind+", not an array")
	}
	return d.Array(func() error { return r.readField(d, "Set-Cookie", "a cookie") })
}

// readField reads the value of a header.
func (r *response) readField(d *jsontext.Reader, name, where string) error {
	switch kind := d.Kind(); kind {
	case "a string", "a number", "a boolean":
	default:
		return misshapen(d, where+" is "+kind+", not a string")
	}
	start := d.At
	value, err := d.Scalar(where)
	if err != nil {
		return err
	}
	switch {
	case !front.IsToken(name):
		err = misshapen(d, "headers has the name "+strconv.Quote(name)+", which no header can have")
	case front.Splits(value):
		err = misshapen(d, where+" has a line break or a zero byte in its value")
	case len(r.fields) == maxFields:
		err = misshapen(d, "there are more than "+strconv.Itoa(maxFields)+" headers and cookies")
	default:
		r.fields = append(r.fields, field{name, value})
		return nil
	}
	d.At = start
	return err
}

func (r *response) readBody(d *jsontext.Reader) error {
	if kind := d.Kind(); kind != "a string" {
		return misshapen(d, "body is "+kind+", not a string; if it is to be JSON, put the JSON into a string")
	}
	var err error
	r.body, err = d.Text()
	return err
}

func (r *response) readBase64(d *jsontext.Reader) error {
	if kind := d.Kind(); kind != "a boolean" {
		return misshapen(d, "isBase64Encoded is "+kind+", not a boolean")
	}
	text, err := d.Scalar("isBase64Encoded")
	r.base64 = text == "true"
	return err
}

// decode makes the body of the text that the function calls base64.
func (r *response) decode() error {
	if !r.base64 {
		return nil
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(r.body)))
	n, err := base64.StdEncoding.Decode(decoded, r.body)
	r.body = decoded[:n]
	return err
}

// A malformed is why a function's answer is no response.
type malformed struct{ what string }

func (m malformed) Explain() (what, mend string) {
	return "the function's answer is no response: " + m.what,
		`let it answer JSON, or {"statusCode": number, "headers": {name: value}, "cookies": [cookies], "body": string, "isBase64Encoded": true or false}`
}

// A malformedStream is why what stands before a streamed body is no response.
type malformedStream struct{ what string }

func (m malformedStream) Explain() (what, mend string) {
	return "the function's streamed answer is no response: " + m.what,
		`let it begin with {"statusCode": number, "headers": {name: value}, "cookies": [cookies]} and 8 zero bytes, as awslambda.HttpResponseStream.from does`
}
