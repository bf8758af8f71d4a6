// Command native is a function on Go's own Lambda client, which speaks to the
// Runtime API by net/http and answers in chunks.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do string `json:"do"`
}

func main() {
	lambda.Start(func(ctx context.Context, raw json.RawMessage) (any, error) {
		var e event
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		switch e.Do {
		case "fail":
			return nil, errors.New("native failure")
		case "panic":
			panic("native panic")
		case "exit":
			os.Exit(3)
		case "sleep":
			time.Sleep(time.Hour)
		case "large":
			return strings.Repeat("x", 7<<20), nil
		case "context":
			c, _ := lambdacontext.FromContext(ctx)
			return map[string]any{"id": c.AwsRequestID, "arn": c.InvokedFunctionArn, "client": c.ClientContext.Custom}, nil
		case "print":
			fmt.Println("printed by native")
		}
		return map[string]any{"statusCode": 200, "body": "hello"}, nil
	})
}
