package invoke

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// An item is an entry of a package.
type item struct {
	name, content string
	mode          fs.FileMode
}

const link = fs.ModeSymlink | 0o777

// stored puts a package into the store.
func (h *host) stored(items ...item) execution.Code {
	h.t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, i := range items {
		head := &zip.FileHeader{Name: i.name, Method: zip.Deflate}
		head.SetMode(i.mode)
		w, err := z.CreateHeader(head)
		if err == nil {
			_, err = w.Write([]byte(i.content))
		}
		if err != nil && !i.mode.IsDir() {
			h.t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	blob := "code/" + aws.NewUUID()
	if _, err := h.store.Blobs().Put(context.Background(), blob, &b); err != nil {
		h.t.Fatal(err)
	}
	return execution.Code{SHA256: base64.StdEncoding.EncodeToString(sum[:]), Size: int64(b.Len()), Blob: blob}
}

// of makes a function of a package and layers.
func of(code execution.Code, layers ...execution.Code) func(*execution.Function) {
	return func(f *execution.Function) {
		f.Latest.Code, f.Latest.Timeout = code, 20*time.Second
		for _, l := range layers {
			f.Latest.Layers = append(f.Latest.Layers, execution.Layer{ARN: "arn:aws:lambda:us-east-1:000000000000:layer:l:1", Code: l})
		}
	}
}

// Layers are where the language looks for them, with isolation and without.
func TestLayersOfPython(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		h := newHost(t, o)
		one := h.stored(item{"python/one.py", "name = 'one'\n", 0o644}, item{"python/both.py", "name = 'first'\n", 0o644})
		two := h.stored(item{"python/both.py", "name = 'second'\n", 0o644})
		code := h.stored(item{"app.py", "import sys, one, both\ndef handler(e, c): return [one.name, both.name, sys.argv]\n", 0o644})
		for name, runtime := range map[string]string{"f": "python3.13", "g": "python3.12"} {
			ref := h.deploy(name, runtime, "app.handler", map[string]string{"app.py": ""}, of(code, one, two))
			if r := h.invoke(ref, `{}`); string(r.Payload) != `["one", "second", ["/var/runtime/bootstrap.py"]]` {
				t.Errorf("%s: %s\n%s", runtime, r.Payload, r.LogTail)
			}
		}
	})
}

// AWS: what others may not read, the function may not.
func TestPermissionsOfPackages(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		if o.driver == sandbox.ProcessLevel && os.Geteuid() == 0 {
			t.Skip("functions are root, who may read everything")
		}
		h := newHost(t, o)
		app := item{"app.py", "import inner.b\ndef handler(e, c): return open(e).read()\n", 0o644}
		code := h.stored(app, item{"inner/b.py", "", 0o644}, item{"open.txt", "open", 0o604}, item{"closed.txt", "closed", 0o640},
			item{"dir/", "", fs.ModeDir | 0o700}, item{"dir/a", "a", 0o644})
		layer := h.stored(item{"closed.txt", "closed", 0o600}, item{"open.txt", "open", 0o644}, item{"locked/", "", fs.ModeDir | 0o750}, item{"locked/a", "a", 0o644})
		other := h.stored(item{"more.txt", "more", 0o644})
		ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": ""}, of(code, layer, other))
		for path, want := range map[string]string{
			"/var/task/open.txt": `"open"`, "/opt/open.txt": `"open"`, "/opt/more.txt": `"more"`,
			"/var/task/closed.txt": "Permission denied", "/var/task/dir/a": "Permission denied", "/opt/closed.txt": "Permission denied", "/opt/locked/a": "Permission denied",
		} {
			if o.driver == sandbox.ProcessLevel && !strings.HasPrefix(path, "/var/task/") {
				continue
			}
			event := path
			if o.driver == sandbox.ProcessLevel {
				event = strings.TrimPrefix(path, "/var/task/")
			}
			if r := h.invoke(ref, `"`+event+`"`); !strings.Contains(string(r.Payload), want) {
				t.Errorf("%s: %s\n%s", path, r.Payload, r.LogTail)
			}
		}
		app.mode = 0o600
		ref = h.deploy("g", "python3.13", "app.handler", map[string]string{"app.py": ""}, of(h.stored(app)))
		if r := h.invoke(ref, `{}`); !strings.Contains(string(r.Payload), "[Errno 13] Permission denied: '/") {
			t.Errorf("code that only its owner may read: %s\n%s", r.Payload, r.LogTail)
		}
		ref = h.deploy("h", "provided.al2023", "x", map[string]string{"bootstrap": ""}, of(h.stored(item{"bootstrap", "#!/bin/sh\n", 0o744})))
		if r := h.invoke(ref, `{}`); !strings.Contains(string(r.Payload), `"Runtime.InvalidEntrypoint"`) || !strings.Contains(string(r.Payload), "bootstrap: permission denied") {
			t.Errorf("a bootstrap that only its owner may run: %s\n%s", r.Payload, r.LogTail)
		}
	})
}

