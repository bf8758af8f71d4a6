package conformance

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestAnInvocationAnswersWhatTheFunctionReturns(t *testing.T) {
	f := newFunction(t, `
def handler(event, context):
    return {"event": event, "name": context.function_name, "version": context.function_version,
            "arn": context.invoked_function_arn, "id": context.aws_request_id, "memory": context.memory_limit_in_mb,
            "time": 0 < context.get_remaining_time_in_millis() <= 10000}
`)
	out := f.invoke(`{"a": [1, "é", null]}`)
	if out.StatusCode != 200 || out.FunctionError != nil || aws.ToString(out.ExecutedVersion) != "$LATEST" {
		t.Errorf("%d %q %q", out.StatusCode, aws.ToString(out.FunctionError), aws.ToString(out.ExecutedVersion))
	}
	got := decode(t, string(out.Payload))
	if got["name"] != f.name || got["version"] != "$LATEST" || got["arn"] != f.arn || got["id"] == "" || got["memory"] != "128" || got["time"] != true {
		t.Errorf("context %v", got)
	}
	if list := got["event"].(map[string]any)["a"].([]any); len(list) != 3 || list[1] != "é" || list[2] != nil {
		t.Errorf("event %v", got["event"])
	}
}

func TestAnInvocationWithoutPayloadHasAnEmptyEvent(t *testing.T) {
	f := newFunction(t, "def handler(event, context):\n    return repr(event)\n")
	if got := string(f.invoke("").Payload); got != `"{}"` {
		t.Error(got)
	}
}

func TestTheLogsTailComesWithTheAnswer(t *testing.T) {
	f := newFunction(t, "def handler(event, context):\n    print('a line of mine')\n")
	out := f.invoke(`{}`, func(in *lambda.InvokeInput) { in.LogType = types.LogTypeTail })
	tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"START RequestId: ", "Version: $LATEST\n", "a line of mine\n", "END RequestId: ", "REPORT RequestId: ", "Billed Duration: ", "Memory Size: 128 MB"} {
		if !strings.Contains(string(tail), want) {
			t.Errorf("the tail lacks %q:\n%s", want, tail)
		}
	}
}

func TestADryRunRunsNothing(t *testing.T) {
	f := newFunction(t, "raise Exception('it ran')\n")
	dry := func(in *lambda.InvokeInput) { in.InvocationType = types.InvocationTypeDryRun }
	if out := f.invoke(`{}`, dry); out.StatusCode != 204 || len(out.Payload) != 0 || out.FunctionError != nil {
		t.Errorf("%d %s", out.StatusCode, out.Payload)
	}
	_, err := lambdaClient().Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("doesnotexist"), InvocationType: types.InvocationTypeDryRun})
	wantFault(t, err, "ResourceNotFoundException", "Function not found: "+functionARN("doesnotexist"))
}

func TestAnEventIsAcceptedAtOnceAndRunsLater(t *testing.T) {
	f := newFunction(t, "def handler(event, context):\n    print('got', event['word'])\n")
	out := f.invoke(`{"word": "mellon"}`, func(in *lambda.InvokeInput) { in.InvocationType = types.InvocationTypeEvent })
	if out.StatusCode != 202 || len(out.Payload) != 0 {
		t.Errorf("%d %s", out.StatusCode, out.Payload)
	}
	eventually(t, "the event is in the log", func() bool { return strings.Contains(f.log(), "got mellon") })
}

func TestAFunctionThatRaisesIsAnUnhandledError(t *testing.T) {
	f := newFunction(t, "def handler(event, context):\n    raise ValueError('no good')\n")
	out := f.invoke(`{}`)
	got := decode(t, string(out.Payload))
	if out.StatusCode != 200 || aws.ToString(out.FunctionError) != "Unhandled" || got["errorType"] != "ValueError" || got["errorMessage"] != "no good" {
		t.Errorf("%d %q %s", out.StatusCode, aws.ToString(out.FunctionError), out.Payload)
	}
	if trace, ok := got["stackTrace"].([]any); !ok || len(trace) == 0 || !strings.Contains(trace[len(trace)-1].(string), "/var/task/index.py") {
		t.Errorf("stackTrace %v", got["stackTrace"])
	}
}

func TestWhatKeepsAFunctionFromStartingIsNamed(t *testing.T) {
	for _, c := range []struct{ name, source, handler, kind, message string }{
		{"a module that is not there", greeter, "other.handler", "Runtime.ImportModuleError", "Unable to import module 'other'"},
		{"a handler that is not there", greeter, "index.other", "Runtime.HandlerNotFound", "Handler 'other' missing on module 'index'"},
		{"a handler without a dot", greeter, "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"},
		{"a syntax error", "def handler(:\n", "index.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'index'"},
		{"an import that is not installed", "import not_installed\n", "index.handler", "Runtime.ImportModuleError", "No module named 'not_installed'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFunction(t, c.source, func(in *lambda.CreateFunctionInput) { in.Handler = &c.handler })
			out := f.invoke(`{}`)
			got := decode(t, string(out.Payload))
			message, _ := got["errorMessage"].(string)
			if aws.ToString(out.FunctionError) != "Unhandled" || got["errorType"] != c.kind || !strings.Contains(message, c.message) {
				t.Errorf("%q %s", aws.ToString(out.FunctionError), out.Payload)
			}
		})
	}
}

