package rest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zlibbed(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func bareDeflate(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.DefaultCompression)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

const unsupported = `{"message": "Unsupported Media Type"}`

// AWS: whatever the API says of compression.
func TestRequestsAreUnpacked(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	h.deploy(hello("POST", "/a"))
	for range 2 { // with a fresh reader and with a kept one
		for coding, body := range map[string]string{
			"gzip": gzipped(`{"a":1}`), "GZIP": gzipped(`{"a":1}`), "deflate": zlibbed(`{"a":1}`), "identity": `{"a":1}`, "": `{"a":1}`,
		} {
			h.do("POST", "/v0/a", body, "Content-Encoding", coding).expect(200, "", "Hello, World!")
			var event struct {
				Body            string
				IsBase64Encoded bool
				Headers         map[string]string
			}
			if err := json.Unmarshal(h.invoker.last(t).Payload, &event); err != nil {
				t.Fatal(err)
			}
			if event.Body != `{"a":1}` || event.IsBase64Encoded || event.Headers["Content-Encoding"] != coding {
				t.Errorf("%s: %+v", coding, event)
			}
		}
		for coding, body := range map[string]string{
			"br": "x", "compress": "x", "gzip, gzip": gzipped(gzipped("x")),
			"gzip": "not packed", "deflate": bareDeflate("x"), " gzip ": gzipped("broken off")[:20],
		} {
			h.do("POST", "/v0/a", body, "Content-Encoding", coding).expect(415, "BadRequestException", unsupported).because("method request", "Content-Encoding")
		}
	}
	h.do("POST", "/v0/a", "", "Content-Encoding", "gzip").expect(200, "", "Hello, World!")
	for coding, bomb := range map[string]string{"gzip": gzipped(strings.Repeat("x", maxBody+1)), "deflate": zlibbed(strings.Repeat("x", maxBody+1))} {
		h.do("POST", "/v0/a", bomb, "Content-Encoding", coding).
			expect(413, "RequestEntityTooLargeException", `{"message":"Request Too Long"}`).because("method request", "unpacks to more")
	}
}

func TestResponsesAreCompressed(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := hello("GET", "/a")
	d.MinimumCompressionSize = new(100)
	h.deploy(d)
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ accept, body, headers, want string }{
		{"gzip", long, ``, "gzip"},
		{"deflate", long, ``, "deflate"},
		{"gzip, deflate, br", long, ``, "gzip"},
		{"deflate, gzip", long, ``, "deflate"},
		{"deflate;q=0.5, gzip;q=0.9", long, ``, "gzip"},
		{"GZIP", long, ``, "gzip"},
		{"br, gzip", long, ``, ""},
		{"br;q=0.1, gzip;q=0.2", long, ``, "gzip"},
		{"br;q=1.0, gzip;q=0.8", long, ``, ""},
		{"identity", long, ``, ""},
		{"*", long, ``, ""},
		{"", long, ``, ""},
		{"gzip;q=0", long, ``, ""},
		{"gzip;q=x", long, ``, ""},
		{"gzip", long[1:], ``, ""},
		{"gzip", long, `"content-encoding":"br"`, "br"},
	} {
		answer, _ := json.Marshal(c.body)
		h.invoker.answering(`{"statusCode":200,"headers":{` + c.headers + `},"body":` + string(answer) + `}`)
		got := h.do("GET", "/v0/a", "", "Accept-Encoding", c.accept)
		coding := strings.Join(got.Result().Header.Values("Content-Encoding"), "|") + got.header("content-encoding")
		if coding != c.want {
			t.Errorf("%s: %q, want %q", c.accept, coding, c.want)
		}
		var r io.Reader = got.Body
		var err error
		switch coding {
		case "gzip":
			r, err = gzip.NewReader(r)
		case "deflate":
			r, err = zlib.NewReader(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || string(body) != c.body {
			t.Errorf("%s: %q, %v", c.accept, body, err)
		}
	}
	d.MinimumCompressionSize = new(0)
	h.deploy(d)
	h.invoker.answering(`{"body":"x"}`)
	if got := h.do("GET", "/v0/a", "", "Accept-Encoding", "gzip"); got.header("Content-Encoding") != "gzip" {
		t.Error("not compressed")
	}
	h.invoker.answering(`{"statusCode":204,"body":"x"}`)
	if got := h.do("GET", "/v0/a", "", "Accept-Encoding", "gzip"); got.header("Content-Encoding") != "" || got.Body.Len() > 0 {
		t.Error("204 has a body")
	}
	d.MinimumCompressionSize = nil
	h.deploy(d)
	h.invoker.answering(`{"body":"x"}`)
	if got := h.do("GET", "/v0/a", "", "Accept-Encoding", "gzip"); got.header("Content-Encoding") != "" {
		t.Error("compressed")
	}
}

func BenchmarkPack(b *testing.B) {
	var k compressors
	body := []byte(strings.Repeat(`{"name":"value"},`, 1000))
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := k.pack(&out, codingGzip, body); err != nil {
			b.Fatal(err)
		}
	}
}
