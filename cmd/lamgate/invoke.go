package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	api "github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

type invokeCommand struct {
	clientFlags `embed:""`
	Name        string `arg:"" help:"Function: a name, NAME:QUALIFIER or an ARN."`
	Payload     string `arg:"" optional:"" help:"Event as JSON, @FILE, or - for standard input." default:"{}"`
	Event       bool   `help:"Invoke asynchronously." xor:"answer"`
	Tail        bool   `help:"Print the end of the log to standard error." xor:"answer"`
	Qualifier   string `help:"Version or alias."`
	JSON        bool   `help:"Print status, error and answer as JSON."`
}

// Run invokes a function. A function that failed fails the command.
func (c *invokeCommand) Run(ctx context.Context, console *console) error {
	payload, err := c.payload(console.in)
	if err != nil {
		return err
	}
	in := &api.InvocationRequest{FunctionName: &c.Name, Payload: payload, InvocationType: new("RequestResponse"), LogType: new("Tail")}
	if c.Event {
		in.InvocationType, in.LogType = new("Event"), nil
	}
	if c.Qualifier != "" {
		in.Qualifier = &c.Qualifier
	}
	to, request := c.client(), &requestID{}
	to.aws = to.aws.WithTransport(request)
	out, err := call[api.InvocationResponse](ctx, to, &api.Service, "Invoke", in)
	if err != nil {
		return err
	}
	if c.Tail {
		tail, err := base64.StdEncoding.DecodeString(aws.Value(out.LogResult))
		if err != nil {
			return fmt.Errorf("the log's tail cannot be read: %w", err)
		}
		fmt.Fprint(console.err, string(tail))
	}
	if c.JSON {
		err = printJSON(console.out, map[string]any{
			"RequestId":  request.of,
			"StatusCode": aws.Value(out.StatusCode), "FunctionError": aws.Value(out.FunctionError),
			"ExecutedVersion": aws.Value(out.ExecutedVersion), "Payload": string(out.Payload),
		})
	} else if len(out.Payload) > 0 {
		_, err = fmt.Fprintln(console.out, string(out.Payload))
	}
	switch {
	case err != nil:
		return err
	case out.FunctionError != nil:
		fmt.Fprintf(console.err, "lamgate: the function failed (%s); why: lamgate why %s; its log: lamgate logs %s\n", *out.FunctionError, request.of, c.Name)
		return errSilent
	case c.Event:
		fmt.Fprintf(console.err, "request %s is accepted; what becomes of it: lamgate why %[1]s\n", request.of)
	}
	return nil
}

// A requestID is a transport that keeps the ID by which an answer can be asked
// about.
type requestID struct{ of string }

// RoundTrip implements http.RoundTripper.
func (i *requestID) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		i.of = answer.Header.Get("X-Amzn-Requestid")
	}
	return answer, err
}

func (c *invokeCommand) payload(in io.Reader) ([]byte, error) {
	if file, ok := strings.CutPrefix(c.Payload, "@"); ok {
		return os.ReadFile(file)
	}
	if c.Payload == "-" {
		return io.ReadAll(in)
	}
	return []byte(c.Payload), nil
}
