package invoke

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// passes runs a chain of functions through the trace header until one is
// stopped, and returns how often that one has run.
func passes(t *testing.T, chain func(i int) string) int {
	t.Helper()
	s := &Service{Config: Config{Clock: manualClock()}}
	ran := map[string]int{}
	header := ""
	for i := range 1000 {
		f := chain(i)
		next, looping := s.trace(header, lineageHash(execution.FunctionRef{Account: "1", Region: "r", Name: f}), &execution.Configuration{})
		if looping {
			return ran[f]
		}
		ran[f]++
		header = next
	}
	return 0
}

func TestLoopsAreStopped(t *testing.T) {
	in := func(names string) func(int) string {
		return func(i int) string { return names[i%len(names) : i%len(names)+1] }
	}
	after := func(prefix, loop string) func(int) string {
		return func(i int) string {
			if i < len(prefix) {
				return prefix[i : i+1]
			}
			return in(loop)(i - len(prefix))
		}
	}
	for name, c := range map[string]struct {
		chain    func(int) string
		min, max int
	}{
		// AWS: "approximately 16 times".
		"itself":               {in("a"), 16, 16},
		"two":                  {in("ab"), 16, 16},
		"three":                {in("abc"), 16, 17},
		"seven":                {in("abcdefg"), 16, 20},
		"after others":         {after("xyz", "a"), 16, 17},
		"after another loop":   {after("aab", "c"), 16, 50},
		"after many of itself": {after("aaaaaaaaaaaaaaa", "bc"), 16, 150},
		"no loop":              {func(i int) string { return strings.Repeat("n", i) }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if n := passes(t, c.chain); n < c.min || n > c.max {
				t.Errorf("stopped after %d runs, want %d to %d", n, c.min, c.max)
			}
		})
	}
}

// What stands in a trace header beside the lineage stays; what is no trace is
// made anew.
func TestTraceHeaders(t *testing.T) {
	s := &Service{Config: Config{Clock: manualClock()}}
	const hash = "0123abcd"
	const root = "Root=1-5759e988-bd862e3fe1be46a994272793"
	for header, want := range map[string]string{
		root: root + ";Lineage=1:0123abcd:0",
		root + ";Parent=53995c3f42cd8ad8;Sampled=1":                  root + ";Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:0123abcd:0",
		root + ";Lineage=1:0123abcd:0":                               root + ";Lineage=2:0123abcd:1",
		root + ";Lineage=2:0123abcd:3;Sampled=0":                     root + ";Lineage=3:0123abcd:4;Sampled=0",
		"Lineage=2:99999999:0;" + root:                               ";Lineage=3:99999999:0;" + root,
		root + ";Lineage=a87bd80c:1|68fd508a:5;CalledFrom=elsewhere": root + ";Lineage=1:0123abcd:0;CalledFrom=elsewhere",
		root + ";Lineage=-1:99999999:0":                              root + ";Lineage=1:0123abcd:0",
		root + ";Lineage=32767:99999999:255":                         root + ";Lineage=32767:99999999:255",
		"Self=1-5759e988-bd862e3fe1be46a994272793":                   "",
		root + ";Padding=" + strings.Repeat("x", maxTraceHeader):     "",
		"": "",
	} {
		got, _ := s.trace(header, hash, &execution.Configuration{TracingMode: "Active"})
		if want == "" {
			if !regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1;Lineage=1:0123abcd:0$`).MatchString(got) {
				t.Errorf("%.60q became %q", header, got)
			}
		} else if got != want {
			t.Errorf("%q became %q, want %q", header, got, want)
		}
	}
}

// A function that invokes itself is stopped, unless it may.
func TestRecursionIsStopped(t *testing.T) {
	told := &ends{}
	h := newHost(t, options{results: told})
	files := map[string]string{"app.py": "import os\ndef handler(e, c): return os.environ['_X_AMZN_TRACE_ID']\n"}
	ref := h.deploy("f", "python3.13", "app.handler", files)
	call := func(header string) (string, error) {
		r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, TraceHeader: header})
		if err != nil {
			return "", err
		}
		return strings.Trim(string(r.Payload), `"`), nil
	}
	header, err := call("")
	for n := 1; n < 16 && err == nil; n++ {
		header, err = call(header)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = call(header)
	if f := aws.AsFault(err); f == nil || f.Status != 400 || f.Code != "RecursiveInvocationException" || f.Members["Type"] != "User" {
		t.Errorf("the seventeenth got %v", err)
	}
	// Who calls for a function has its trace, wherever it comes from.
	if _, err := h.Invoke(aws.WithTrace(context.Background(), header), execution.Invocation{Function: ref}); !aws.HasCode(err, "RecursiveInvocationException") {
		t.Errorf("by the context's header: %v", err)
	}
	if _, err := h.Enqueue(aws.WithTrace(context.Background(), header), execution.Invocation{Function: ref}); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return told.count() == 1 })
	if e := told.list[0]; e.Condition != execution.RecursiveInvocation || !aws.HasCode(e.Err, "RecursiveInvocationException") {
		t.Errorf("as an event: %+v", e)
	}
	h.deploy("f", "python3.13", "app.handler", files, func(f *execution.Function) { f.RecursiveLoop = "Allow" })
	if _, err := call(header); err != nil {
		t.Errorf("where it may: %v", err)
	}
}
