// Package eventstream writes AWS's binary event streams: the bodies of type
// application/vnd.amazon.eventstream in which an operation answers with events
// one after the other.
//
// A message is, with numbers in network order:
//
//	total length   4 bytes, all of the message
//	headers length 4 bytes
//	CRC-32         of the eight bytes before
//	headers        name length (1), name, type (1), value
//	payload
//	CRC-32         of all bytes before
//
// Of the ten types of header values only strings are written, since the headers
// of AWS's own events are strings. Reading is not built, nor are exceptions: no
// operation that lamgate serves takes an event stream, or ends one with them.
package eventstream
