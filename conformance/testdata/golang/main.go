// Command golang is a function on Go's Lambda client. Its handler's name says
// which of its faces it shows.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do string `json:"do"`
}

func buffered(ctx context.Context, raw json.RawMessage) (any, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return nil, err
	}
	switch e.Do {
	case "fail":
		return nil, errors.New("go failure")
	case "panic":
		panic("go panic")
	}
	c, _ := lambdacontext.FromContext(ctx)
	return map[string]any{"got": raw, "id": c.AwsRequestID, "arn": c.InvokedFunctionArn, "memory": lambdacontext.MemoryLimitInMB}, nil
}

// streamed answers as function URLs and streamed REST methods want it.
func streamed(_ context.Context, e event) (*events.LambdaFunctionURLStreamingResponse, error) {
	var body io.Reader = strings.NewReader("one two three")
	if e.Do == "break" {
		body = io.MultiReader(body, broken{})
	}
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: 201, Headers: map[string]string{"Content-Type": "text/plain"}, Body: body}, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the source broke") }

func main() {
	if os.Getenv("_HANDLER") == "streamed" {
		lambda.Start(streamed)
	}
	lambda.Start(buffered)
}
