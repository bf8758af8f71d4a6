package invoke

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

func TestProvisionsFollowTheWeights(t *testing.T) {
	versions := map[string]execution.Configuration{"1": {Version: "1"}, "2": {Version: "2"}, "3": {Version: "3"}}
	aliases := map[string]execution.Alias{
		"live":  {Version: "1"},
		"split": {Version: "1", RoutingWeights: map[string]float64{"2": 0.25}},
		"all":   {Version: "1", RoutingWeights: map[string]float64{"2": 1}},
		"odd":   {Version: "1", RoutingWeights: map[string]float64{"2": 0.5}},
		"lost":  {Version: "9"},
	}
	for name, c := range map[string]struct {
		asked map[string]int
		want  map[string]int
	}{
		"nothing":           {nil, nil},
		"version":           {map[string]int{"3": 2}, map[string]int{"3": 2}},
		"alias":             {map[string]int{"live": 3}, map[string]int{"1": 3}},
		"weighted":          {map[string]int{"split": 8}, map[string]int{"1": 6, "2": 2}},
		"all to the second": {map[string]int{"all": 2}, map[string]int{"2": 2}},
		"one for two":       {map[string]int{"odd": 1}, map[string]int{"2": 1}},
		"of one version":    {map[string]int{"live": 1, "split": 4, "2": 1}, map[string]int{"1": 4, "2": 2}},
		"of none":           {map[string]int{"lost": 1, "7": 1, execution.Latest: 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := &execution.Function{Versions: versions, Aliases: aliases, Provisioned: map[string]execution.Provisioned{}}
			for q, n := range c.asked {
				f.Provisioned[q] = execution.Provisioned{Requested: n}
			}
			if diff := cmp.Diff(c.want, provisions(f)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// versioned tells which version it is.
var versioned = map[string]string{"app.py": "def handler(e, c): return c.function_version\n"}

// published gives a function versions like its latest, and an alias of one.
func published(alias string, versions ...string) func(*execution.Function) {
	return func(f *execution.Function) {
		f.Versions = map[string]execution.Configuration{}
		for _, v := range versions {
			c := f.Latest
			c.Version = v
			f.Versions[v] = c
		}
		f.Aliases = map[string]execution.Alias{"live": {Name: "live", Version: alias}}
	}
}

func provisioned(qualifier string, n int) func(*execution.Function) {
	return func(f *execution.Function) {
		f.Provisioned = map[string]execution.Provisioned{qualifier: {Requested: n}}
	}
}

func (h *host) ready(ref execution.FunctionRef) {
	h.t.Helper()
	await(h.t, func() bool { a, ok := h.Provisioned(ref); return ok && a.Status == "READY" })
}

// What is provisioned stands ready before anybody asks for it, goes with its
// alias, is there again after a restart and goes when it is no longer wanted.
func TestProvisionedConcurrencyStandsReady(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, options{dir: dir})
	ref := h.deploy("f", "python3.13", "app.handler", versioned, published("1", "1", "2"), provisioned("live", 2))
	live := ref
	live.Qualifier = "live"
	h.ready(live)
	if a, _ := h.Provisioned(live); a != (execution.Allocation{Requested: 2, Allocated: 2, Available: 2, Status: "READY"}) {
		t.Errorf("allocation = %+v", a)
	}
	if _, ok := h.Provisioned(ref); ok {
		t.Error("nothing is provisioned for the function itself")
	}
	r := h.invoke(live, "{}")
	if n := len(h.fleet.States()); string(r.Payload) != `"1"` || n != 2 {
		t.Errorf("version %s ran; %d environments", r.Payload, n)
	}
	if r := h.invoke(ref, "{}"); string(r.Payload) != `"$LATEST"` {
		t.Errorf("instead of the latest, %s ran", r.Payload)
	}

	h.deploy("f", "python3.13", "app.handler", versioned, published("2", "1", "2"), provisioned("live", 2))
	h.ready(live)
	if r := h.invoke(live, "{}"); string(r.Payload) != `"2"` {
		t.Errorf("of the alias that has moved, version %s ran", r.Payload)
	}
	f, _ := h.functions.find(ref)
	await(t, func() bool { return f.allocation("1").Requested == 0 })

	h.stop()
	h = newHost(t, options{dir: dir})
	h.ready(live)
	h.deploy("f", "python3.13", "app.handler", versioned, published("2", "1", "2"))
	await(t, func() bool { return len(h.fleet.States()) == 0 })
	if _, ok := h.Provisioned(live); ok {
		t.Error("what is no longer wanted is still told of")
	}
}

// What cannot start is told, with why.
func TestProvisionedConcurrencyFails(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": "raise Exception('at its start')\n"}, published("1", "1"), provisioned("1", 1))
	ref.Qualifier = "1"
	await(t, func() bool { a, _ := h.Provisioned(ref); return a.Status == "FAILED" })
	if a, _ := h.Provisioned(ref); a.Requested != 1 || a.Allocated != 0 || a.Reason == "" {
		t.Errorf("allocation = %+v", a)
	}
}

// Documents change while functions run: nobody is refused, and nobody gets what
// was before for long.
func TestUpdatesWhileInvoked(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", versioned, published("1", "1", "2"), provisioned("live", 1))
	live := ref
	live.Qualifier = "live"
	h.ready(live)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan int)
	for range 4 {
		go func() {
			n := 0
			for ; ctx.Err() == nil; n++ {
				r, err := h.Invoke(context.Background(), execution.Invocation{Function: live})
				if err != nil || r.FunctionError != "" || string(r.Payload) != `"1"` && string(r.Payload) != `"2"` {
					t.Errorf("%v, %+v", err, r)
					break
				}
			}
			done <- n
		}()
	}
	for i := range 8 {
		changes := []func(*execution.Function){published([]string{"1", "2"}[i%2], "1", "2"), func(f *execution.Function) { f.Latest.Description = aws.NewUUID() }}
		if i%3 != 0 {
			changes = append(changes, provisioned("live", 1+i%2))
		}
		h.deploy("f", "python3.13", "app.handler", versioned, changes...)
		want := []string{"1", "2"}[i%2]
		if r := h.invoke(live, "{}"); r.ExecutedVersion != want {
			t.Errorf("after the update, version %s ran, not %s", r.ExecutedVersion, want)
		}
	}
	stop()
	for range 4 {
		if <-done == 0 {
			t.Error("somebody was never served")
		}
	}
}

// What provisioned concurrency holds nobody else may use, and a reserved
// function's throttle says what is used up.
func TestThrottlesBesideProvisionedConcurrency(t *testing.T) {
	h := newHost(t, options{concurrency: 2})
	ref := h.deploy("f", "python3.13", "app.handler", versioned, published("1", "1"), provisioned("1", 2), timeout(10*time.Second))
	other := h.deploy("other", "python3.13", "app.handler", versioned)
	one := ref
	one.Qualifier = "1"
	h.ready(one)
	if _, err := h.Invoke(context.Background(), execution.Invocation{Function: other}); aws.AsFault(err) == nil || aws.AsFault(err).Members["Reason"] != accountFull {
		t.Errorf("beside what holds everything: %v", err)
	}
	if r := h.invoke(one, "{}"); string(r.Payload) != `"1"` {
		t.Errorf("ran %s", r.Payload)
	}
}
