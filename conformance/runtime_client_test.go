package conformance

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// clientTool is something that `make clients` has put below LAMGATE_CLIENTS.
func clientTool(t *testing.T, path ...string) string {
	t.Helper()
	full := filepath.Join(append([]string{os.Getenv("LAMGATE_CLIENTS")}, path...)...)
	if _, err := os.Stat(full); os.Getenv("LAMGATE_CLIENTS") == "" || err != nil {
		t.Skipf("%s is not installed (make clients)", filepath.Join(path...))
	}
	return full
}

// A deploymentPackage is made of files and whole folders.
type deploymentPackage struct {
	t *testing.T
	b bytes.Buffer
	z *zip.Writer
}

func newPackage(t *testing.T) *deploymentPackage {
	p := &deploymentPackage{t: t}
	p.z = zip.NewWriter(&p.b)
	return p
}

func (p *deploymentPackage) file(name, content string, mode fs.FileMode) *deploymentPackage {
	p.t.Helper()
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	h.SetMode(mode)
	w, err := p.z.CreateHeader(h)
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return p
}

// folder adds what a folder has, save what skip says.
func (p *deploymentPackage) folder(dir string, skip ...string) *deploymentPackage {
	p.t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, s := range skip {
			if ok, _ := filepath.Match(s, d.Name()); ok && d.IsDir() {
				return filepath.SkipDir
			}
		}
		if !d.Type().IsRegular() {
			return nil
		}
		name, _ := filepath.Rel(dir, path)
		content, err := os.ReadFile(path)
		if err == nil {
			p.file(filepath.ToSlash(name), string(content), 0o644)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return p
}

// deploy creates the function, with variables by name and value.
func (p *deploymentPackage) deploy(runtime types.Runtime, handler string, memory int32, variables ...string) *function {
	p.t.Helper()
	if err := p.z.Close(); err != nil {
		p.t.Fatal(err)
	}
	return newFunction(p.t, "", func(in *lambda.CreateFunctionInput) {
		in.Runtime, in.Handler, in.MemorySize, in.Timeout = runtime, &handler, &memory, aws.Int32(30)
		in.Code = &types.FunctionCode{ZipFile: p.b.Bytes()}
		in.Environment = &types.Environment{Variables: map[string]string{}}
		for pair := range slices.Chunk(variables, 2) {
			in.Environment.Variables[pair[0]] = pair[1]
		}
	})
}

// streamed invokes a function and returns what it streams, chunk after chunk,
// and the error that ended it.
func (f *function) streamed(payload string) (chunks []string, code, details string) {
	f.t.Helper()
	out, err := lambdaClient().InvokeWithResponseStream(f.t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: &f.name, Payload: []byte(payload)})
	if err != nil {
		f.t.Fatal(err)
	}
	stream := out.GetStream()
	defer stream.Close()
	for e := range stream.Events() {
		switch e := e.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			chunks = append(chunks, string(e.Value.Payload))
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			code, details = aws.ToString(e.Value.ErrorCode), aws.ToString(e.Value.ErrorDetails)
		}
	}
	if err := stream.Err(); err != nil {
		f.t.Error(err)
	}
	return chunks, code, details
}

// A clientCase is what a function on a client is asked, and what it must say.
type clientCase struct{ payload, failed, has string }

func (f *function) try(cases []clientCase) {
	f.t.Helper()
	for range 2 { // what has failed must serve again
		for _, c := range cases {
			out := f.invoke(c.payload, func(in *lambda.InvokeInput) { in.LogType = types.LogTypeTail })
			if aws.ToString(out.FunctionError) != c.failed || !strings.Contains(string(out.Payload), c.has) || !json.Valid(out.Payload) {
				log, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
				f.t.Errorf("%s is answered %s %q\n%s", c.payload, out.Payload, aws.ToString(out.FunctionError), log)
			}
		}
	}
}

func TestFunctionsRunOnGosClient(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", binary, "./testdata/golang")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	code, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	f := newPackage(t).file("bootstrap", string(code), 0o755).deploy(types.RuntimeProvidedal2023, "buffered", 128)
	f.try([]clientCase{
		{`{"n":[1,"ü"]}`, "", `"got":{"n":[1,"ü"]},`}, {`{}`, "", `"memory":128`}, {`{}`, "", `"arn":"` + f.arn + `"`},
		{`{"do":"fail"}`, "Unhandled", `{"errorMessage":"go failure","errorType":"errorString"}`},
		{`{"do":"panic"}`, "Unhandled", `"errorMessage":"go panic","errorType":"string","stackTrace":[`},
	})
	s := newPackage(t).file("bootstrap", string(code), 0o755).deploy(types.RuntimeProvidedal2023, "streamed", 128)
	chunks, broke, _ := s.streamed(`{}`)
	prelude, body, _ := strings.Cut(strings.Join(chunks, ""), strings.Repeat("\x00", 8))
	if !strings.Contains(prelude, `"statusCode":201`) || body != "one two three" || broke != "" {
		t.Errorf("streamed %q, %q", chunks, broke)
	}
	if chunks, broke, details := s.streamed(`{"do":"break"}`); !strings.HasSuffix(strings.Join(chunks, ""), "one two three") || broke == "" || !strings.Contains(details, "the source broke") {
		t.Errorf("broken: %q, %q, %q", chunks, broke, details)
	}
}

