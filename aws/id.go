package aws

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	mathrand "math/rand/v2"
	"strconv"
	"time"
)

const (
	lowerAlphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789"
	upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

// NewUUID returns a random (version 4) UUID in its 36-character form, the form
// of AWS's request IDs, stack IDs and Lambda's revision IDs.
func NewUUID() string {
	// Not a secret: the runtime's generator is seeded per process and costs a
	// tenth of the system's.
	var b [16]byte
	hi, lo := rand2()
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[:], b[:4])
	s[8] = '-'
	hex.Encode(s[9:], b[4:6])
	s[13] = '-'
	hex.Encode(s[14:], b[6:8])
	s[18] = '-'
	hex.Encode(s[19:], b[8:10])
	s[23] = '-'
	hex.Encode(s[24:], b[10:])
	return string(s[:])
}

func rand2() (uint64, uint64) { return mathrand.Uint64(), mathrand.Uint64() }

// NewResourceID returns n random lower-case letters and digits, the form of
// API Gateway's identifiers (10 for an API, 6 for a resource or deployment).
func NewResourceID(n int) string { return pick(lowerAlphanumeric, n) }

// NewUniqueID returns n characters of the alphabet of IAM's unique identifiers
// and access key IDs, to be put after a prefix such as AROA or ASIA. Unlike the
// other identifiers it cannot be guessed.
func NewUniqueID(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = upperAlphanumeric[int(b[i])%len(upperAlphanumeric)]
	}
	return string(b)
}

func pick(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[mathrand.IntN(len(alphabet))]
	}
	return string(b)
}

// NewExtendedRequestID returns an ID of the form of the x-amz-apigw-id header:
// fifteen characters of URL-safe base64 and a padding sign.
func NewExtendedRequestID() string {
	var b [11]byte
	hi, lo := rand2()
	for i := range 8 {
		b[i] = byte(hi >> (8 * i))
	}
	b[8], b[9], b[10] = byte(lo), byte(lo>>8), byte(lo>>16)
	var s [16]byte
	base64.URLEncoding.Encode(s[:], b[:])
	return string(s[:])
}

// NewTraceID returns an X-Ray trace ID, 1-<time in 8 hex digits>-<24 random hex
// digits>.
func NewTraceID(now time.Time) string {
	var random [12]byte
	hi, lo := rand2()
	for i := range 8 {
		random[i] = byte(hi >> (8 * i))
	}
	for i := range 4 {
		random[8+i] = byte(lo >> (8 * i))
	}
	b := make([]byte, 0, 35)
	b = append(b, "1-"...)
	b = strconv.AppendUint(b, uint64(uint32(now.Unix())), 16)
	b = append(b, '-')
	b = hex.AppendEncode(b, random[:])
	return string(b)
}
