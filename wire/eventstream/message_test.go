package eventstream_test

import (
	"bytes"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/wire/eventstream"
)

// read decodes messages by AWS's own decoder, which checks both sums.
func read(t *testing.T, b []byte) (payloads []string, headers []map[string]string) {
	t.Helper()
	for r := bytes.NewReader(b); r.Len() > 0; {
		m, err := sdk.NewDecoder().Decode(r, nil)
		if err != nil {
			t.Fatalf("AWS's decoder: %v", err)
		}
		h := map[string]string{}
		for _, one := range m.Headers {
			h[one.Name] = one.Value.String()
		}
		payloads, headers = append(payloads, string(m.Payload)), append(headers, h)
	}
	return payloads, headers
}

func TestMessagesAreReadByAWS(t *testing.T) {
	large := strings.Repeat("x", eventstream.MaxPayload)
	b := eventstream.AppendEvent(nil, "PayloadChunk", "application/octet-stream", []byte("one\x00two"))
	b = eventstream.AppendEvent(b, "PayloadChunk", "application/octet-stream", []byte(large))
	b = eventstream.AppendEvent(b, "InvokeComplete", "", nil)
	payloads, headers := read(t, b)
	if diff := cmp.Diff([]string{"one\x00two", large, ""}, payloads); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]map[string]string{
		{":event-type": "PayloadChunk", ":content-type": "application/octet-stream", ":message-type": "event"},
		{":event-type": "PayloadChunk", ":content-type": "application/octet-stream", ":message-type": "event"},
		{":event-type": "InvokeComplete", ":message-type": "event"},
	}, headers); diff != "" {
		t.Error(diff)
	}
}

func TestWhatDoesNotFitPanics(t *testing.T) {
	for name, write := range map[string]func(){
		"kind":    func() { eventstream.AppendEvent(nil, strings.Repeat("E", 1<<15), "", nil) },
		"payload": func() { eventstream.AppendEvent(nil, "E", "", make([]byte, eventstream.MaxPayload+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("was written")
				}
			}()
			write()
		})
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	payload, dst := make([]byte, 32<<10), make([]byte, 0, 33<<10)
	b.ReportAllocs()
	for b.Loop() {
		eventstream.AppendEvent(dst[:0], "PayloadChunk", "application/octet-stream", payload)
	}
}
