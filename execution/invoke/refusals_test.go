package invoke

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/telemetry"
)

// The faults of the Invoke operation that arise between the door and the
// function, as the API reference lists them.
//
// Of its list these are nowhere here: InvalidParameterValueException,
// InvalidRequestContentException and UnsupportedMediaTypeException are the
// operation's own; EC2*, ENI*, EFS*, KMS*, S3Files*, InvalidSubnetID,
// InvalidSecurityGroupID and SubnetIPAddressLimitReached are of what lamgate
// refuses to configure; SnapStart* are of snapshots, and ResourceNotReady,
// CodeArtifactUser* and Durable* of what has no like here. RequestTooLarge is
// not what AWS answers: see tooLarge.
func TestInvocationsThatAreRefused(t *testing.T) {
	h := newHost(t, options{concurrency: 3})
	code := map[string]string{"app.py": "def handler(e, c): return e\n"}
	state := func(state string) func(*execution.Function) {
		return func(f *execution.Function) { f.Latest.State = state }
	}
	ref := h.deploy("f", "python3.13", "app.handler", code)
	pending := h.deploy("pending", "python3.13", "app.handler", code, state("Pending"))
	failed := h.deploy("failed", "python3.13", "app.handler", code, state("Failed"))
	zero := h.deploy("zero", "python3.13", "app.handler", code, func(f *execution.Function) { f.ReservedConcurrency = new(0) })
	runtime := h.deploy("runtime", "cobol85", "app.handler", code)
	missing, version := ref, ref
	missing.Name, version.Qualifier = "missing", "7"
	looping := "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=16:" + lineageHash(ref) + ":15"
	full := func() (leave func()) {
		f, _ := h.functions.find(ref)
		var all []func()
		for {
			leave, err := f.limit.enter(execution.Latest, h.clock)
			if err != nil {
				return func() {
					for _, leave := range all {
						leave()
					}
				}
			}
			all = append(all, leave)
		}
	}
	for _, c := range []struct {
		name    string
		i       execution.Invocation
		before  func() (after func())
		status  int
		code    string
		message string
		members map[string]string
	}{
		{"no function", execution.Invocation{Function: missing}, nil, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:missing", nil},
		{"no version", execution.Invocation{Function: version}, nil, 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:7", nil},
		{"pending", execution.Invocation{Function: pending}, nil, 409, "ResourceConflictException",
			"The operation cannot be performed at this time. The function is currently in the following state: Pending", nil},
		{"failed", execution.Invocation{Function: failed}, nil, 409, "ResourceConflictException",
			"The operation cannot be performed at this time. The function is currently in the following state: Failed", nil},
		{"too large", execution.Invocation{Function: ref, Payload: make([]byte, execution.MaxRequest+1)}, nil, 413, "RequestEntityTooLargeException",
			"Request must be smaller than 6291456 bytes for the InvokeFunction operation", nil},
		{"nothing reserved", execution.Invocation{Function: zero}, nil, 429, "TooManyRequestsException", "Rate Exceeded.", map[string]string{"Reason": reservedFull}},
		{"account's concurrency", execution.Invocation{Function: ref}, full, 429, "TooManyRequestsException", "Rate Exceeded.", map[string]string{"Reason": accountFull}},
		{"loop", execution.Invocation{Function: ref, TraceHeader: looping}, nil, 400, "RecursiveInvocationException",
			"Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped your function's invocation.", nil},
		{"no such runtime", execution.Invocation{Function: runtime}, nil, 502, "InvalidRuntimeException", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before != nil {
				defer c.before()()
			}
			c.i.Journey = &telemetry.Journey{Started: h.clock.Now()}
			_, err := h.Invoke(context.Background(), c.i)
			f := aws.AsFault(err)
			if f == nil || f.Status != c.status || f.Code != c.code || c.message != "" && f.Message != c.message {
				t.Fatalf("%+v", err)
			}
			for name, value := range c.members {
				if f.Members[name] != value {
					t.Errorf("%s = %q, want %q", name, f.Members[name], value)
				}
			}
			if c.code != "InvalidRuntimeException" && f.Members["Type"] != "User" {
				t.Errorf("type = %q", f.Members["Type"])
			}
			steps, _ := c.i.Journey.Steps()
			if len(steps) != 1 || !strings.HasPrefix(explained(c.i.Journey), "invoke "+steps[0].Verdict.String()+": "+f.Code) {
				t.Errorf("the journey is\n%s", explained(c.i.Journey))
			}
		})
	}
	if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: ref, Payload: make([]byte, execution.MaxEvent+1)}); !aws.HasCode(err, "RequestEntityTooLargeException") {
		t.Errorf("too large for later: %v", err)
	}
	if _, err := h.Enqueue(context.Background(), execution.Invocation{Function: version}); !aws.HasCode(err, "ResourceNotFoundException") {
		t.Errorf("no version for later: %v", err)
	}
	// AWS: what a function gets that is given nothing.
	if r := h.invoke(ref, ""); string(r.Payload) != "{}" {
		t.Errorf("no payload: %s", r.Payload)
	}
	big := bytes.Repeat([]byte{'1'}, execution.MaxRequest)
	big[0], big[len(big)-1] = '"', '"'
	if r := h.invoke(ref, string(big)); len(r.Payload) != len(big) {
		t.Errorf("a payload as large as may be came back as %d bytes: %.200s", len(r.Payload), r.Payload)
	}
}

