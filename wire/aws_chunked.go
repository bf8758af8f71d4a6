package wire

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
)

// A chunkedReader undoes S3's own chunks, in which clients sign or checksum a
// body as they send it:
//
//	10000;chunk-signature=…\r\n
//	<65536 bytes>\r\n
//	0;chunk-signature=…\r\n
//	x-amz-checksum-crc32:…\r\n
//	\r\n
type chunkedReader struct {
	r        *bufio.Reader
	left     int64 // of the current chunk
	started  bool
	done     bool
	trailers http.Header
}

const (
	maxChunkLine = 1024
	maxTrailers  = 20
)

func newChunkedReader(r io.Reader) *chunkedReader {
	return &chunkedReader{r: bufio.NewReaderSize(r, 32<<10), trailers: http.Header{}}
}

func (c *chunkedReader) Read(p []byte) (int, error) {
	if c.done {
		return 0, io.EOF
	}
	if c.left == 0 {
		if err := c.nextChunk(); err != nil {
			return 0, err
		}
		if c.done {
			return 0, io.EOF
		}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = incompleteBody()
	}
	return n, err
}

func (c *chunkedReader) nextChunk() error {
	if c.started {
		if line, err := c.line(); err != nil {
			return err
		} else if line != "" {
			return malformedChunk("a chunk is longer than it says")
		}
	}
	c.started = true
	line, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	c.left, err = strconv.ParseInt(strings.TrimSpace(size), 16, 62)
	if err != nil || c.left < 0 {
		return malformedChunk("a chunk does not begin with its size")
	}
	if c.left > 0 {
		return nil
	}
	c.done = true
	return c.readTrailers()
}

// readTrailers reads up to an empty line, or the end: not all clients write one.
func (c *chunkedReader) readTrailers() error {
	for range maxTrailers {
		line, err := c.line()
		if err != nil {
			if fault := aws.AsFault(err); fault != nil && fault.Code == "IncompleteBody" {
				return nil
			}
			return err
		}
		if line == "" {
			return nil
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return malformedChunk("a trailer has no colon")
		}
		c.trailers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return malformedChunk("there are too many trailers")
}

func (c *chunkedReader) line() (string, error) {
	var line []byte
	for {
		b, err := c.r.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return "", incompleteBody()
		case errors.Is(err, io.EOF), err == nil && b == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case err != nil:
			return "", err
		case len(line) == maxChunkLine:
			return "", malformedChunk("a line between chunks is too long")
		}
		line = append(line, b)
	}
}

func incompleteBody() *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

func malformedChunk(what string) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "InvalidRequest", "The aws-chunked body is malformed: %s.", what)
}
