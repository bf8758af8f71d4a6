package main

import (
	"bytes"
	"strings"
	"testing"
)

// Each message names the thing and the way out.
func TestWords(t *testing.T) {
	for command, want := range map[string]string{
		"status --server localhost:4566": `lamgate: the endpoint "localhost:4566" is no URL like http://127.0.0.1:4566: correct --server, LAMGATE_ENDPOINT or AWS_ENDPOINT_URL`,
		"operations rds":                 `lamgate: lamgate has no service "rds"; it has apigateway, cloudformation, iam, lambda, logs, s3, sts`,
		"frob":                           `lamgate: unexpected argument frob (lamgate --help lists commands and flags)`,
	} {
		var out, problems bytes.Buffer
		if status := run(t.Context(), strings.Fields(command), &console{out: &out, err: &problems}); status == 0 {
			t.Errorf("%s succeeds", command)
		}
		if got := strings.TrimSpace(problems.String()); got != want {
			t.Errorf("%s\n says %s\n want %s", command, got, want)
		}
	}
}
