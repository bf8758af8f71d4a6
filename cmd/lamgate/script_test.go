package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the scripts of testdata/script: lamgate as its users have
// it, with AWS's own clients, each script on a port and in a data directory of
// its own. They are to be read as documentation. Besides testscript's commands
// they have
//
//	ready                      waits until the server answers
//	http METHOD URL [-H NAME:VALUE] [-d BODY]
//	                           asks and prints status, headers and body
//	capture NAME [REGEXP]      sets a variable to the last output, or to what
//	                           the expression's group found in it
//	await FILE REGEXP          waits until a background command has printed it
func TestScripts(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "lamgate"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build lamgate: %v\n%s", err, out)
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup:               func(e *testscript.Env) error { return setUpScript(e, bin, examples) },
		Condition:           func(name string) (bool, error) { return scriptCondition(name, examples) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready": scriptReady, "http": scriptHTTP, "capture": scriptCapture, "await": scriptAwait,
		},
	})
}

func setUpScript(e *testscript.Env, bin, examples string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	debugPort, err := freePort()
	if err != nil {
		return err
	}
	clients := os.Getenv("LAMGATE_CLIENTS")
	if clients == "" {
		clients = filepath.Join(examples, "..", ".cache")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{
		"PATH":                      bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME":                      filepath.Join(e.WorkDir, "home"),
		"EXAMPLES":                  examples,
		"ENDPOINT":                  "http://127.0.0.1:" + port,
		"PORT":                      port,
		"DEBUG_PORT":                debugPort,
		"LAMGATE_LISTEN":            "127.0.0.1:" + port,
		"LAMGATE_DATA":              filepath.Join(e.WorkDir, "data"),
		"AWS_ENDPOINT_URL":          "http://127.0.0.1:" + port,
		"AWS_REGION":                "us-east-1",
		"AWS_DEFAULT_REGION":        "us-east-1",
		"AWS_ACCESS_KEY_ID":         "lamgate",
		"AWS_SECRET_ACCESS_KEY":     "secret",
		"AWS_EC2_METADATA_DISABLED": "true",
		"AWS_PAGER":                 "",
		"NODE_PATH":                 filepath.Join(clients, "node", "node_modules"),
		"GOCACHE":                   or(os.Getenv("GOCACHE"), filepath.Join(cache, "go-build")),
		"CARGO_HOME":                or(os.Getenv("CARGO_HOME"), filepath.Join(home, ".cargo")),
		"RUSTUP_HOME":               or(os.Getenv("RUSTUP_HOME"), filepath.Join(home, ".rustup")),
	} {
		e.Setenv(name, value)
	}
	return os.Mkdir(filepath.Join(e.WorkDir, "home"), 0o755)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// scriptCondition tells whether what a script needs is here. Where CI is true
// all of it must be.
func scriptCondition(name, examples string) (bool, error) {
	var probe *exec.Cmd
	switch name {
	case "aws":
		probe = exec.Command("aws", "--version")
	case "boto3":
		probe = exec.Command("python3", "-c", "import boto3")
	case "javascript":
		probe = exec.Command("node", "-e", "require('@aws-sdk/client-lambda')")
		probe.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(or(os.Getenv("LAMGATE_CLIENTS"), filepath.Join(examples, "..", ".cache")), "node", "node_modules"))
	case "dlv":
		_, err := exec.LookPath("dlv")
		return err == nil, nil
	case "rust":
		// Building takes minutes and may want the network, so it is done here
		// only where the example has been built before.
		_, err := os.Stat(filepath.Join(examples, "rust", "target", "lambda", "hello", "bootstrap"))
		return err == nil, nil
	default:
		return false, fmt.Errorf("no condition %q", name)
	}
	err := probe.Run()
	if err != nil && os.Getenv("CI") == "true" {
		return false, fmt.Errorf("%s is needed where CI is true (make clients installs it): %w", name, err)
	}
	return err == nil, nil
}

// patience is how long a script waits for what must come.
const patience = 20 * time.Second

// poll asks until the answer is yes.
func poll(ts *testscript.TestScript, what string, ask func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for !ask() {
		if pause(ctx, 20*time.Millisecond) != nil {
			ts.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func scriptReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: ready")
	}
	c := newClient(ts.Getenv("ENDPOINT"), "us-east-1")
	poll(ts, "the server is ready", func() bool {
		err := c.health(context.Background())
		if _, nobody := errors.AsType[*noServer](err); !nobody {
			ts.Check(err)
		}
		return err == nil
	})
}

func scriptHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: http METHOD URL [-H NAME:VALUE] [-d BODY]")
	}
	method, url, body := args[0], args[1], ""
	header := http.Header{}
	for rest := args[2:]; len(rest) > 0; rest = rest[2:] {
		if len(rest) == 1 {
			ts.Fatalf("%s wants a value", rest[0])
		}
		switch rest[0] {
		case "-H":
			name, value, _ := strings.Cut(rest[1], ":")
			header.Add(name, value)
		case "-d":
			body = rest[1]
		default:
			ts.Fatalf("http has no %s", rest[0])
		}
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	ts.Check(err)
	r.Header = header
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	ts.Check(err)
	out := ts.Stdout()
	fmt.Fprintf(out, "%s %s\n", response.Proto, response.Status)
	for name, values := range response.Header {
		for _, v := range values {
			fmt.Fprintf(out, "%s: %s\n", strings.ToLower(name), v)
		}
	}
	fmt.Fprintf(out, "\n%s\n", content)
}

func scriptCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: capture NAME [REGEXP]")
	}
	value := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) == 2 {
		m := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(value)
		if len(m) != 2 {
			ts.Fatalf("%s finds no group in\n%s", args[1], value)
		}
		value = m[1]
	}
	ts.Setenv(args[0], value)
}

func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE REGEXP")
	}
	file, want := ts.MkAbs(args[0]), regexp.MustCompile("(?m)"+args[1])
	var content []byte
	defer func() {
		if !want.Match(content) {
			ts.Logf("%s is\n%s", args[0], content)
		}
	}()
	poll(ts, args[1]+" in "+args[0], func() bool {
		var err error
		if content, err = os.ReadFile(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			ts.Check(err)
		}
		return want.Match(content)
	})
}
