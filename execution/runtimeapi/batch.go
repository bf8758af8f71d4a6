package runtimeapi

import (
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// A Batch collects what one subscription is to be told until it is delivered,
// in the JSON of the subscription's schema. What the subscription does not want,
// or its schema does not know, is not added. It is not safe for concurrent use.
//
// AWS: events as in the developer guide, "Lambda Telemetry API Event schema
// reference" and, for the Logs API, "Lambda Logs API".
type Batch struct {
	subscription *Subscription
	body         []byte
	items        int
}

// NewBatch returns an empty batch for a subscription.
func NewBatch(s *Subscription) *Batch { return &Batch{subscription: s} }

// Len returns how many events there are, and how many bytes they have.
func (b *Batch) Len() (items, bytes int) { return b.items, len(b.body) }

// Full reports whether the batch is as large as its subscription lets it be.
func (b *Batch) Full() bool {
	return b.items >= b.subscription.MaxItems || len(b.body) >= b.subscription.MaxBytes
}

// Reset empties the batch.
func (b *Batch) Reset() { b.body, b.items = b.body[:0], 0 }

// Body returns what is sent: a JSON array through HTTP, a JSON text a line
// through TCP. It is valid until the batch changes.
func (b *Batch) Body() []byte {
	if b.subscription.Protocol == "HTTP" && b.items > 0 {
		return append(b.body, ']')
	}
	return b.body
}

// URL returns where Body is sent through HTTP, with Method and as
// application/json.
func (s *Subscription) URL() string {
	return "http://sandbox.localdomain:" + strconv.Itoa(s.Port) + s.Path
}

// open begins an event; false if it is not wanted. close ends it.
func (b *Batch) open(at time.Time, category, kind string) bool {
	if !slices.Contains(b.subscription.Types, category) {
		return false
	}
	if b.subscription.Protocol == "HTTP" {
		if b.items == 0 {
			b.body = append(b.body, '[')
		} else {
			b.body = append(b.body, ',')
		}
	}
	b.body = append(b.body, `{"time":"`...)
	b.body = at.UTC().AppendFormat(b.body, "2006-01-02T15:04:05.000Z")
	b.body = append(b.body, `","type":"`...)
	b.body = append(b.body, kind...)
	b.body = append(b.body, `","record":`...)
	return true
}

func (b *Batch) close() {
	b.body = append(b.body, '}')
	if b.subscription.Protocol != "HTTP" {
		b.body = append(b.body, '\n')
	}
	b.items++
}

// milliseconds appends a duration, to the microsecond.
func (b *Batch) milliseconds(d time.Duration) {
	b.body = strconv.AppendFloat(b.body, math.Round(float64(d)/float64(time.Microsecond))/1000, 'f', -1, 64)
}

// An object is an event's JSON object, being written.
type object struct {
	b     *Batch
	empty bool
}

func (b *Batch) object() *object {
	b.body = append(b.body, '{')
	return &object{b, true}
}

func (o *object) name(name string) {
	if !o.empty {
		o.b.body = append(o.b.body, ',')
	}
	o.empty = false
	o.b.body = append(o.b.body, '"')
	o.b.body = append(o.b.body, name...)
	o.b.body = append(o.b.body, `":`...)
}

func (o *object) raw(name, value string) {
	o.name(name)
	o.b.body = append(o.b.body, value...)
}

func (o *object) text(name, value string) {
	o.name(name)
	o.b.body = appendString(o.b.body, value)
}

func (o *object) optional(name, value string) {
	if value != "" {
		o.text(name, value)
	}
}

func (o *object) list(name string, values []string) {
	o.name(name)
	o.b.body = append(o.b.body, '[')
	for i, v := range values {
		if i > 0 {
			o.b.body = append(o.b.body, ',')
		}
		o.b.body = appendString(o.b.body, v)
	}
	o.b.body = append(o.b.body, ']')
}

func (o *object) trace(value string) {
	if value != "" {
		o.raw("tracing", `{"type":"X-Amzn-Trace-Id","value":`)
		o.b.body = append(appendString(o.b.body, value), '}')
	}
}

func (o *object) close() {
	o.b.body = append(o.b.body, '}')
	o.b.close()
}

// appendString appends s as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		ch := s[i]
		switch {
		case ch >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		case ch == '"' || ch == '\\':
			b = append(b, '\\', ch)
		case ch == '\n':
			b = append(b, '\\', 'n')
		case ch < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[ch>>4], digits[ch&15])
		default:
			b = append(b, ch)
		}
		i++
	}
	return append(b, '"')
}
