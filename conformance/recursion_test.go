package conformance

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// traced sends a trace header, as AWS's clients do in a function.
func traced(header string) func(*lambda.Options) {
	return func(o *lambda.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Build.Add(middleware.BuildMiddlewareFunc("trace", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
				in.Request.(*smithyhttp.Request).Header.Set("X-Amzn-Trace-Id", header)
				return next.HandleBuild(ctx, in)
			}), middleware.After)
		})
	}
}

// A function that invokes itself is stopped when it has run some sixteen times
// for one request, unless it is allowed to.
func TestARecursiveLoopIsStopped(t *testing.T) {
	f := newFunction(t, "import os\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n")
	header := ""
	call := func() error {
		var options []func(*lambda.Options)
		if header != "" {
			options = append(options, traced(header))
		}
		out, err := lambdaClient().Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.name}, options...)
		if err == nil {
			header = strings.Trim(string(out.Payload), `"`)
		}
		return err
	}
	runs := 0
	var err error
	for ; runs < 40; runs++ {
		if err = call(); err != nil {
			break
		}
		if !strings.HasPrefix(header, "Root=1-") || !strings.Contains(header, ";Lineage=") {
			t.Fatalf("the function's trace header is %q", header)
		}
	}
	if runs < 15 || runs > 17 {
		t.Errorf("stopped after %d runs", runs)
	}
	wantFault(t, err, "RecursiveInvocationException", "recursive loop")
	if _, err := lambdaClient().PutFunctionRecursionConfig(t.Context(), &lambda.PutFunctionRecursionConfigInput{FunctionName: &f.name, RecursiveLoop: types.RecursiveLoopAllow}); err != nil {
		t.Fatal(err)
	}
	if err := call(); err != nil {
		t.Errorf("where it is allowed: %v", err)
	}
}
