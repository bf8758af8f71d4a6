package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"go.uber.org/goleak"
)

// TestMain runs the tests, or the function that some of them need: this binary
// again, with AWS's own client for Go.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_AS_FUNCTION") == "" {
		goleak.VerifyTestMain(m)
		return
	}
	lambda.StartWithOptions(answer, lambda.WithEnableSIGTERM())
}

func answer(_ context.Context, wanted string) (any, error) {
	switch wanted {
	case "stream":
		r, w := io.Pipe()
		go func() {
			for _, part := range []string{"one, ", "two, ", "three"} {
				io.WriteString(w, part)
			}
			w.Close()
		}()
		return r, nil
	case "broken stream":
		return io.MultiReader(strings.NewReader("half"), failing{}), nil
	case "error":
		return nil, errors.New("no")
	}
	return "plain", nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the well is dry") }

// AWS's client for Go, as it is, streams, fails while it does, and registers the
// internal extension that it has for SIGTERM.
func TestClientForGo(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s, w, address := serveWith(t, Options{FunctionName: "f", Version: "$LATEST", Handler: "bootstrap"})
	function := exec.Command(binary)
	function.Env = []string{"RUN_AS_FUNCTION=1", "AWS_LAMBDA_RUNTIME_API=" + address}
	function.Stderr = os.Stderr
	if err := function.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		function.Process.Kill()
		function.Wait()
	}()
	// The extension and the runtime start beside each other.
	if told := <-w.told; !strings.HasPrefix(told, "registered ") || !strings.HasSuffix(told, " true") {
		t.Error(told)
	}
	<-w.ready
	for !s.Settled() {
		<-w.told
	}
	for i, c := range []struct {
		asks, passed string
		streams      bool
		want         Answer
	}{
		{`"stream"`, "one, two, three", true, Answer{Streamed: 15}},
		{`"broken stream"`, "half", true, Answer{Failed: true, ErrorType: "errorString", Body: []byte(`{"errorMessage":"the well is dry","errorType":"errorString"}`), Streamed: 4}},
		{`"plain"`, `"plain"`, true, Answer{Streamed: 7}},
		{`"error"`, "", true, Answer{Failed: true, Body: []byte(`{"errorMessage":"no","errorType":"errorString"}`)}},
		{`"stream"`, "", false, Answer{Body: []byte("one, two, three")}},
		{`"plain"`, "", false, Answer{Body: []byte(`"plain"`)}},
	} {
		to := &caller{wrote: make(chan string, 100)}
		e := &Event{RequestID: fmt.Sprint("id-", i), Deadline: time.Now().Add(time.Minute), Payload: []byte(c.asks)}
		if c.streams {
			e.Stream = to
		}
		s.Send(e)
		a := <-w.answers
		<-w.ready
		if a.Failed != c.want.Failed || a.ErrorType != c.want.ErrorType || string(a.Body) != string(c.want.Body) || a.Streamed != c.want.Streamed {
			t.Errorf("%s is answered with %+v %s", c.asks, a, a.Body)
		}
		if got := to.all(); got != c.passed {
			t.Errorf("%s: %q has passed", c.asks, got)
		}
	}
}
