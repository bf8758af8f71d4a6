package relay

import (
	"bytes"
	"errors"
	"io"
)

// ContentType is the media type of answers that begin with a head.
const ContentType = "application/vnd.awslambda.http-integration-response"

// maxHead is where the body must have begun.
//
// AWS: the metadata and the delimiter stand in the first 16 KB of the answer
// ("Set up a Lambda proxy integration with payload response streaming").
const maxHead = 16 << 10

// delimiter stands between the head and the body.
var delimiter = make([]byte, 8)

// What is wrong with the beginning of an answer.
var (
	ErrHeadTooLong = errors.New("the first 16 KB of the answer have no 8 zero bytes, which end its metadata")
	ErrNoHead      = errors.New("the answer ended before the 8 zero bytes that end its metadata")
)

// Head reads what an answer says of itself before its body: JSON, ended by eight
// zero bytes. What Read returns from then on is the body.
func (r *Relay) Head() ([]byte, error) {
	b := make([]byte, 0, 1024)
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):min(cap(b), maxHead)])
		from := max(0, len(b)-len(delimiter)+1)
		b = b[:len(b)+n]
		if i := bytes.Index(b[from:], delimiter); i >= 0 {
			r.rest = b[from+i+len(delimiter):]
			return b[:from+i], nil
		}
		switch {
		case err == io.EOF:
			return b, ErrNoHead
		case err != nil:
			return b, err
		case len(b) >= maxHead:
			return b, ErrHeadTooLong
		}
	}
}
