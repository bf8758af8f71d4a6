package invoke

import (
	"context"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// New code serves from the next request on, while what runs the old finishes.
func TestNewCodeIsLiveAtOnce(t *testing.T) {
	h := newHost(t, options{})
	in, gate := t.TempDir(), t.TempDir()+"/open"
	ref := h.deploy("f", "python3.13", "app.handler", gated, timeout(time.Minute))
	old := make(chan *execution.Result)
	go func() {
		r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: []byte(`{"in":"` + in + `","gate":"` + gate + `"}`)})
		if err != nil {
			t.Error(err)
		}
		old <- r
	}()
	await(t, func() bool { return entries(in) == 1 })
	h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": "def handler(e, c): return 'new'\n"})
	if r := h.invoke(ref, `{}`); string(r.Payload) != `"new"` {
		t.Errorf("after the update: %s", r.Payload)
	}
	touch(t, gate)
	if r := <-old; r == nil || r.FunctionError != "" {
		t.Errorf("the one under way: %+v", r)
	}
}

// What only describes a function does not cost it its environments.
func TestDescriptionKeepsEnvironments(t *testing.T) {
	h := newHost(t, options{})
	code := map[string]string{"app.py": "import os\ndef handler(e, c): return os.getpid()\n"}
	ref := h.deploy("f", "python3.13", "app.handler", code)
	first := string(h.invoke(ref, `{}`).Payload)
	h.deploy("f", "python3.13", "app.handler", code, func(f *execution.Function) {
		f.Latest.Description, f.Latest.RevisionID = "other", "2"
		f.Aliases = map[string]execution.Alias{"live": {Name: "live", Version: execution.Latest}}
	})
	if again := string(h.invoke(ref, `{}`).Payload); again != first {
		t.Error("a new description started a new environment")
	}
	live := ref
	live.Qualifier = "live"
	if r := h.invoke(live, `{}`); string(r.Payload) != first || r.ExecutedVersion != execution.Latest {
		t.Errorf("by alias: %s, version %s", r.Payload, r.ExecutedVersion)
	}
	h.deploy("f", "python3.13", "app.handler", code, func(f *execution.Function) { f.Latest.MemoryMB = 512 })
	if again := string(h.invoke(ref, `{}`).Payload); again == first {
		t.Error("other memory, but the same environment")
	}
}

func TestInvocationsThatAreRefused(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": "def handler(e, c): return e\n"})
	pending := h.deploy("pending", "python3.13", "app.handler", map[string]string{"app.py": ""}, func(f *execution.Function) { f.Latest.State = "Pending" })
	missing, version := ref, ref
	missing.Name, version.Qualifier = "missing", "7"
	for _, c := range []struct {
		name    string
		ref     execution.FunctionRef
		payload []byte
		status  int
		code    string
		message string
	}{
		{"no function", missing, nil, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:missing"},
		{"no version", version, nil, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:7"},
		{"pending", pending, nil, 409, "ResourceConflictException", "The operation cannot be performed at this time. The function is currently in the following state: Pending"},
		{"too large", ref, make([]byte, execution.MaxRequest+1), 413, "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation"},
	} {
		_, err := h.Invoke(context.Background(), execution.Invocation{Function: c.ref, Payload: c.payload})
		f := aws.AsFault(err)
		if f == nil || f.Status != c.status || f.Code != c.code || f.Message != c.message {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
	if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: ref, Payload: make([]byte, execution.MaxEvent+1)}); !aws.HasCode(err, "RequestEntityTooLargeException") {
		t.Errorf("too large for later: %v", err)
	}
	// AWS: what a function gets that is given nothing.
	if r := h.invoke(ref, ""); string(r.Payload) != "{}" {
		t.Errorf("no payload: %s", r.Payload)
	}
	big := make([]byte, execution.MaxRequest)
	for i := range big {
		big[i] = '1'
	}
	big[0], big[len(big)-1] = '"', '"'
	if r := h.invoke(ref, string(big)); len(r.Payload) != len(big) {
		t.Errorf("a payload as large as may be came back as %d bytes: %.200s", len(r.Payload), r.Payload)
	}
}
