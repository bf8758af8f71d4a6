package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/aws"
)

const helloSource = "def handler(event, context):\n    return 'hello'\n"

// through is a function that answers what a link leads it to. Then it writes
// there: to its own /tmp, if anywhere.
var through = entry{name: "app.py", content: `
import os
def handler(event, context):
    try:
        return open("/var/task/out").read()
    except OSError:
        pass
    for harm in (lambda: open("/var/task/out", "w").write("harmed"), lambda: os.chmod("/var/task/out", 0o777), lambda: os.unlink(os.readlink("/var/task/out"))):
        try:
            harm()
        except OSError:
            pass
    return "hello"
`}

var hello = entry{name: "app.py", content: helloSource}

// bomb is a package of an entry that unpacks to a size.
func bomb(t testing.TB, size int64) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f := must(w.Create("zeros"))(t)
	must(io.CopyN(f, zeros{}, size))(t)
	f = must(w.Create("app.py"))(t)
	must(io.WriteString(f, helloSource))(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// lying makes a package's directory and headers claim that its entries are
// small.
func lying(b []byte) []byte {
	b = bytes.Clone(b)
	for _, h := range []struct {
		magic string
		at    int
	}{{"PK\x03\x04", 22}, {"PK\x01\x02", 24}} {
		for from := 0; ; {
			i := bytes.Index(b[from:], []byte(h.magic))
			if i < 0 || from+i+h.at+4 > len(b) {
				break
			}
			from += i
			binary.LittleEndian.PutUint32(b[from+h.at:], 1)
			from += 4
		}
	}
	return b
}

func manyEntries(t testing.TB, n int) []byte {
	entries := make([]entry, n, n+1)
	for i := range entries {
		entries[i] = entry{name: fmt.Sprintf("d%d/f%d", i%100, i)}
	}
	return zipped(t, append(entries, hello)...)
}

// What becomes of a package.
const (
	refused = "refused" // when the function is created
	fails   = "fails"   // when it is run, and the error says why
	runs    = "runs"
)

// TestHostilePackages creates functions of packages that mean harm, and runs
// those that are taken. Nothing appears outside a package's directory, and the
// server serves on.
func TestHostilePackages(t *testing.T) {
	home := newSite(t)
	p := home.start(t)
	p.createTestRole(t)
	outside := filepath.Join(home.dir, "outside")
	if err := os.WriteFile(outside, []byte("untouched"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := func(name, target string) entry { return entry{name, target, fs.ModeSymlink | 0o777} }
	for i, c := range []struct {
		name string
		code []byte
		want string
	}{
		{"no ZIP file", []byte("this is no ZIP file"), refused},
		{"nothing", []byte{}, refused},
		{"a ZIP file cut in half", zipped(t, hello)[:60], refused},
		{"a name that climbs", zipped(t, hello, entry{name: "../outside", content: "x"}), refused},
		{"a name that climbs far", zipped(t, hello, entry{name: strings.Repeat("../", 30) + strings.TrimPrefix(outside, "/"), content: "x"}), refused},
		{"a name that goes down and climbs", zipped(t, hello, entry{name: "a/../../outside", content: "x"}), refused},
		{"a name that climbs by backslashes", zipped(t, hello, entry{name: `..\outside`, content: "x"}), refused},
		{"an absolute name", zipped(t, hello, entry{name: outside, content: "x"}), refused},
		{"a name with a NUL", zipped(t, hello, entry{name: "a\x00b", content: "x"}), refused},
		{"a name with a drive", zipped(t, hello, entry{name: `C:\outside`, content: "x"}), runs},
		{"an endless name", zipped(t, hello, entry{name: strings.Repeat("a", 5000), content: "x"}), refused},
		{"a symbolic link that leads out", zipped(t, through, link("out", "../../../../../../outside")), runs},
		{"a symbolic link to an absolute name", zipped(t, through, link("out", outside)), runs},
		{"a symbolic link to the server's own memory", zipped(t, through, link("out", fmt.Sprintf("/proc/%d/environ", os.Getpid()))), runs},
		{"a symbolic link in place of the code", zipped(t, link("app.py", outside)), fails},
		{"a file through a symbolic link", zipped(t, hello, link("d", ".."), entry{name: "d/outside", content: "x"}), refused},
		{"a file through two symbolic links", zipped(t, hello, link("a", "."), link("a/b", ".."), entry{name: "a/b/outside", content: "x"}), refused},
		{"a symbolic link to itself", zipped(t, hello, link("loop", "loop")), runs},
		{"a device", zipped(t, hello, entry{"null", "", fs.ModeDevice | fs.ModeCharDevice | 0o666}), refused},
		{"a named pipe", zipped(t, hello, entry{"pipe", "", fs.ModeNamedPipe | 0o666}), refused},
		{"a file that runs as its owner", zipped(t, hello, entry{"setuid", "x", fs.ModeSetuid | 0o777}), runs},
		{"a file and a directory of one name", zipped(t, hello, entry{name: "a", content: "x"}, entry{name: "a/b", content: "x"}), refused},
		{"two files of one name", zipped(t, entry{name: "app.py", content: "raise SystemExit"}, hello), runs},
		{"names that differ in case", zipped(t, hello, entry{name: "APP.PY", content: "raise SystemExit"}), runs},
		{"300 MB in a few bytes", bomb(t, 300<<20), refused},
		{"300 MB in a few bytes that claim to be one", lying(bomb(t, 300<<20)), fails},
		{"100,000 entries", manyEntries(t, 99_999), runs},
		{"directories of great depth", zipped(t, hello, entry{name: strings.Repeat("a/", 2000) + "b", content: "x"}), refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := fmt.Sprintf("hostile-%d", i)
			_, err := createFunction(t.Context(), p, functionSpec{name: name, code: c.code, timeout: 30})
			if err != nil {
				if f := aws.AsFault(err); f == nil || f.Status != 400 || f.Message == "" {
					t.Errorf("it is refused with %v", err)
				}
				if c.want == runs {
					t.Errorf("it is refused: %v", err)
				}
				return
			}
			if c.want == refused {
				t.Error("it is taken")
			}
			began := time.Now()
			r, err := invoke(t.Context(), p, name, "RequestResponse", "{}")
			switch f := aws.AsFault(err); {
			case err == nil && c.want == runs:
				if string(r.Payload) != `"hello"` {
					t.Errorf("it answers %s", r.Payload)
				}
			case err == nil && r.FunctionError == nil:
				t.Errorf("it runs, and answers %s", r.Payload)
			case err != nil && (f == nil || f.Code == "InternalFailure" || f.Code == "ServiceException" && f.Message == ""):
				t.Errorf("the error says nothing: %v", err)
			case err != nil:
				t.Logf("%v", err)
			default:
				t.Logf("%s", r.Payload)
			}
			if took := time.Since(began); took > patience {
				t.Errorf("it took %v", took)
			}
			if err := deleteFunction(t.Context(), p, name); err != nil {
				t.Error(err)
			}
		})
	}
	if info, err := os.Stat(outside); err != nil || info.Mode() != 0o640 {
		t.Errorf("a file outside is now %v (%v)", info, err)
	}
	if b, err := os.ReadFile(outside); err != nil || string(b) != "untouched" {
		t.Errorf("a file outside holds %q (%v)", b, err)
	}
	for _, name := range files(t, home.dir) {
		if strings.HasSuffix(name, "outside") && name != "outside" && !strings.HasSuffix(name, "/C:/outside") {
			t.Errorf("a package wrote %s", name)
		}
		if b := filepath.Base(name); strings.HasPrefix(b, ".new-") || strings.HasPrefix(b, ".zip-") {
			t.Errorf("unpacking left %s", name)
		}
	}
	p.alive(t)
	if f := functions(t, p); len(f) > 0 {
		t.Errorf("functions remain: %v", f)
	}
	must(createFunction(t.Context(), p, functionSpec{name: "good", code: zipped(t, hello)}))(t)
	if r, err := invoke(t.Context(), p, "good", "RequestResponse", "{}"); err != nil || string(r.Payload) != `"hello"` {
		t.Errorf("a good function answers %v (%v)", r, err)
	}
	p.stop(t)
}