// Links lead where they say, in the sandbox.
func TestLinksOfPackages(t *testing.T) {
	h := isolated(t)
	code := h.stored(item{"app.py", `
import os, shared
def handler(e, c):
    os.makedirs("/tmp/cache", exist_ok=True)
    open("/var/task/cache/x", "w").write("kept")
    return [open("/tmp/cache/x").read(), open("/var/task/up").read(), shared.name, open("/var/task/host").readline(), os.path.exists("/var/task/state")]
`, 0o644}, item{"cache", "/tmp/cache", link}, item{"up", "../../opt/data.txt", link}, item{"shared.py", "/opt/python/lib/shared.py", link}, item{"host", "/etc/passwd", link},
		item{"state", filepath.Join(h.options.dir, "state"), link})
	layer := h.stored(item{"data.txt", "of the layer", 0o644}, item{"python/lib/shared.py", "name = 'shared'\n", 0o644})
	ref := h.deploy("f", "python3.13", "app.handler", map[string]string{"app.py": ""}, of(code, layer))
	if r := h.invoke(ref, `{}`); string(r.Payload) != `["kept", "of the layer", "shared", "root:x:0:0:root:/root:/sbin/nologin\n", false]` {
		t.Errorf("%s\n%s", r.Payload, r.LogTail)
	}
	ref = h.deploy("g", "provided.al2023", "x", map[string]string{"bootstrap": ""},
		of(h.stored(item{"bootstrap", "/opt/bin/start", link}), h.stored(item{"bin/start", "#!/bin/sh\necho started by a link\nexit 3\n", 0o755}, item{"extensions/e", "/opt/bin/extension", link}, item{"bin/extension", "#!/bin/sh\necho extended by a link\nexit 4\n", 0o755})))
	if r := h.invoke(ref, `{}`); !strings.Contains(string(r.LogTail), "extended by a link") {
		t.Errorf("%s\n%s", r.Payload, r.LogTail)
	}
	ref = h.deploy("i", "provided.al2023", "x", map[string]string{"bootstrap": ""},
		of(h.stored(item{"bootstrap", "/opt/bin/start", link}), h.stored(item{"bin/start", "#!/bin/sh\necho started by a link\nexit 3\n", 0o755})))
	if r := h.invoke(ref, `{}`); !strings.Contains(string(r.LogTail), "started by a link") {
		t.Errorf("%s\n%s", r.Payload, r.LogTail)
	}
}

// isolated is a host whose functions have a root of their own.
func isolated(t *testing.T) (h *host) {
	t.Helper()
	found := false
	levels(t, func(t *testing.T, o options) { found = found || o.driver == sandbox.NamespaceLevel })
	if !found {
		t.Skip("this host cannot isolate")
	}
	return newHost(t, options{driver: sandbox.NamespaceLevel, network: sandbox.PrivateNetwork})
}

// AWS: /var/runtime/bootstrap of the base images looks at the wrapper and ends
// with a line of its own.
func TestWrappersThatAreNone(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		h := newHost(t, o)
		code := h.stored(item{"app.py", "import os\ndef handler(e, c): return os.environ.get('WRAPPED')\n", 0o644},
			item{"nox", "#!/bin/sh\n", 0o644}, item{"wrap", "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n", 0o755}, item{"bare", "export WRAPPED=bare\nexec \"$@\"\n", 0o755})
		for wrapper, want := range map[string]struct{ payload, log string }{
			"/var/task/none": {`"Error: Runtime exited with error: exit status 127"`, "/none: does not exist\n"},
			"/var/task":      {`"Error: Runtime exited with error: exit status 127"`, ": does not exist\n"},
			"/var/task/nox":  {`"Error: Runtime exited with error: exit status 126"`, "/nox: is not an executable\n"},
			"wrap":           {`"Error: Runtime exited with error: exit status 127"`, "wrap: not found"},
			"./wrap":         {`"yes"`, ""},
			"/var/task/bare": {`"bare"`, ""},
		} {
			ref := h.deploy(strings.NewReplacer("/", "-", ".", "-").Replace("f"+wrapper), "python3.13", "app.handler", map[string]string{"app.py": ""}, of(code), func(f *execution.Function) {
				f.Latest.Environment = map[string]string{"AWS_LAMBDA_EXEC_WRAPPER": wrapper}
			})
			r := h.invoke(ref, `{}`)
			got := strings.ReplaceAll(string(r.Payload), "RequestId: "+r.RequestID+" ", "")
			if !strings.Contains(got, want.payload) || !strings.Contains(string(r.LogTail), want.log) {
				t.Errorf("%s: %s\n%s", wrapper, got, r.LogTail)
			}
			if strings.Contains(want.payload, "exited") && !strings.Contains(got, `"Runtime.ExitError"`) {
				t.Errorf("%s: %s", wrapper, got)
			}
		}
	})
}
