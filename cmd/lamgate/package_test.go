package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/control/cloudformation/template"
)

func TestCodeReferencesAreReplacedWhereTheyStand(t *testing.T) {
	body := `# é: columns count characters
Globals:
  Function: {CodeUri: "glo bal/"}
Resources:
  A:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./a   # the first
      Handler: x
  B: {Type: AWS::Lambda::Function, Properties: {Code: 'it''s/', Runtime: python3.13}}
  C:
    Type: AWS::Lambda::Function
    Properties:
      Code:
        ZipFile: inline
  D:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: "s3://there/already.zip"}
  E:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer/}
  F:
    Type: AWS::Lambda::LayerVersion
    Properties:
      Content: other
`
	root, err := template.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	refs := codeReferences(root, "/dir")
	var got []string
	for _, r := range refs {
		text := r.function + "=" + r.path
		if r.layer {
			text += " (layer)"
		}
		got = append(got, text)
		offset, length, err := spanOf(body, r.node)
		if err != nil {
			t.Fatal(err)
		}
		if quoted := strings.Trim(body[offset:offset+length], `"'`); strings.ReplaceAll(quoted, "''", "'") != r.node.Text {
			t.Errorf("the span of %q is %q", r.node.Text, body[offset:offset+length])
		}
	}
	if want := "=/dir/glo bal A=/dir/a B=/dir/it's E=/dir/layer (layer) F=/dir/other (layer)"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if text := refs[2].replace("bkt", "k.zip"); text != `{"S3Bucket": "bkt", "S3Key": "k.zip"}` {
		t.Error(text)
	}
}

func TestZipCode(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app.py"), "x = 1")
	write(t, filepath.Join(dir, "bin", "tool"), "#!")
	write(t, filepath.Join(dir, "__pycache__", "app.pyc"), "")
	write(t, filepath.Join(dir, ".git", "HEAD"), "")
	if err := os.Chmod(filepath.Join(dir, "bin", "tool"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("app.py", filepath.Join(dir, "link.py")); err != nil {
		t.Fatal(err)
	}
	first, err := zipCode(dir)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, f := range archive.File {
		entries = append(entries, f.Mode().String()+" "+f.Name)
	}
	if got, want := strings.Join(entries, ", "), "-rw-r--r-- app.py, -rwxr--r-- bin/tool, Lrwxrwxrwx link.py"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	second, err := zipCode(dir)
	if err != nil || !bytes.Equal(first, second) {
		t.Error("the same code made another package")
	}
	alone, err := zipCode(filepath.Join(dir, "app.py"))
	if err != nil {
		t.Fatal(err)
	}
	if archive, err := zip.NewReader(bytes.NewReader(alone), int64(len(alone))); err != nil || len(archive.File) != 1 || archive.File[0].Name != "app.py" {
		t.Error("a file alone is not packaged under its name")
	}
	if _, err := zipCode(filepath.Join(dir, "none")); err == nil {
		t.Error("code that is not there was packaged")
	}
}
