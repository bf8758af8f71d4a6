package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A function that cannot be given its code keeps none from those that share it.
func TestEachFunctionIsPublished(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if strings.Contains(r.URL.Path, "/gone/") {
			w.Header().Set("X-Amzn-Errortype", "ResourceNotFoundException")
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprint(w, "{}")
	}))
	defer server.Close()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte("pass"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	client := newClient(server.URL, "us-east-1")
	u := &up{
		console: &console{out: &out}, client: client, packager: &packager{client: client},
		refs: []codeReference{{function: "A", path: dir}, {function: "B", path: dir}},
	}
	names := map[string]string{"A": "gone", "B": "there"}
	u.publish(t.Context(), dir, time.Now(), names)
	if got := out.String(); !regexp.MustCompile(`^A is not published: .*ResourceNotFoundException.*\nB published in \d+ ms\n$`).MatchString(got) {
		t.Errorf("said %q", got)
	}
	u.publish(t.Context(), dir, time.Now(), names) // saved once more, for what failed
	if len(asked) != 4 {
		t.Errorf("asked for %q", asked)
	}
}
