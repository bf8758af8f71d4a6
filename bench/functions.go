package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A function is the same small function for one runtime.
type function struct {
	name    string
	runtime string
	handler string
	files   map[string]string // content by name
	binary  []byte            // of a custom runtime, as bootstrap
	image   string            // where the image is, instead of a package
	streams bool
}

const nodeHandler = `exports.handler = async (event) => ({
  statusCode: 200,
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ message: "Hello, World!", path: event.path }),
});
`

const pythonHandler = `import json

def handler(event, context):
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": "Hello, World!", "path": event["path"]}),
    }
`

// functions are the same function for Node, Python and as a binary.
func (b *bench) functions() ([]function, error) {
	native, err := nativeFunction(b.dir)
	return []function{nodeFunction(), pythonFunction(), native}, err
}

func nodeFunction() function {
	return function{name: "node", runtime: "nodejs20.x", handler: "index.handler", files: map[string]string{"index.js": nodeHandler}}
}

func pythonFunction() function {
	return function{name: "python", runtime: "python3.11", handler: "app.handler", files: map[string]string{"app.py": pythonHandler}}
}

// nativeFunction builds the function on AWS's own library for Go.
func nativeFunction(dir string) (function, error) {
	binary := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", binary, "./bench/native")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return function{}, fmt.Errorf("build the native function: %w\n%s", err, out)
	}
	content, err := os.ReadFile(binary)
	return function{name: "native", runtime: "provided.al2023", handler: "bootstrap", binary: content}, err
}

// zipped returns the function's deployment package. The salt makes it a package
// of its own.
func (f *function) zipped(salt string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add := func(name string, mode os.FileMode, content []byte) error {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(mode)
		e, err := w.CreateHeader(h)
		if err == nil {
			_, err = e.Write(content)
		}
		return err
	}
	for name, content := range f.files {
		if err := add(name, 0o644, []byte(content)); err != nil {
			return nil, err
		}
	}
	if f.binary != nil {
		if err := add("bootstrap", 0o755, f.binary); err != nil {
			return nil, err
		}
	}
	if err := add("salt", 0o644, []byte(salt)); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}
