package endpoint

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A Response is what an endpoint answered. Do fills it, using the memory of what
// was in it before: once it is given to Do again, nothing of the answer before
// is valid but its strings.
type Response struct {
	Status int
	Reason string  // as the endpoint put it: "OK"
	Header []Field // all of them, in their order
	Body   []byte  // empty if it is a stream
	// Stream is the body of an answer that was asked for as a stream. The caller
	// closes it. Its errors are *Error or io.EOF.
	Stream io.ReadCloser
}

// What is worth keeping of the answer before.
const (
	keptFields = 256
	keptBody   = 1 << 20
)

func (a *Response) reset() {
	header, body := a.Header[:0], a.Body[:0]
	if cap(header) > keptFields {
		header = nil
	}
	if cap(body) > keptBody {
		body = nil
	}
	*a = Response{Header: header, Body: body}
}

// framing is what a head tells of the body that follows it.
type framing struct {
	length  int64 // -1 if it is not told
	chunked bool
	close   bool // the connection ends after this answer
}

// parse reads a whole head, with the empty line that ends it. The strings of the
// response are parts of it.
func (a *Response) parse(head string) (framing, error) {
	f := framing{length: -1}
	line, rest := cutLine(head)
	// HTTP/1.1 200 OK; the reason may be missing, and the space before it too.
	if len(line) < 12 || line[:7] != "HTTP/1." || line[7] < '0' || line[7] > '9' || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return f, malformed("the answer begins with %q, which is no status line of HTTP/1.1", shorten(line))
	}
	status, err := strconv.ParseUint(line[9:12], 10, 16)
	if err != nil || status < 100 {
		return f, malformed("the answer's status is %q", line[9:12])
	}
	a.Status = int(status)
	if len(line) > 13 {
		a.Reason = line[13:]
	}
	if !isValue(a.Reason) {
		return f, malformed("the answer's status line holds a control character")
	}
	oldest := line[7] == '0'
	keepAlive := false
	a.Header = a.Header[:0]
	for {
		line, rest = cutLine(rest)
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			return f, malformed("a header of the answer goes on in another line, which HTTP/1.1 has given up: %q", shorten(line))
		}
		colon := strings.IndexByte(line, ':')
		if colon < 0 {
			return f, malformed("a line of the answer's head has no colon: %q", shorten(line))
		}
		name := strings.TrimRight(line[:colon], " \t")
		value := strings.Trim(line[colon+1:], " \t")
		if !isToken(name) {
			return f, malformed("the answer's head has %q for the name of a header", shorten(name))
		}
		if !isValue(value) {
			return f, malformed("the answer's header %s holds a control character", name)
		}
		a.Header = append(a.Header, Field{name, value})
		switch {
		case len(name) == 14 && equalFold(name, "content-length"):
			if f.length, err = contentLength(f.length, value); err != nil {
				return f, err
			}
		case len(name) == 17 && equalFold(name, "transfer-encoding"):
			if f.chunked || !strings.EqualFold(value, "chunked") {
				return f, malformed("the answer's Transfer-Encoding is %q, and only chunked was asked for", shorten(value))
			}
			f.chunked = true
		case len(name) == 10 && equalFold(name, "connection"):
			f.close = f.close || hasWord(value, "close")
			keepAlive = keepAlive || hasWord(value, "keep-alive")
		}
	}
	// A server that states two lengths, or chunks in an old version, may not mean
	// what it says; the next answer is not to be looked for in this connection.
	if oldest && !keepAlive || f.chunked && (oldest || f.length >= 0) {
		f.close = true
	}
	return f, nil
}

// contentLength reads a length, which must agree with the one before if it is
// told again, in another line or in a list.
func contentLength(before int64, value string) (int64, error) {
	for one := range strings.SplitSeq(value, ",") {
		one = strings.Trim(one, " \t")
		n, err := strconv.ParseUint(one, 10, 63)
		if err != nil || before >= 0 && int64(n) != before {
			return before, malformed("the answer's Content-Length is %q", shorten(value))
		}
		before = int64(n)
	}
	return before, nil
}

// hasWord tells whether a list has a word, in any case.
func hasWord(list, word string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(one, " \t"), word) {
			return true
		}
	}
	return false
}

// cutLine takes the first line, which ends with a line feed and may have a
// carriage return before it.
func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// shorten keeps an error readable, whatever a server sent.
func shorten(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

func malformed(format string, args ...any) *Error {
	return &Error{Kind: Malformed, Detail: fmt.Sprintf(format, args...)}
}

// chunkSize reads the line before a chunk: hexadecimal digits, and perhaps an
// extension that nobody knows.
func chunkSize(line []byte) (int64, error) {
	var n int64
	digits := 0
	for ; digits < len(line); digits++ {
		ch := line[digits]
		var v int64
		switch {
		case '0' <= ch && ch <= '9':
			v = int64(ch - '0')
		case 'a' <= ch|0x20 && ch|0x20 <= 'f':
			v = int64(ch|0x20-'a') + 10
		default:
			v = -1
		}
		if v < 0 {
			break
		}
		if n > math.MaxInt64>>4 {
			return 0, malformed("a chunk of the answer is of an impossible size: %q", shorten(string(line)))
		}
		n = n<<4 | v
	}
	if rest := line[digits:]; digits == 0 || len(rest) > 0 && rest[0] != ';' && rest[0] != ' ' && rest[0] != '\t' {
		return 0, malformed("the size of a chunk of the answer is %q", shorten(string(line)))
	}
	return n, nil
}
