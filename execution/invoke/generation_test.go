package invoke

import (
	"context"
	"testing"
	"time"

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

// AWS: an update brings new environments, also one of the description alone; what
// is no update does not.
func TestUpdatesRenewEnvironments(t *testing.T) {
	h := newHost(t, options{})
	code := map[string]string{"app.py": "import os\ndef handler(e, c): return os.getpid()\n"}
	ref := h.deploy("f", "python3.13", "app.handler", code)
	first := string(h.invoke(ref, `{}`).Payload)
	h.deploy("f", "python3.13", "app.handler", code, func(f *execution.Function) {
		f.Latest.RevisionID, f.Tags = "2", map[string]string{"k": "v"}
		f.Aliases = map[string]execution.Alias{"live": {Name: "live", Version: execution.Latest}}
	})
	if again := string(h.invoke(ref, `{}`).Payload); again != first {
		t.Error("a tag and an alias started a new environment")
	}
	live := ref
	live.Qualifier = "live"
	if r := h.invoke(live, `{}`); string(r.Payload) != first || r.ExecutedVersion != execution.Latest {
		t.Errorf("by alias: %s, version %s", r.Payload, r.ExecutedVersion)
	}
	updated := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for _, update := range []struct {
		status  string
		renewed bool
	}{{"InProgress", false}, {"Failed", false}, {"Successful", true}, {"InProgress", false}, {"Successful", false}} {
		h.deploy("f", "python3.13", "app.handler", code, func(f *execution.Function) {
			f.Latest.Description, f.Latest.LastModified, f.Latest.LastUpdateStatus = "other", updated, update.status
		})
		again := string(h.invoke(ref, `{}`).Payload)
		if renewed := again != first; renewed != update.renewed {
			t.Errorf("%s: a new environment is %v", update.status, renewed)
		}
		first = again
	}
	h.deploy("f", "python3.13", "app.handler", code, func(f *execution.Function) {
		f.Latest.LastModified, f.Latest.MemoryMB = updated, 512
	})
	if again := string(h.invoke(ref, `{}`).Payload); again == first {
		t.Error("other memory, but the same environment")
	}
}

// What runs alike keeps its environments; what does not, does not.
func TestWhatRunsAlike(t *testing.T) {
	one := func() *execution.Configuration {
		return &execution.Configuration{
			Version: "1", Runtime: "python3.13", Handler: "a.b", Role: "r", MemoryMB: 128, Environment: map[string]string{"A": "1"},
			Code:   execution.Code{SHA256: "c", Blob: "code/1"},
			Layers: []execution.Layer{{ARN: "l:1", Code: execution.Code{SHA256: "x", Blob: "layers/1"}}, {ARN: "m:1", Code: execution.Code{SHA256: "y"}}},
			Image:  &execution.Image{URI: "i:latest", Resolved: "i@sha256:1", Digest: "sha256:1", Command: []string{"a.b"}},
		}
	}
	for name, c := range map[string]struct {
		change func(*execution.Configuration)
		alike  bool
	}{
		"nothing":               {func(*execution.Configuration) {}, true},
		"the description":       {func(c *execution.Configuration) { c.Description, c.RevisionID = "d", "2" }, true},
		"the state":             {func(c *execution.Configuration) { c.State, c.LastUpdateStatus = "Active", "Successful" }, true},
		"where dead letters go": {func(c *execution.Configuration) { c.DeadLetterTarget = "arn" }, true},
		"where the code is":     {func(c *execution.Configuration) { c.Code.Blob = "code/2" }, true},
		"a layer's number":      {func(c *execution.Configuration) { c.Layers[0].ARN, c.Layers[0].Code.Blob = "l:2", "layers/2" }, true},
		"the image's tag":       {func(c *execution.Configuration) { c.Image.URI = "i:1.0" }, true},
		"the code":              {func(c *execution.Configuration) { c.Code.SHA256 = "d" }, false},
		"the layers":            {func(c *execution.Configuration) { c.Layers = c.Layers[:1] }, false},
		"a layer's code":        {func(c *execution.Configuration) { c.Layers[0].Code.SHA256 = "z" }, false},
		"the layers' order":     {func(c *execution.Configuration) { c.Layers[0], c.Layers[1] = c.Layers[1], c.Layers[0] }, false},
		"the image":             {func(c *execution.Configuration) { c.Image.Digest = "sha256:2" }, false},
		"the image's command":   {func(c *execution.Configuration) { c.Image.Command = nil }, false},
		"the memory":            {func(c *execution.Configuration) { c.MemoryMB = 256 }, false},
		"the role":              {func(c *execution.Configuration) { c.Role = "s" }, false},
		"the log's format":      {func(c *execution.Configuration) { c.LogFormat = "JSON" }, false},
		"SnapStart":             {func(c *execution.Configuration) { c.SnapStartApplyOn = "PublishedVersions" }, false},
	} {
		changed := one()
		c.change(changed)
		if alike := sameRun(one(), changed); alike != c.alike {
			t.Errorf("%s: alike is %v", name, alike)
		}
		if changed = one(); changed.Image.URI != "i:latest" || changed.Layers[0].ARN != "l:1" {
			t.Errorf("%s: comparing changed what is compared", name)
		}
	}
}
