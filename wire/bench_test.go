package wire_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// Invoke is the one call whose speed somebody waits for.
func BenchmarkInvoke(b *testing.B) {
	h, err := wire.New([]wire.Mount{{Service: &lambda.Service, Implementation: &fakeLambda{}}}, slog.New(slog.DiscardHandler), aws.SystemClock{}, wire.NewCredentials(nil))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r := httptest.NewRequest("POST", "/2015-03-31/functions/hello/invocations", strings.NewReader(`{"key":"value"}`))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	var mounts []wire.Mount
	for _, s := range allServices {
		m := wire.Mount{Service: s}
		if s == &lambda.Service {
			m.Implementation = &fakeLambda{}
		}
		mounts = append(mounts, m)
	}
	for b.Loop() {
		if _, err := wire.New(mounts, slog.New(slog.DiscardHandler), aws.SystemClock{}, wire.NewCredentials(nil)); err != nil {
			b.Fatal(err)
		}
	}
}
