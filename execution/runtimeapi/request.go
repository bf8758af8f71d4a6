package runtimeapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Limits on what a runtime may send.
const (
	maxHeaderBytes = 1 << 20 // clients put a stack trace into a header
	maxHeaders     = 100
	maxDrain       = 64 << 20 // of a body that is refused, so that the connection can go on
	maxChunkLine   = 4096
)

var (
	errMalformed = errors.New("malformed request")
	errTooLarge  = errors.New("body too large")
)

// A method is one that some path takes.
type method uint8

const (
	methodGet method = iota
	methodPost
	methodPut
	methodOther
)

// A request is what has been read of one, without its body. Its slices stay
// valid until the next is read.
type request struct {
	method    method
	path      []byte
	length    int // of the body; -1 if it is chunked
	close     bool
	expect    bool // the client waits for 100 Continue
	errorType []byte
	mode      []byte

	contentType []byte
	errorBody   []byte // of a stream that failed; nil without one

	extensionName  []byte
	extensionID    []byte
	extensionError []byte
	acceptFeature  []byte
}

// read reads the request line and headers.
func (q *request) read(r *bufio.Reader) error {
	*q = request{
		path: q.path[:0], errorType: q.errorType[:0], mode: q.mode[:0], contentType: q.contentType[:0],
		extensionName: q.extensionName[:0], extensionID: q.extensionID[:0], extensionError: q.extensionError[:0], acceptFeature: q.acceptFeature[:0],
	}

	line, err := readLine(r)
	if err != nil {
		return err
	}
	verb, rest, ok := bytes.Cut(line, []byte(" "))
	target, version, ok2 := bytes.Cut(rest, []byte(" "))
	if !ok || !ok2 || !bytes.HasPrefix(version, []byte("HTTP/1.")) || len(target) == 0 {
		return errMalformed
	}
	switch string(verb) {
	case "GET":
		q.method = methodGet
	case "POST":
		q.method = methodPost
	case "PUT":
		q.method = methodPut
	default:
		q.method = methodOther
	}
	q.close = string(version) == "HTTP/1.0"
	target, _, _ = bytes.Cut(target, []byte("?"))
	q.path = append(q.path, target...)

	total := len(line)
	sawLength := false
	for range maxHeaders + 1 {
		line, err := readLine(r)
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if len(line) == 0 {
			return nil
		}
		if total += len(line); total > maxHeaderBytes {
			return errMalformed
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || name[len(name)-1] == ' ' {
			return errMalformed
		}
		value = bytes.TrimSpace(value)
		switch len(name) { // the names of interest have lengths of their own
		case len("Content-Length"):
			if equalFold(name, "content-length") {
				n, ok := parseLength(value, 10)
				// Two different lengths are how requests are smuggled.
				if !ok || sawLength && n != q.length || q.length < 0 {
					return errMalformed
				}
				sawLength, q.length = true, n
			}
		case len("Transfer-Encoding"):
			if equalFold(name, "transfer-encoding") {
				if !equalFold(value, "chunked") || sawLength {
					return errMalformed
				}
				q.length = -1
			}
		case len("Connection"):
			switch {
			case !equalFold(name, "connection"):
			case equalFold(value, "close"):
				q.close = true
			case equalFold(value, "keep-alive"):
				q.close = false
			}
		case len("Content-Type"):
			if equalFold(name, "content-type") {
				q.contentType = append(q.contentType[:0], value...)
			}
		case len("Expect"):
			if equalFold(name, "expect") && equalFold(value, "100-continue") {
				q.expect = true
			}
		case len("Lambda-Runtime-Function-Error-Type"):
			if equalFold(name, "lambda-runtime-function-error-type") {
				q.errorType = append(q.errorType[:0], value...)
			}
		case len("Lambda-Runtime-Function-Response-Mode"):
			if equalFold(name, "lambda-runtime-function-response-mode") {
				q.mode = append(q.mode[:0], value...)
			}
		case len("Lambda-Extension-Name"):
			if equalFold(name, "lambda-extension-name") {
				q.extensionName = append(q.extensionName[:0], value...)
			}
		case len("Lambda-Extension-Identifier"):
			if equalFold(name, "lambda-extension-identifier") {
				q.extensionID = append(q.extensionID[:0], value...)
			}
		case len("Lambda-Extension-Accept-Feature"):
			if equalFold(name, "lambda-extension-accept-feature") {
				q.acceptFeature = append(q.acceptFeature[:0], value...)
			}
		case len("Lambda-Extension-Function-Error-Type"):
			if equalFold(name, "lambda-extension-function-error-type") {
				q.extensionError = append(q.extensionError[:0], value...)
			}
		}
	}
	return errMalformed
}

// readLine returns the next line without its end. Of a line that does not fit
// the reader's buffer only the beginning is kept; the one header that is so
// long is the stack trace for X-Ray, which nothing here reads.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line = bytes.Clone(line)
		for total := len(line); err == bufio.ErrBufferFull; {
			var more []byte
			more, err = r.ReadSlice('\n')
			if total += len(more); total > maxHeaderBytes {
				return nil, errMalformed
			}
		}
		if err != nil {
			return nil, err
		}
		return line, nil
	}
	if err != nil {
		if err == io.EOF && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

// parseLength reads a length that fits 31 bits.
func parseLength(b []byte, base int) (int, bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	n := 0
	for _, c := range b {
		d := 0
		switch {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case base == 16 && c >= 'a' && c <= 'f':
			d = int(c-'a') + 10
		case base == 16 && c >= 'A' && c <= 'F':
			d = int(c-'A') + 10
		default:
			return 0, false
		}
		if n = n*base + d; n > 1<<31-1 {
			return 0, false
		}
	}
	return n, true
}

// equalFold compares b with lower, which is in lower-case ASCII.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
