package endpoint

import (
	"errors"
	"io"
	"net/http"
	"slices"
)

// A body is what follows a head, and how its end is known.
type body struct {
	how  delimiter
	left int64 // to come of the length, or of the chunk
	read int64 // of trailers, which are bounded
}

type delimiter uint8

const (
	byNothing delimiter = iota // there is none, or it has ended
	byLength
	byChunks
	byClose
)

// bodyOf tells how the body is framed of an answer to a method.
func bodyOf(method string, status int, f framing) body {
	switch {
	case method == http.MethodHead || status == http.StatusNoContent || status == http.StatusNotModified:
		return body{}
	case f.chunked:
		return body{how: byChunks, left: nextChunk}
	case f.length > 0:
		return body{how: byLength, left: f.length}
	case f.length == 0:
		return body{}
	}
	return body{how: byClose}
}

// Where chunks stand, other than in the middle of one.
const (
	nextChunk  = 0  // the size of the next one comes
	endOfChunk = -1 // the empty line behind one comes
)

// readBody reads the next part of the body into p; io.EOF is its end.
func (c *connection) readBody(b *body, p []byte) (int, error) {
	if b.how == byChunks && b.left <= 0 {
		if err := c.advance(b); err != nil {
			return 0, err
		}
	}
	switch b.how {
	case byNothing:
		return 0, io.EOF
	case byClose:
		n, err := c.read(p)
		if errors.Is(err, io.EOF) {
			b.how = byNothing
		}
		return n, err
	}
	n, err := c.read(p[:min(int64(len(p)), b.left)])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if b.left -= int64(n); b.left == 0 && err == nil {
		if b.how == byLength {
			b.how = byNothing
		} else {
			b.left = endOfChunk
		}
	}
	return n, err
}

// read returns what is buffered, or else reads straight into p.
func (c *connection) read(p []byte) (int, error) {
	if c.from < c.to {
		n := copy(p, c.buffered())
		c.from += n
		return n, nil
	}
	if len(p) < firstBuffer/2 {
		// Small parts come through the buffer, which takes more at once.
		if err := c.fill(firstBuffer); err != nil {
			return 0, err
		}
		return c.read(p)
	}
	n, err := c.conn.Read(p)
	if n > 0 {
		err = nil // it comes again
	}
	return n, err
}

// advance goes on to the data of the next chunk, or to the end of the body.
func (c *connection) advance(b *body) error {
	whole := func(line []byte, err error) ([]byte, error) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return line, err
	}
	if b.left == endOfChunk {
		line, err := whole(c.line())
		if err != nil {
			return err
		}
		if len(line) > 0 {
			return malformed("a chunk of the answer is longer than it says")
		}
	}
	line, err := whole(c.line())
	if err != nil {
		return err
	}
	if b.left, err = chunkSize(line); err != nil || b.left > 0 {
		return err
	}
	// What trails behind the last chunk is of no use to anyone here.
	for {
		line, err := whole(c.line())
		if err != nil {
			return err
		}
		if len(line) == 0 {
			b.how = byNothing
			return nil
		}
		if b.read += int64(len(line)); b.read > maxHead {
			return malformed("the trailers of the answer exceed %d bytes", maxHead)
		}
	}
}

// readWhole reads the body into memory that grows with what really comes.
func (c *connection) readWhole(b *body, into []byte) ([]byte, error) {
	if b.how == byLength {
		if b.left > MaxBody {
			return into, tooLarge()
		}
		const atOnce = 64 << 10
		into = slices.Grow(into, int(min(b.left, atOnce)))
	}
	for b.how != byNothing {
		if len(into) == cap(into) {
			into = slices.Grow(into, max(512, len(into)))
		}
		n, err := c.readBody(b, into[len(into):cap(into)])
		into = into[:len(into)+n]
		if len(into) > MaxBody {
			return into, tooLarge()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return into, err
		}
	}
	return into, nil
}

func tooLarge() *Error {
	return &Error{Kind: TooLarge, Detail: "the answer's body is larger than 10 MB"}
}
