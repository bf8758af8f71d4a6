package runtimeapi

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
)

// body reads all of the request's body. Of one that is larger than max it
// returns the size and errTooLarge, having read past it.
func (q *request) body(r *bufio.Reader, limit int) ([]byte, int, error) {
	switch {
	case q.length < 0:
		return q.chunks(r, limit)
	case q.length > limit:
		if q.length > maxDrain {
			q.close = true // not worth reading past
			return nil, q.length, errTooLarge
		}
		if _, err := r.Discard(q.length); err != nil {
			return nil, 0, io.ErrUnexpectedEOF
		}
		return nil, q.length, errTooLarge
	}
	b := make([]byte, q.length)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, 0, io.ErrUnexpectedEOF
	}
	return b, len(b), nil
}

// chunks reads a chunked body, as aws-lambda-go and streaming runtimes send it.
func (q *request) chunks(r *bufio.Reader, limit int) ([]byte, int, error) {
	var b []byte
	size := 0
	for {
		n, err := readChunkSize(r)
		if err != nil {
			return nil, 0, err
		}
		if n == 0 {
			break
		}
		if size += n; size > maxDrain {
			q.close = true
			return nil, size, errTooLarge
		}
		if size > limit {
			b = nil
			_, err = r.Discard(n)
		} else {
			if free := cap(b) - len(b); free < n {
				b = append(make([]byte, 0, max(2*cap(b), len(b)+n)), b...)
			}
			start := len(b)
			b = b[:start+n]
			_, err = io.ReadFull(r, b[start:])
		}
		if err != nil {
			return nil, 0, io.ErrUnexpectedEOF
		}
		if line, err := readLine(r); err != nil || len(line) != 0 {
			return nil, 0, errMalformed
		}
	}
	if err := q.trailers(r); err != nil {
		return nil, 0, err
	}
	if size > limit {
		return nil, size, errTooLarge
	}
	return b, size, nil
}

// readChunkSize reads the line before a chunk; 0 is the last.
func readChunkSize(r *bufio.Reader) (int, error) {
	line, err := readLine(r)
	if err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	if len(line) > maxChunkLine {
		return 0, errMalformed
	}
	digits, _, _ := bytes.Cut(line, []byte(";"))
	n, ok := parseLength(bytes.TrimSpace(digits), 16)
	if !ok {
		return 0, errMalformed
	}
	return n, nil
}

// trailers reads what follows the last chunk: a streaming runtime that fails
// half-way says so there.
func (q *request) trailers(r *bufio.Reader) error {
	total := 0
	for range maxHeaders {
		line, err := readWholeLine(r)
		if err != nil {
			if errors.Is(err, errMalformed) {
				return err
			}
			return io.ErrUnexpectedEOF
		}
		if len(line) == 0 {
			return nil
		}
		if total += len(line); total > maxHeaderBytes {
			return errMalformed
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case equalFold(name, "lambda-runtime-function-error-type"):
			q.errorType = append(q.errorType[:0], value...)
		case equalFold(name, "lambda-runtime-function-error-body"):
			body := make([]byte, base64.StdEncoding.DecodedLen(len(value)))
			if n, err := base64.StdEncoding.Decode(body, value); err == nil && n > 0 {
				q.errorBody = body[:n]
			}
		}
	}
	return errMalformed
}

// readWholeLine is readLine for lines that matter whatever their length.
func readWholeLine(r *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(whole)+len(part) > maxHeaderBytes {
			return nil, errMalformed
		}
		switch {
		case err == bufio.ErrBufferFull:
			whole = append(whole, part...)
			continue
		case err != nil:
			return nil, err
		case whole != nil:
			part = append(whole, part...)
		}
		return bytes.TrimSuffix(part[:len(part)-1], []byte("\r")), nil
	}
}
