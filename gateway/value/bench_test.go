package value_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/gateway/value"
)

// document is a body as APIs have them: an order with n lines.
func document(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"id":"ord-0001","customer":{"name":"Ada Lovelace","email":"ada@example.com","active":true},"lines":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"sku":"SKU-%d","quantity":%d,"price":%d.5,"note":"a line\nand its note","tags":["x","y"]}`, i, i+1, i)
	}
	b.WriteString(`],"total":123.45,"comment":null}`)
	return []byte(b.String())
}

func BenchmarkParseJSON(b *testing.B) {
	for _, n := range []int{2, 200} {
		doc := document(n)
		b.Run(fmt.Sprintf("lines=%d/value", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := value.ParseJSON(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("lines=%d/encoding-json", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				var v any
				if err := json.Unmarshal(doc, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	for _, n := range []int{2, 200} {
		doc := document(n)
		v, err := value.ParseJSON(doc)
		if err != nil {
			b.Fatal(err)
		}
		var plain any
		if err := json.Unmarshal(doc, &plain); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("lines=%d/value", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				out, _ = value.AppendJSONWithin(out[:0], v, value.MaxWritten)
			}
		})
		b.Run(fmt.Sprintf("lines=%d/encoding-json", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(plain); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
