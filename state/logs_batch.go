package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"
)

// A batch is a number of lines of one stream, stored as one message:
// compressed, each line as the times since those of the line before it, its
// length and its bytes.
type batch struct {
	subject string
	data    []byte
	lines   int
	held    int // as counted in logs.held

	timestamp, ingested int64 // of the last line, in milliseconds
	newest              int64
}

// maxBatch is the size of the largest batch: all but its last line are less
// than batchSize.
const maxBatch = batchSize + maxMessage + eventOverhead

// eventOverhead is what an event takes beside its message, at most.
const eventOverhead = 3 * binary.MaxVarintLen64

func (b *batch) add(e *LogEvent) {
	timestamp, ingested := e.Timestamp.UnixMilli(), e.Ingested.UnixMilli()
	b.data = binary.AppendVarint(b.data, timestamp-b.timestamp)
	b.data = binary.AppendVarint(b.data, ingested-b.ingested)
	b.data = binary.AppendUvarint(b.data, uint64(len(e.Message)))
	b.data = append(b.data, e.Message...)
	if b.lines == 0 || timestamp > b.newest {
		b.newest = timestamp
	}
	b.timestamp, b.ingested = timestamp, ingested
	b.lines++
	b.held += len(e.Message) + eventOverhead
}

func (b *batch) encode() []byte { return s2.Encode(nil, b.data) }

var errBatch = errors.New("damaged batch of lines")

// decodeBatch calls yield with the lines of a batch until it returns false.
func decodeBatch(encoded []byte, yield func(place uint64, e LogEvent) bool) error {
	if size, err := s2.DecodedLen(encoded); err != nil || size > maxBatch {
		return errBatch
	}
	data, err := s2.Decode(nil, encoded)
	if err != nil {
		return fmt.Errorf("%w: %w", errBatch, err)
	}
	var timestamp, ingested int64
	for place := uint64(1); len(data) > 0; place++ {
		var sizes [2]int
		var times [2]int64
		for i := range times {
			times[i], sizes[i] = binary.Varint(data)
			if sizes[i] <= 0 {
				return errBatch
			}
			data = data[sizes[i]:]
		}
		length, size := binary.Uvarint(data)
		if size <= 0 || length > uint64(len(data)-size) {
			return errBatch
		}
		message := data[size : size+int(length)]
		data = data[size+int(length):]
		timestamp += times[0]
		ingested += times[1]
		e := LogEvent{Timestamp: time.UnixMilli(timestamp), Ingested: time.UnixMilli(ingested), Message: string(message)}
		if !yield(place, e) {
			return nil
		}
	}
	return nil
}
