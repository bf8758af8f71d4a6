package relay_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/relay"
	"github.com/lamgate/lamgate/telemetry"
)

// A function answers in the place of one.
type function func(context.Context, execution.Invocation) (*execution.Result, error)

func (f function) Invoke(ctx context.Context, i execution.Invocation) (*execution.Result, error) {
	return f(ctx, i)
}
func (f function) Enqueue(context.Context, execution.Invocation) (string, error) { return "", nil }

// streaming is a function that writes these pieces.
func streaming(contentType string, pieces ...string) function {
	return func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
		if err := i.Stream.Begin(contentType, true); err != nil {
			return nil, err
		}
		for _, p := range pieces {
			if _, err := io.WriteString(i.Stream, p); err != nil {
				break
			}
		}
		return &execution.Result{RequestID: "id"}, nil
	}
}

func start(f function) *relay.Relay {
	return relay.Start(context.Background(), f, execution.Invocation{}, aws.SystemClock{}, time.Minute)
}

const end = "\x00\x00\x00\x00\x00\x00\x00\x00"

func TestHeads(t *testing.T) {
	long := strings.Repeat(" ", 16<<10)
	for _, test := range []struct {
		name   string
		pieces []string
		head   string
		body   string
		err    error
	}{
		{"all at once", []string{`{"a":1}` + end + "body"}, `{"a":1}`, "body", nil},
		{"in pieces", []string{`{"a"`, `:1}`, end[:3], end[3:], "bo", "dy"}, `{"a":1}`, "body", nil},
		{"a body that begins with zeros", []string{"{}" + end + "\x00\x00b"}, "{}", "\x00\x00b", nil},
		{"no body", []string{"{}" + end}, "{}", "", nil},
		{"nothing", nil, "", "", relay.ErrNoHead},
		{"no end of the head", []string{`{"a":1}`, end[1:], "x"}, `{"a":1}` + end[1:] + "x", "", relay.ErrNoHead},
		{"as long as it may be", []string{long[8:], end, "body"}, long[8:], "body", nil},
		{"too long", []string{long[7:], end}, long[7:] + end[1:], "", relay.ErrHeadTooLong},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := start(streaming(relay.ContentType, test.pieces...))
			defer r.Close()
			if !r.Begins() {
				t.Fatal("there is no answer")
			}
			if contentType, streams := r.Kind(); contentType != relay.ContentType || !streams {
				t.Errorf("it is %q, streaming %v", contentType, streams)
			}
			head, err := r.Head()
			if string(head) != test.head || err != test.err {
				t.Errorf("the head is %.40q, %v; want %.40q, %v", head, err, test.head, test.err)
			}
			if test.err != nil {
				return
			}
			body, err := io.ReadAll(r)
			if string(body) != test.body || err != nil {
				t.Errorf("the body is %q, %v; want %q", body, err, test.body)
			}
			if result, err := r.Result(nil); err != nil || result.RequestID != "id" {
				t.Errorf("the result is %v, %v", result, err)
			}
		})
	}
}

func TestAnswersThatAreNotStreamed(t *testing.T) {
	r := start(func(context.Context, execution.Invocation) (*execution.Result, error) {
		return &execution.Result{Payload: []byte("payload")}, nil
	})
	defer r.Close()
	if !r.Begins() {
		t.Fatal("there is no answer")
	}
	if contentType, streams := r.Kind(); contentType != "application/json" || streams {
		t.Errorf("it is %q, streaming %v", contentType, streams)
	}
	if body, err := io.ReadAll(r); string(body) != "payload" || err != nil {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestFailuresBeforeTheAnswer(t *testing.T) {
	refused := errors.New("refused")
	for _, f := range []function{
		func(context.Context, execution.Invocation) (*execution.Result, error) { return nil, refused },
		func(context.Context, execution.Invocation) (*execution.Result, error) {
			return &execution.Result{FunctionError: "Unhandled"}, nil
		},
	} {
		r := start(f)
		if r.Begins() {
			t.Error("there is an answer")
		}
		result, err := r.Result(nil)
		if err != refused && (result == nil || result.FunctionError == "") {
			t.Errorf("got %v, %v", result, err)
		}
		r.Close()
	}
}

func TestAFailureWithinTheAnswer(t *testing.T) {
	r := start(func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
		i.Stream.Begin("", true)
		io.WriteString(i.Stream, "half")
		return &execution.Result{FunctionError: "Unhandled", Streamed: 4}, nil
	})
	defer r.Close()
	r.Begins()
	if body, err := io.ReadAll(r); string(body) != "half" || err != relay.ErrFailed {
		t.Errorf("got %q, %v", body, err)
	}
}

// Who closes a relay loses the answer; the function comes to its end.
func TestTheFunctionOutlivesItsReader(t *testing.T) {
	wrote := make(chan error, 1)
	r := start(func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
		i.Stream.Begin("", true)
		_, err := io.WriteString(i.Stream, "for nobody")
		wrote <- err
		return &execution.Result{RequestID: "id"}, nil
	})
	r.Begins()
	r.Close()
	if err := <-wrote; err == nil {
		t.Error("somebody took what nobody reads")
	}
	if result, err := r.Result(nil); err != nil || result.RequestID != "id" {
		t.Errorf("got %v, %v", result, err)
	}
}

func TestSilenceEndsARelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := make(chan struct{})
		r := relay.Start(t.Context(), function(func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
			i.Stream.Begin("", true)
			io.WriteString(i.Stream, "a")
			<-on
			return &execution.Result{}, nil
		}), execution.Invocation{}, aws.SystemClock{}, 30*time.Second)
		defer r.Close()
		r.Begins()
		began := time.Now()
		if body, err := io.ReadAll(r); string(body) != "a" || err != relay.ErrIdle || time.Since(began) != 30*time.Second {
			t.Errorf("got %q, %v after %v", body, err, time.Since(began))
		}
		if r.Ended() {
			t.Error("the function was ended with it")
		}
		close(on)
		r.Result(nil)
	})
}

// The invocation's own steps join those of the gateway when it is over.
func TestJourneysAreMerged(t *testing.T) {
	now := time.Now()
	j := &telemetry.Journey{Started: now}
	j.Add(now.Add(time.Second), "gateway", telemetry.Passed, nil)
	r := relay.Start(t.Context(), function(func(_ context.Context, i execution.Invocation) (*execution.Result, error) {
		i.Journey.Add(now, "invoke", telemetry.Passed, nil)
		return &execution.Result{}, nil
	}), execution.Invocation{Journey: j}, aws.SystemClock{}, 0)
	r.Begins()
	r.Close()
	r.Result(j)
	if steps, _ := j.Steps(); len(steps) != 2 || steps[0].Name != "invoke" {
		t.Errorf("the steps are %v", steps)
	}
}
