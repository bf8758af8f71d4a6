package rest

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string.
//
// AWS: bytes that are not UTF-8 become U+FFFD (recorded), one for each longest
// run that begins like a character, as Java decodes.
func appendString[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	b = appendEscaped(b, s)
	return append(b, '"')
}

// appendEscaped appends what stands between the quotes of a JSON string.
func appendEscaped[T string | []byte](b []byte, s T) []byte {
	start := 0
	for i := 0; i < len(s); {
		ch := s[i]
		if ch >= utf8.RuneSelf {
			size, valid := character(s[i:])
			if !valid {
				b = append(b, s[start:i]...)
				b = append(b, "\ufffd"...)
				start = i + size
			}
			i += size
			continue
		}
		if ch >= ' ' && ch != '"' && ch != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch ch {
		case '"', '\\':
			b = append(b, '\\', ch)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[ch>>4], hexDigits[ch&15])
		}
		i++
		start = i
	}
	return append(b, s[start:]...)
}

// character returns the size of the character that s begins with. If it is
// none, it returns the size of what would have become one.
func character[T string | []byte](s T) (size int, valid bool) {
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