func TestFunctionsRunOnRustsClient(t *testing.T) {
	code, err := os.ReadFile(clientTool(t, "rust-client", "release", "bootstrap"))
	if err != nil {
		t.Fatal(err)
	}
	f := newPackage(t).file("bootstrap", string(code), 0o755).deploy(types.RuntimeProvidedal2023, "buffered", 128)
	f.try([]clientCase{
		{`{"n":[1,"ü"]}`, "", `"got":{"n":[1,"ü"]}`}, {`{}`, "", `"memory":128`}, {`{}`, "", `"arn":"` + f.arn + `"`},
		{`{"do":"fail"}`, "Unhandled", `rust failure`},
		{`{"do":"panic"}`, "Unhandled", `rust panic`},
	})
	s := newPackage(t).file("bootstrap", string(code), 0o755).deploy(types.RuntimeProvidedal2023, "streamed", 128)
	for range 2 {
		chunks, broke, _ := s.streamed(`{}`)
		prelude, body, _ := strings.Cut(strings.Join(chunks, ""), strings.Repeat("\x00", 8))
		if !strings.Contains(prelude, `"statusCode":200`) || body != "one two three" || broke != "" {
			t.Errorf("streamed %q, %q", chunks, broke)
		}
		// Rust's client writes its trailers into the body.
		if chunks, _, _ := s.streamed(`{"do":"break"}`); !strings.Contains(strings.Join(chunks, ""), "three"+"Lambda-Runtime-Function-Error-Type: Runtime.StreamError") {
			t.Errorf("broken: %q", chunks)
		}
	}
}

// AWS's client for Python, brought by the function and started in place of the
// runtime's. Its library is compiled for one version of Python.
func TestFunctionsRunOnPythonsClient(t *testing.T) {
	packages := clientTool(t, "python-client", "lib", "python3.11", "site-packages")
	f := newPackage(t).folder(packages, "pip", "pip-*", "setuptools", "setuptools-*", "_distutils_hack", "pkg_resources", "__pycache__").
		file("start", "#!/bin/sh\nexport PYTHONPATH=/var/task\nexec \"$1\" -m awslambdaric \"$_HANDLER\"\n", 0o755).
		file("app.py", `
import os, sys
def handler(event, context):
    if event.get("do") == "fail": raise ValueError("python failure")
    if event.get("do") == "exit": os._exit(1)
    return {"got": event, "id": context.aws_request_id, "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb, "client": "awslambdaric" in sys.modules}
`, 0o644).deploy(types.RuntimePython311, "app.handler", 128, "AWS_LAMBDA_EXEC_WRAPPER", "/var/task/start")
	f.try([]clientCase{
		{`{"n":[1,"ü"]}`, "", `"got": {"n": [1, "\u00fc"]}`}, {`{}`, "", `"memory": "128"`}, {`{}`, "", `"arn": "` + f.arn + `"`}, {`{}`, "", `"client": true`},
		{`{"do":"fail"}`, "Unhandled", `{"errorMessage": "python failure", "errorType": "ValueError", "requestId": "`},
		{`{"do":"exit"}`, "Unhandled", `Runtime.ExitError`},
	})
}

// The example in Java, on AWS's client in the local Maven repository.
func TestFunctionsRunOnJavasClient(t *testing.T) {
	const target = "../examples/java/target/function"
	if _, err := os.Stat(target); err != nil {
		t.Skip("the example is not built (make -C examples/java): ", err)
	}
	f := newPackage(t).folder(target).deploy(types.RuntimeJava17, "hello.Handler", 512)
	f.try([]clientCase{
		{`{"queryStringParameters":{"name":"Dükе"}}`, "", `"body":"Hello, Dükе!"`}, {`{}`, "", `"statusCode":200`},
		{`{"queryStringParameters":{"name":" "}}`, "Unhandled", `"errorMessage":"nobody to greet","errorType":"java.lang.IllegalArgumentException","stackTrace":["hello.Handler.handleRequest(Handler.java:`},
	})
}

// The example in Ruby.
func TestFunctionsRunInRuby(t *testing.T) {
	if _, err := exec.LookPath("ruby"); err != nil {
		t.Skip(err)
	}
	f := newPackage(t).folder("../examples/ruby/src").deploy(types.RuntimeRuby33, "app.handler", 128)
	f.try([]clientCase{
		{`{"queryStringParameters":{"name":"Mätz"}}`, "", `Hello, Mätz!`}, {`{}`, "", `"statusCode":200`},
		{`{"queryStringParameters":{"name":" "}}`, "Unhandled", `{"errorMessage":"nobody to greet","errorType":"Function<ArgumentError>","stackTrace":["/var/task/app.rb:11:in`},
	})
}