func TestADeadProcessIsAnExitErrorAndTheNextInvocationLives(t *testing.T) {
	f := newFunction(t, `
import os

def handler(event, context):
    if event.get("die"):
        os._exit(3)
    return "alive"
`)
	out := f.invoke(`{"die": true}`)
	got := decode(t, string(out.Payload))
	message, _ := got["errorMessage"].(string)
	if aws.ToString(out.FunctionError) != "Unhandled" || got["errorType"] != "Runtime.ExitError" || !strings.Contains(message, "Runtime exited with error: exit status 3") {
		t.Errorf("%q %s", aws.ToString(out.FunctionError), out.Payload)
	}
	if got := string(f.invoke(`{}`).Payload); got != `"alive"` {
		t.Error(got)
	}
}

func TestAnEnvironmentIsUsedAgain(t *testing.T) {
	f := newFunction(t, `
count = 0

def handler(event, context):
    global count
    count += 1
    return count
`)
	for _, want := range []string{"1", "2", "3"} {
		if got := string(f.invoke(`{}`).Payload); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestNoEnvironmentServesTwoRequestsAtOnce(t *testing.T) {
	f := newFunction(t, `
import time
busy = False

def handler(event, context):
    global busy
    if busy:
        return "two at once"
    busy = True
    time.sleep(0.05)
    busy = False
    return "alone"
`)
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			if got := string(f.invoke(`{}`).Payload); got != `"alone"` {
				t.Error(got)
			}
		})
	}
	wait.Wait()
}

func TestReservedConcurrencyOfZeroThrottlesEveryInvocation(t *testing.T) {
	f := newFunction(t, greeter)
	_, err := lambdaClient().PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: &f.name, ReservedConcurrentExecutions: aws.Int32(0)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = lambdaClient().Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.name})
	wantFault(t, err, "TooManyRequestsException", "Rate Exceeded.")
	if _, err := lambdaClient().DeleteFunctionConcurrency(t.Context(), &lambda.DeleteFunctionConcurrencyInput{FunctionName: &f.name}); err != nil {
		t.Fatal(err)
	}
	f.invoke(`{}`)
}

func TestAFunctionFindsTheEndpointAndItsRoleInItsEnvironment(t *testing.T) {
	f := newFunction(t, `
import os, urllib.error, urllib.request

def ask(key=None, token=None):
    headers = {}
    if key:
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/20260102/{os.environ['AWS_REGION']}/sts/aws4_request, SignedHeaders=host, Signature=0"
    if token:
        headers["X-Amz-Security-Token"] = token
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/?Action=GetCallerIdentity&Version=2011-06-15", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.read().decode()

def handler(event, context):
    names = ["AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_LOG_GROUP_NAME", "LAMBDA_TASK_ROOT", "_HANDLER", "TZ"]
    found = {name: os.environ.get(name) for name in names}
    found["role"] = ask(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SESSION_TOKEN"])
    found["unsigned"] = ask()
    found["made up"] = ask("AKIAIOSFODNN7EXAMPLE")
    found["another account"] = ask("111122223333")
    return found
`)
	got := decode(t, string(f.invoke(`{}`).Payload))
	if got["AWS_REGION"] != region || got["AWS_LAMBDA_FUNCTION_NAME"] != f.name || got["AWS_LAMBDA_LOG_GROUP_NAME"] != "/aws/lambda/"+f.name ||
		got["LAMBDA_TASK_ROOT"] != "/var/task" || got["_HANDLER"] != "index.handler" {
		t.Errorf("%v", got)
	}
	for who, want := range map[string]string{
		"role":            ":assumed-role/",
		"unsigned":        "<Code>MissingAuthenticationToken</Code>",
		"made up":         "<Code>InvalidClientTokenId</Code>",
		"another account": "<Code>InvalidClientTokenId</Code>",
	} {
		if answer, _ := got[who].(string); !strings.Contains(answer, want) {
			t.Errorf("called as %s: %v, want %s", who, got[who], want)
		}
	}
}

// invokeWith invokes under a context of its own.
func (f *function) invokeWith(ctx context.Context, payload string) error {
	_, err := lambdaClient().Invoke(ctx, &lambda.InvokeInput{FunctionName: &f.name, Payload: []byte(payload)})
	return err
}

func TestAClientThatGoesAwayLeavesTheFunctionRunning(t *testing.T) {
	f := newFunction(t, `
import time

def handler(event, context):
    print("begun", flush=True)
    time.sleep(0.5)
    print("ended", flush=True)
`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.invokeWith(ctx, `{}`) }()
	eventually(t, "the function has begun", func() bool { return strings.Contains(f.log(), "begun") })
	cancel()
	if err := <-done; err == nil {
		t.Skip("it answered before the client went away")
	}
	eventually(t, "the function ends", func() bool { return strings.Contains(f.log(), "ended") })
}
