package jsontext

import (
	"math/bits"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string.
//
// AWS: bytes that are not UTF-8 become U+FFFD (recorded), one for each longest
// run that begins like a character, as Java decodes.
func AppendString[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	b = AppendEscaped(b, s)
	return append(b, '"')
}

// AppendEscaped appends what stands between the quotes of a JSON string.
func AppendEscaped[T string | []byte](b []byte, s T) []byte {
	for {
		n := unchanged(s)
		b = append(b, s[:n]...)
		if n == len(s) {
			return b
		}
		size := 1
		switch ch := s[n]; ch {
		case '"', '\\':
			b = append(b, '\\', ch)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			if ch < ' ' {
				b = append(b, '\\', 'u', '0', '0', hexDigits[ch>>4], hexDigits[ch&15])
				break
			}
			size, _ = Character(s[n:])
			b = append(b, "\ufffd"...)
		}
		s = s[n+size:]
	}
}

// unchanged returns how many of the bytes that s begins with stand in a JSON
// string as they are. ASCII is looked at by eights.
func unchanged[T string | []byte](s T) int {
	const (
		each = 0x0101010101010101
		high = 0x80 * each
	)
	n := 0
	for ; len(s)-n >= 8; n += 8 {
		t := s[n : n+8]
		w := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		// The high bit of a byte is set by the byte itself if it is no ASCII, and
		// by borrowing if it is below a space or the very sign. Borrowing goes
		// upwards, so that the lowest bit is always right.
		special := w | (w - ' '*each) | ((w ^ '"'*each) - each) | ((w ^ '\\'*each) - each)
		if special &= high; special != 0 {
			n += bits.TrailingZeros64(special) / 8
			break
		}
	}
	for n < len(s) {
		ch := s[n]
		switch {
		case ch >= utf8.RuneSelf:
			size, valid := Character(s[n:])
			if !valid {
				return n
			}
			n += size
		case ch < ' ' || ch == '"' || ch == '\\':
			return n
		default:
			n++
		}
	}
	return n
}

// Character returns the size of the character that s begins with. If it is
// none, it returns the size of what would have become one.
func Character[T string | []byte](s T) (size int, valid bool) {
	var low, high byte = 0x80, 0xbf // of the second byte
	switch ch := s[0]; {
	case ch < 0xc2, ch > 0xf4:
		return 1, false
	case ch < 0xe0:
		size = 2
	case ch < 0xf0:
		size = 3
		if ch == 0xe0 {
			low = 0xa0
		} else if ch == 0xed {
			high = 0x9f // no surrogates
		}
	default:
		size = 4
		if ch == 0xf0 {
			low = 0x90
		} else if ch == 0xf4 {
			high = 0x8f
		}
	}
	for i := 1; i < size; i++ {
		if i >= len(s) || s[i] < low || s[i] > high {
			return i, false
		}
		low, high = 0x80, 0xbf
	}
	return size, true
}
