package wire

import (
	"encoding/binary"
	"hash/crc32"
)

const eventStreamType = "application/vnd.amazon.eventstream"

// An Event is a message of an event stream: what an operation writes to the
// io.ReadCloser of a member whose shape is one.
type Event struct {
	Type        string // the event's member of the stream's shape: "PayloadChunk"
	ContentType string // of the payload: "application/octet-stream", "application/json"
	Payload     []byte
}

// AppendEvent appends an event in the binary form of event streams: lengths,
// headers, payload, and a checksum after the lengths and after all of it.
func AppendEvent(dst []byte, e Event) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, 12)...)
	dst = appendEventHeader(dst, ":message-type", "event")
	dst = appendEventHeader(dst, ":event-type", e.Type)
	if e.ContentType != "" {
		dst = appendEventHeader(dst, ":content-type", e.ContentType)
	}
	headers := len(dst) - start - 12
	dst = append(dst, e.Payload...)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start+4))
	binary.BigEndian.PutUint32(dst[start+4:], uint32(headers))
	binary.BigEndian.PutUint32(dst[start+8:], crc32.ChecksumIEEE(dst[start:start+8]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

// appendEventHeader appends a header whose value is a string, which is type 7.
func appendEventHeader(dst []byte, name, value string) []byte {
	dst = append(append(dst, byte(len(name))), name...)
	dst = append(dst, 7)
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(value))), value...)
}
