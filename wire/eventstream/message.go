package eventstream

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
)

// ContentType is that of a body of messages.
const ContentType = "application/vnd.amazon.eventstream"

// MaxPayload is the most bytes that one message may carry; AWS's clients refuse
// more.
const MaxPayload = 16 << 20

const (
	prelude     = 8 // the two lengths
	checksum    = 4
	stringType  = 7 // of a header's value: two bytes of length, then the text
	maxName     = 255
	maxValue    = 1<<15 - 1
	jsonContent = "application/json"
)

// A Header is a message's header. Those whose names begin with a colon say what
// the message is.
type Header struct{ Name, Value string }

// Append appends a message. It panics if a name, a value or the payload is
// longer than a message can carry: whoever makes messages of foreign text cuts
// it before.
func Append(dst []byte, headers []Header, payload []byte) []byte {
	start := len(dst)
	dst = begin(dst)
	for _, h := range headers {
		dst = appendHeader(dst, h.Name, h.Value)
	}
	return finish(dst, start, payload)
}

// AppendEvent appends an event of a kind, which is its member's name in the
// operation's model. contentType is that of the payload, or empty if there is
// none.
func AppendEvent(dst []byte, kind, contentType string, payload []byte) []byte {
	start := len(dst)
	dst = begin(dst)
	dst = appendHeader(dst, ":event-type", kind)
	if contentType != "" {
		dst = appendHeader(dst, ":content-type", contentType)
	}
	dst = appendHeader(dst, ":message-type", "event")
	return finish(dst, start, payload)
}

// AppendException appends the exception that ends a stream. kind is its name in
// the operation's model.
func AppendException(dst []byte, kind, message string) []byte {
	payload, err := json.Marshal(struct {
		Message string `json:"message"`
	}{message})
	if err != nil {
		panic(err) // a struct of one string
	}
	start := len(dst)
	dst = begin(dst)
	dst = appendHeader(dst, ":exception-type", kind)
	dst = appendHeader(dst, ":content-type", jsonContent)
	dst = appendHeader(dst, ":message-type", "exception")
	return finish(dst, start, payload)
}

// begin leaves room for the lengths, which are known at the end.
func begin(dst []byte) []byte { return append(dst, make([]byte, prelude+checksum)...) }

func appendHeader(dst []byte, name, value string) []byte {
	if name == "" || len(name) > maxName || len(value) > maxValue {
		panic(fmt.Sprintf("eventstream: the header %.40q of %d bytes cannot be written", name, len(value)))
	}
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	dst = append(dst, stringType)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
	return append(dst, value...)
}

// finish completes the message that starts at start and whose headers end with
// dst.
func finish(dst []byte, start int, payload []byte) []byte {
	if len(payload) > MaxPayload {
		panic(fmt.Sprintf("eventstream: a payload of %d bytes cannot be written", len(payload)))
	}
	headers := len(dst) - start - prelude - checksum
	dst = append(dst, payload...)
	m := dst[start:]
	binary.BigEndian.PutUint32(m, uint32(len(m)+checksum))
	binary.BigEndian.PutUint32(m[4:], uint32(headers))
	binary.BigEndian.PutUint32(m[prelude:], crc32.ChecksumIEEE(m[:prelude]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(m))
}
