package vtl

import (
	"strings"
	"unicode/utf16"
)

// Java counts strings in UTF-16 units.

// unitCount is Java's length.
func unitCount(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}

// byteOffset returns where the unit number n begins. The second half of a
// character belongs to the next, so no character is cut.
func byteOffset(s string, n int) int {
	for i, r := range s {
		if n <= 0 {
			return i
		}
		n--
		if r >= 0x10000 {
			n--
		}
	}
	return len(s)
}

// unitOffset is the reverse of byteOffset.
func unitOffset(s string, offset int) int {
	if offset < 0 {
		return -1
	}
	return unitCount(s[:offset])
}

// appendUnits writes units as UTF-8 and empties them. Half a character is
// U+FFFD.
func appendUnits(b *strings.Builder, u []uint16) []uint16 {
	b.WriteString(string(utf16.Decode(u)))
	return u[:0]
}
