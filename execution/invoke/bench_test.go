package invoke

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// buildNative builds a function of Go's own client, once for all tests.
var buildNative = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "lamgate-native-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "bootstrap")
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", out, "./testdata/native")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		return string(b), err
	}
	b, err := os.ReadFile(out)
	return string(b), err
})

func native(t testing.TB) map[string]string {
	t.Helper()
	binary, err := buildNative()
	if err != nil {
		t.Fatal(err, binary)
	}
	return map[string]string{"bootstrap": binary}
}

type sample struct {
	name, runtime, handler string
	files                  func(testing.TB) map[string]string
}

var samples = []sample{
	{"python", "python3.13", "app.handler", func(testing.TB) map[string]string {
		return map[string]string{"app.py": "def handler(event, context):\n    return {'statusCode': 200, 'body': 'hello'}\n"}
	}},
	{"node", "nodejs20.x", "index.handler", func(testing.TB) map[string]string {
		return map[string]string{"index.js": "exports.handler = async () => ({ statusCode: 200, body: 'hello' })\n"}
	}},
	{"native", "provided.al2023", "bootstrap", native},
}

const benchPayload = `{"resource":"/{proxy+}","path":"/hello","httpMethod":"GET","headers":{"Accept":"*/*","Host":"localhost"},"queryStringParameters":null,"body":null,"isBase64Encoded":false}`

func benchmarkOptions() options {
	if os.Getenv("LAMGATE_BENCH_ISOLATION") == sandbox.ProcessLevel {
		return options{}
	}
	return options{driver: sandbox.NamespaceLevel, network: sandbox.PrivateNetwork}
}

// BenchmarkWarm is what an invocation costs from the door of the execution
// plane to the answer.
func BenchmarkWarm(b *testing.B) {
	for _, f := range samples {
		h := newHost(b, benchmarkOptions())
		ref := h.deploy(f.name, f.runtime, f.handler, f.files(b))
		for _, callers := range []int{1, 32} {
			b.Run(f.name+"/"+map[int]string{1: "1", 32: "32"}[callers], func(b *testing.B) {
				h.many(b, ref, callers, 500)
				b.ResetTimer()
				b.ReportAllocs()
				began := time.Now()
				h.many(b, ref, callers, b.N)
				b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "req/s")
				h.many(b, ref, 1, 1)
			})
		}
		h.stop()
	}
}

func (h *host) many(t testing.TB, ref execution.FunctionRef, callers, n int) {
	t.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for next.Add(1) <= int64(n) {
				r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: []byte(benchPayload)})
				if err != nil || r.FunctionError != "" {
					t.Error(err, r)
					return
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkCold is a first request, some moments after the deployment: nothing
// of the function runs.
func BenchmarkCold(b *testing.B) {
	for _, f := range samples {
		b.Run(f.name, func(b *testing.B) {
			h := newHost(b, benchmarkOptions())
			files := f.files(b)
			for n := 0; b.Loop(); n++ {
				b.StopTimer()
				files["salt"] = time.Now().String()
				ref := h.deploy(f.name, f.runtime, f.handler, files)
				f, _ := h.functions.find(ref)
				code, err := h.fleet.Packages.Open(b.Context(), f.doc.Latest.Code)
				if err != nil {
					b.Fatal(err)
				}
				code.Release()
				b.StartTimer()
				if r := h.invoke(ref, benchPayload); r.FunctionError != "" || !r.ColdStart {
					b.Fatal(string(r.Payload), r.ColdStart)
				}
			}
			b.StopTimer()
			h.stop()
		})
	}
}

// BenchmarkTrace is what an invocation's trace header costs.
func BenchmarkTrace(b *testing.B) {
	s := &Service{Config: Config{Clock: manualClock()}}
	for name, header := range map[string]string{"made": "", "continued": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:fe460cdd:0"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.trace(header, "0123abcd", &execution.Configuration{})
			}
		})
	}
}
