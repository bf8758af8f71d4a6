package invoke

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
)

// sink is a ResponseStream that keeps what it is given.
type sink struct {
	mu        sync.Mutex
	begun     int
	streaming bool
	text      strings.Builder
	fail      error // of Write
}

func (s *sink) Begin(_ string, streaming bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	s.streaming = streaming
	return nil
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return 0, s.fail
	}
	return s.text.Write(p)
}

func (s *sink) has(want string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String() == want
}

var streams = map[string]string{"index.js": `
const fs = require('fs');
const until = async (file) => { while (!fs.existsSync(file)) await new Promise((done) => setTimeout(done, 5)); };
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  if (event.early) throw new Error('early');
  stream.write('first ');
  if (event.gate) await until(event.gate);
  if (event.late) throw new Error('late');
  stream.write('second');
  stream.end();
  if (event.after) fs.writeFileSync(event.after, '');
});
`}

// An answer reaches the caller while it is made; how it ends, the Result says.
func TestAnswersStream(t *testing.T) {
	h := newHost(t, options{})
	ref := h.deploy("f", "nodejs20.x", "index.handler", streams, timeout(30*time.Second))
	stream := func(to *sink, payload string) *execution.Result {
		t.Helper()
		r, err := h.Invoke(context.Background(), execution.Invocation{Function: ref, Payload: []byte(payload), Stream: to})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Run("as it is made", func(t *testing.T) {
		to, gate, done := &sink{}, t.TempDir()+"/open", make(chan *execution.Result)
		go func() { done <- stream(to, `{"gate":"`+gate+`"}`) }()
		await(t, func() bool { return to.has("first ") })
		touch(t, gate)
		if r := <-done; r.FunctionError != "" || r.Streamed != 12 || len(r.Payload) != 0 || !to.has("first second") || to.begun != 1 || !to.streaming {
			t.Errorf("%+v, %+v", r, to)
		}
	})
	t.Run("error before", func(t *testing.T) {
		to := &sink{}
		if r := stream(to, `{"early":1}`); r.FunctionError != "Unhandled" || r.Streamed != 0 || !strings.Contains(string(r.Payload), `"errorMessage":"early"`) || to.begun != 0 {
			t.Errorf("%+v, %s", r, r.Payload)
		}
	})
	t.Run("error midway", func(t *testing.T) {
		to := &sink{}
		if r := stream(to, `{"late":1}`); r.FunctionError != "Unhandled" || !strings.Contains(string(r.Payload), `"errorMessage":"late"`) {
			t.Errorf("%+v, %s", r, r.Payload)
		}
	})
	t.Run("to one who has left", func(t *testing.T) {
		to, after := &sink{fail: errors.New("gone")}, t.TempDir()+"/after"
		stream(to, `{"after":"`+after+`"}`)
		await(t, func() bool { return entries(strings.TrimSuffix(after, "/after")) == 1 })
	})
	t.Run("collected for who wants no stream", func(t *testing.T) {
		if r := h.invoke(ref, `{}`); r.FunctionError != "" || string(r.Payload) != "first second" {
			t.Errorf("%+v, %s", r, r.Payload)
		}
	})
	t.Run("of a function that does not stream", func(t *testing.T) {
		plain := h.deploy("plain", "python3.13", "app.handler", map[string]string{"app.py": "def handler(e, c): return 'all'\n"})
		to := &sink{}
		r, err := h.Invoke(context.Background(), execution.Invocation{Function: plain, Stream: to})
		if err != nil || r.FunctionError != "" || r.Streamed != 5 || !to.has(`"all"`) || to.begun != 1 || to.streaming {
			t.Errorf("%v, %+v, %+v", err, r, to)
		}
	})
}
