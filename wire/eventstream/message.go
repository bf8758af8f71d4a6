package eventstream

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// ContentType is that of a body of messages.
const ContentType = "application/vnd.amazon.eventstream"

// MaxPayload is the most bytes that one message may carry; AWS's clients refuse
// more.
const MaxPayload = 16 << 20

const (
	prelude    = 8 // the two lengths
	checksum   = 4
	stringType = 7 // of a header's value: two bytes of length, then the text
	maxValue   = 1<<15 - 1
)

// AppendEvent appends an event of a kind, which is its member's name in the
// operation's model. contentType is that of the payload, or empty if there is
// none. It panics if one of them is longer than a message can carry: whoever
// makes messages of foreign text cuts it before.
func AppendEvent(dst []byte, kind, contentType string, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, prelude+checksum)...) // the lengths are known at the end
	dst = appendHeader(dst, ":event-type", kind)
	if contentType != "" {
		dst = appendHeader(dst, ":content-type", contentType)
	}
	dst = appendHeader(dst, ":message-type", "event")
	return finish(dst, start, payload)
}

func appendHeader(dst []byte, name, value string) []byte {
	if len(value) > maxValue {
		panic(fmt.Sprintf("eventstream: the header %s of %d bytes cannot be written", name, len(value)))
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
