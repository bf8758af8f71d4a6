package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes a file with its directories.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFindProject(t *testing.T) {
	dir := t.TempDir()
	if _, err := findProject(dir); err == nil || !strings.Contains(err.Error(), "template.yaml") {
		t.Errorf("an empty directory: %v", err)
	}
	write(t, filepath.Join(dir, "shop", "template.yml"), "")
	write(t, filepath.Join(dir, "shop", "other.json"), "")
	write(t, filepath.Join(dir, "built", "template.yaml"), "")
	write(t, filepath.Join(dir, "built", ".aws-sam", "build", "template.yaml"), "")
	tests := []struct{ path, template, stack string }{
		{"shop", "shop/template.yml", "shop"},
		{"shop/other.json", "shop/other.json", "shop-other"},
		{"built", "built/.aws-sam/build/template.yaml", "built"},
	}
	for _, test := range tests {
		p, err := findProject(filepath.Join(dir, test.path))
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		if p.template != filepath.Join(dir, test.template) || p.stackName() != test.stack {
			t.Errorf("%s: template %s, stack %s", test.path, p.template, p.stackName())
		}
	}
}

func TestStackNameIsOneThatCloudFormationTakes(t *testing.T) {
	for dir, want := range map[string]string{
		"/a/my_shop.v2": "my-shop-v2", "/a/2026": "stack-2026", "/a/ünïcode": "n-code", "/": "stack",
		"/a/" + strings.Repeat("x", 200): strings.Repeat("x", 128),
	} {
		p := &project{filepath.Join(dir, "template.yaml"), dir}
		if got := p.stackName(); got != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}

func TestLocalURL(t *testing.T) {
	got, ok := localURL("http://127.0.0.1:4566", "https://abcdefghij.execute-api.eu-west-1.amazonaws.com/Prod/a?b=c")
	if want := "http://127.0.0.1:4566/_aws/execute-api/abcdefghij/Prod/a?b=c"; !ok || got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, other := range []string{"https://example.com/", "arn:aws:lambda:us-east-1:000000000000:function:x", "https://abcdefghij.execute-api.eu-west-1.amazonaws.com.evil.example/"} {
		if got, ok := localURL("http://127.0.0.1:4566", other); ok {
			t.Errorf("%s became %s", other, got)
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
