package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// Each message names the thing and the way out.
func TestWords(t *testing.T) {
	for command, want := range map[string]string{
		"status --server localhost:4566":                    `lamgate: the endpoint "localhost:4566" is no URL like http://127.0.0.1:4566: correct --server, LAMGATE_ENDPOINT or AWS_ENDPOINT_URL`,
		"status --server http://127.0.0.1:1":                "lamgate: no lamgate server answers at http://127.0.0.1:1: start one with `lamgate serve` or `lamgate up DIR`, or name another with --server",
		"operations rds":                                    `lamgate: lamgate has no service "rds"; it has apigateway, cloudformation, iam, lambda, logs, s3, sts`,
		"frob":                                              `lamgate: unexpected argument frob (lamgate --help lists commands and flags)`,
		"runtimes --server http://127.0.0.1:1":              `lamgate: unknown flag --server (lamgate --help lists commands and flags)`,
		"serve --region eu-west-1":                          `lamgate: unknown flag --region (lamgate --help lists commands and flags)`,
		"doctor --cpu off":                                  `lamgate: unknown flag --cpu (lamgate --help lists commands and flags)`,
		"doctor --warm 65":                                  `lamgate: --warm is between 0 and 64, not 65`,
		"runtimes --runtime-image pyton3.13=x":              `lamgate: --runtime-image pyton3.13: AWS has no runtime of that name (lamgate runtimes lists today's)`,
		"doctor --runtime-image python3.13":                 `lamgate: --runtime-image python3.13 does not begin with a runtime's name, as in python3.13=IMAGE`,
		"serve --runtime-image python3.13=":                 `lamgate: --runtime-image python3.13 names no image`,
		"serve --endpoint eventbridge=http://a":             `lamgate: --endpoint eventbridge: AWS's endpoints call that service events, as in events=URL`,
		"up -p a=1 -p a=2 testdata/template.yaml":           `lamgate: there is no TESTDATA/template.yaml: name a template, or the directory of one`,
		"invoke f --event --tail":                           `lamgate: --event and --tail can't be used together (lamgate --help lists commands and flags)`,
		"up ../../examples/hello -p a=1 -p a=2":             `lamgate: --parameter names a twice`,
		"up ../../examples/hello -p a":                      `lamgate: --parameter a does not begin with a parameter's name, as in KEY=VALUE`,
		"up ../../examples/hello --debug a=b":               `lamgate: --debug a: "b" is no port`,
		"up ../../examples/hello --server http://0.0.0.0:1": "lamgate: no lamgate server answers at http://0.0.0.0:1: start one with `lamgate serve` or `lamgate up DIR`, or name another with --server",
	} {
		var out, problems bytes.Buffer
		if status := run(t.Context(), strings.Fields(command), &console{out: &out, err: &problems}); status == 0 {
			t.Errorf("%s succeeds", command)
		}
		want = strings.ReplaceAll(want, "TESTDATA", absolute(t, "testdata"))
		if got := strings.TrimSpace(problems.String()); got != want {
			t.Errorf("%s\n says %s\n want %s", command, got, want)
		}
	}
}

// A client that is interrupted has nothing to say; shells know the status.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, problems bytes.Buffer
	if status := run(ctx, []string{"status"}, &console{out: &out, err: &problems}); status != exitInterrupted || problems.Len() > 0 {
		t.Errorf("%d: %s", status, problems.String())
	}
}

func TestHelpSucceeds(t *testing.T) {
	var out, problems bytes.Buffer
	if status := run(t.Context(), []string{"up", "--help"}, &console{out: &out, err: &problems}); status != 0 || !strings.Contains(out.String(), "Flags of the server:") {
		t.Errorf("%d: %s%s", status, out.String(), problems.String())
	}
}

// Mistakes of lamgate's own are not taken for success.
func TestPanicsAreNotSwallowed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it ended in order")
		}
	}()
	run(t.Context(), []string{"version"}, &console{})
}