func TestClientContext(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": `
def handler(e, c):
    client = c.client_context and c.client_context.custom
    print("client:", client)
    return client
`})
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	const noObject = "Client context must be a valid Base64-encoded JSON object."
	for context, want := range map[string]string{
		"no base64":           noObject,
		encode("no\r\nJSON"):  noObject,
		encode(`"text"`):      noObject,
		encode(" "):           noObject,
		encode(`{"custom": `): noObject,
		encode(strings.Repeat(" ", 2687)) + "e30=": "Client context must be no longer than 3583 bytes, and has 3588.",
	} {
		i := execution.Invocation{Function: ref, ClientContext: context}
		_, err := h.Invoke(t.Context(), i)
		_, later := h.Enqueue(t.Context(), i)
		for _, err := range []error{err, later} {
			if f := aws.AsFault(err); f == nil || f.Status != 400 || f.Code != "InvalidRequestContentException" || f.Message != want {
				t.Errorf("%.40s: %v", context, err)
			}
		}
	}
	r, err := h.Invoke(t.Context(), execution.Invocation{Function: ref, ClientContext: encode("\n{\"custom\": {\"k\": 1}}" + strings.Repeat(" ", 2660))})
	if err != nil || string(r.Payload) != `{"k":1}` && string(r.Payload) != `{"k": 1}` {
		t.Errorf("%v, %+v", err, r)
	}
	// AWS: an event's function does not get it.
	if _, err := h.Enqueue(t.Context(), execution.Invocation{Function: ref, ClientContext: encode("{}")}); err != nil {
		t.Error(err)
	}
	h.logs.waitFor(t, "client: None")
}

// Where the host has no memory left, Lambda's throttle is the answer, and the
// journey says that it is the host's.
func TestNoMemoryIsAThrottle(t *testing.T) {
	none := func() (int64, int64, bool) { return 1 << 30, 0, true }
	told := &ends{}
	h := newHost(t, options{memory: environment.Memory{Read: none}, clock: manualClock(), results: told})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": ""})
	j := &telemetry.Journey{Started: h.clock.Now()}
	_, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Journey: j})
	if f := aws.AsFault(err); f == nil || f.Status != 429 || f.Code != "TooManyRequestsException" || f.Members["Reason"] != accountFull {
		t.Errorf("%+v", err)
	}
	if steps, _ := j.Steps(); len(steps) != 1 || steps[0].Verdict != telemetry.Denied || !strings.Contains(explained(j), "memory") {
		t.Errorf("the journey is\n%s", explained(j))
	}
	h.enqueue(ref, "{}")
	await(t, func() bool { h.clock.(*aws.ManualClock).Advance(time.Minute); return told.count() == 1 })
	if e := told.list[0]; e.Condition != execution.EventAgeExceeded || e.Attempts != 0 {
		t.Errorf("%+v", e)
	}
}
