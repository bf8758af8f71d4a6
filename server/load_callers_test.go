package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"github.com/lamgate/lamgate/api/lambda"
)

// A question is what a caller asks. Its word is nobody else's.
type question struct {
	Word  string `json:"word"`
	Times int    `json:"times"` // the word is to be repeated
	Pause int    `json:"pause"` // milliseconds
}

// A door is a way to ask. It returns the answer, as far as it has come, and how
// the asking ended: whole, in one of the ways in which an environment may die
// under a caller, or else with an error.
type door func(ctx context.Context, s *subject, question []byte) (answer, end string, err error)

const (
	whole = "whole"
	wrong = "wrong"
)

// ask asks once, and fails the test if what comes of it is not right.
func (l *load) ask(c caller) (end string, err error) {
	l.mu.Lock()
	l.words++
	q := question{Word: fmt.Sprintf("word-%d,", l.words), Times: l.random.IntN(2000)}
	if l.random.IntN(8) == 0 {
		q.Pause = l.random.IntN(40)
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	first, began := c.subject.acknowledged.Load(), time.Now()
	answer, end, err := c.door(ctx, c.subject, must(json.Marshal(q))(l.t))
	took, last := time.Since(began), c.subject.sent.Load()
	if err == nil && !right(answer, end == whole, q, c.subject.name, first, last) {
		err = fmt.Errorf("the answer, %s, is %d bytes: %.200q; the generations were %d to %d", end, len(answer), answer, first, last)
	}
	if err != nil {
		end = wrong
		l.t.Errorf("%s was asked %+v and ended after %v: %v", c.subject.name, q, took, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[end]++
	if took > l.longest {
		l.longest = took
		if took > loadTimeout*time.Second {
			l.t.Logf("%s was asked %+v and took %v until %v: %s", c.subject.name, q, took, time.Now().UTC(), end)
		}
	}
	return end, err
}

// right reports whether an answer is that of a function in one of some
// generations, or the beginning of it.
func right(answer string, whole bool, q question, function string, first, last int64) bool {
	for n := first; n <= last; n++ {
		want := fmt.Sprintf("%s %d %s\n%s", q.Word, n%generations, function, strings.Repeat(q.Word, q.Times))
		if answer == want || !whole && strings.HasPrefix(want, answer) {
			return true
		}
	}
	return false
}

// died is the message of an environment whose process was killed.
var died = regexp.MustCompile(`^RequestId: [0-9a-f-]{36} Error: (Runtime exited with error: )?signal: killed$`)

// ofDeath returns how an invocation ended that a function's error tells of.
func ofDeath(payload []byte) (string, error) {
	var e struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(payload, &e); err != nil || !died.MatchString(e.ErrorMessage) || e.ErrorType != "Runtime.ExitError" && e.ErrorType != "Extension.Crash" {
		return "", fmt.Errorf("it failed with %s", payload)
	}
	return e.ErrorType, nil
}

func (l *load) invoke(ctx context.Context, s *subject, question []byte) (answer, end string, err error) {
	out := new(lambda.InvocationResponse)
	if err := l.client.Call(ctx, &lambda.Service, "Invoke", &lambda.InvocationRequest{FunctionName: &s.name, Payload: question}, out); err != nil {
		return "", "", err
	}
	if out.FunctionError != nil {
		end, err := ofDeath(out.Payload)
		return "", end, err
	}
	return answer, whole, json.Unmarshal(out.Payload, &answer)
}

func (l *load) invokeStream(ctx context.Context, s *subject, question []byte) (answer, end string, err error) {
	out := new(lambda.InvokeWithResponseStreamResponse)
	if err := l.client.Call(ctx, &lambda.Service, "InvokeWithResponseStream", &lambda.InvokeWithResponseStreamRequest{FunctionName: &s.name, Payload: question}, out); err != nil {
		return "", "", err
	}
	var got bytes.Buffer
	decoder := eventstream.NewDecoder()
	for {
		message, err := decoder.Decode(out.EventStream, nil)
		if err != nil {
			return got.String(), "", fmt.Errorf("the stream has no end: %w", err)
		}
		if message.Headers.Get(":event-type").String() == "PayloadChunk" {
			got.Write(message.Payload)
			continue
		}
		var complete struct{ ErrorCode, ErrorDetails string }
		if err := json.Unmarshal(message.Payload, &complete); err != nil {
			return "", "", err
		}
		if complete.ErrorCode != "" {
			end, err := ofDeath([]byte(complete.ErrorDetails))
			return got.String(), end + " of a stream", err
		}
		if strings.HasPrefix(got.String(), `"`) { // JSON of a function that does not stream
			return answer, whole, json.Unmarshal(got.Bytes(), &answer)
		}
		return got.String(), whole, nil
	}
}

func (l *load) askAPI(ctx context.Context, s *subject, question []byte) (answer, end string, err error) {
	return l.post(ctx, s.api, question, `{"message": "Internal server error"}`)
}

func (l *load) askURL(ctx context.Context, s *subject, question []byte) (answer, end string, err error) {
	return l.post(ctx, s.url, question, "Internal Server Error")
}

// post asks by HTTP. failure is the body of a response for an environment that
// has died.
func (l *load) post(ctx context.Context, url string, question []byte, failure string) (answer, end string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(question))
	if err != nil {
		return "", "", err
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := l.http.Do(r)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case response.StatusCode == http.StatusBadGateway && err == nil && string(body) == failure:
		return "", "502", nil
	case response.StatusCode != http.StatusOK:
		return "", "", fmt.Errorf("%s: %.200s (%v)", response.Status, body, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return string(body), "cut off", nil
	}
	return string(body), whole, err
}

// figures reports what became of the questions, and holds the deaths against the
// kills.
func (l *load) figures(took time.Duration) {
	l.t.Helper()
	all, deaths := 0, 0
	for end, n := range l.ends {
		all += n
		if end != whole {
			deaths += n
		}
	}
	l.t.Logf("%d questions in %v, %.0f a second, the longest took %v; %d kills, %d updates; the answers: %v",
		all, took.Round(time.Second), float64(all)/took.Seconds(), l.longest.Round(time.Millisecond), l.kills.Load(), l.updates, l.ends)
	if kills := int(l.kills.Load()); deaths > kills {
		l.t.Errorf("%d answers are missing, and only %d processes were killed", deaths, kills)
	}
}
