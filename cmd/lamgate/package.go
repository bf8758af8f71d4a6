package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/api/sts"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// A codeReference is a place in a template that names local code, which must be
// uploaded before the template can be deployed.
type codeReference struct {
	function string // logical ID; empty in Globals
	node     *template.Node
	path     string                          // on disk
	replace  func(bucket, key string) string // what stands there once it is uploaded
	layer    bool                            // it is a layer's, and function is the layer's logical ID
}

// codeReferences finds the local code that a template names. The same node may
// serve several functions, through Globals.
func codeReferences(root *template.Node, dir string) []codeReference {
	var list []codeReference
	add := func(function string, n *template.Node, replace func(bucket, key string) string) {
		if n == nil || n.Kind != template.String || strings.HasPrefix(n.Text, "s3://") || strings.Contains(n.Text, "://") {
			return
		}
		path := filepath.FromSlash(n.Text)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		list = append(list, codeReference{function: function, node: n, path: path, replace: replace})
	}
	addLayer := func(layer string, n *template.Node, replace func(bucket, key string) string) {
		before := len(list)
		if add(layer, n, replace); len(list) > before {
			list[before].layer = true
		}
	}
	uri := func(bucket, key string) string { return quote("s3://" + bucket + "/" + key) }
	location := func(bucket, key string) string {
		return fmt.Sprintf(`{"S3Bucket": %s, "S3Key": %s}`, quote(bucket), quote(key))
	}
	add("", root.At("Globals", "Function", "CodeUri"), uri)
	if resources := root.Get("Resources"); resources != nil {
		for _, r := range resources.Fields {
			switch kind := r.Value.Get("Type"); {
			case kind.IsString("AWS::Serverless::Function"):
				add(r.Key, r.Value.At("Properties", "CodeUri"), uri)
			case kind.IsString("AWS::Lambda::Function"):
				add(r.Key, r.Value.At("Properties", "Code"), location)
			case kind.IsString("AWS::Serverless::LayerVersion"):
				addLayer(r.Key, r.Value.At("Properties", "ContentUri"), uri)
			case kind.IsString("AWS::Lambda::LayerVersion"):
				addLayer(r.Key, r.Value.At("Properties", "Content"), location)
			}
		}
	}
	return list
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always has a JSON form
	return string(b)
}

// A packager uploads local code to a bucket of its own.
type packager struct {
	client   *client
	bucket   string
	uploaded map[string]bool              // by key
	live     map[string][sha256.Size]byte // sums of what functions have, by path
}

// isNew reports whether functions do not have the code of a path yet, and notes
// that they are given it.
func (p *packager) isNew(path string, code []byte) bool {
	sum := sha256.Sum256(code)
	if before, ok := p.live[path]; ok && before == sum {
		return false
	}
	if p.live == nil {
		p.live = map[string][sha256.Size]byte{}
	}
	p.live[path] = sum
	return true
}

// forget has the code of a path given to functions again.
func (p *packager) forget(path string) { delete(p.live, path) }

// open makes the bucket if there is none.
func (p *packager) open(ctx context.Context) error {
	if p.bucket != "" {
		return nil
	}
	identity, err := call[sts.GetCallerIdentityResponse](ctx, p.client, &sts.Service, "GetCallerIdentity", &sts.GetCallerIdentityRequest{})
	if err != nil {
		return err
	}
	bucket := "lamgate-up-" + aws.Value(identity.Account) + "-" + p.client.region
	in := &s3.CreateBucketRequest{Bucket: &bucket}
	if p.client.region != aws.DefaultRegion {
		in.CreateBucketConfiguration = &s3.CreateBucketConfiguration{LocationConstraint: &p.client.region}
	}
	_, err = call[s3.CreateBucketOutput](ctx, p.client, &s3.Service, "CreateBucket", in)
	if err != nil && !aws.HasCode(err, "BucketAlreadyOwnedByYou") {
		return err
	}
	p.bucket, p.uploaded = bucket, map[string]bool{}
	return nil
}

// upload stores a deployment package under a key made of its content, so that
// code that has not changed leaves the template as it was.
func (p *packager) upload(ctx context.Context, code []byte) (bucket, key string, err error) {
	if err := p.open(ctx); err != nil {
		return "", "", err
	}
	key = fmt.Sprintf("%x.zip", sha256.Sum256(code))
	if p.uploaded[key] {
		return p.bucket, key, nil
	}
	_, err = call[s3.PutObjectOutput](ctx, p.client, &s3.Service, "PutObject", &s3.PutObjectRequest{
		Bucket: &p.bucket, Key: &key, Body: io.NopCloser(bytes.NewReader(code)), ContentLength: new(int64(len(code))),
	})
	p.uploaded[key] = err == nil
	return p.bucket, key, err
}

// pack uploads the code that a template names and returns the template with
// the places filled in. Every line stays where it was, so that what the server
// says of a line is true of the file.
func (p *packager) pack(ctx context.Context, body string, refs []codeReference) (string, error) {
	type edit struct {
		offset, length int
		text           string
	}
	var edits []edit
	for _, r := range refs {
		code, err := zipCode(r.path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("line %d, column %d: %s is not there: if it is what a build makes, build the code first (make, mvn, cargo …); if not, correct the path", r.node.Line, r.node.Column, r.node.Text)
		}
		if err != nil {
			return "", fmt.Errorf("line %d, column %d: package %s: %w", r.node.Line, r.node.Column, r.node.Text, err)
		}
		bucket, key, err := p.upload(ctx, code)
		if err != nil {
			return "", err
		}
		p.isNew(r.path, code)
		offset, length, err := spanOf(body, r.node)
		if err != nil {
			return "", err
		}
		edits = append(edits, edit{offset, length, r.replace(bucket, key)})
	}
	sort.Slice(edits, func(i, j int) bool { return edits[i].offset > edits[j].offset })
	for _, e := range edits {
		body = body[:e.offset] + e.text + body[e.offset+e.length:]
	}
	return body, nil
}

// spanOf finds a string's text in the template it was read from: one line,
// quoted or plain.
func spanOf(body string, n *template.Node) (offset, length int, err error) {
	for line := 1; line < n.Line; line++ {
		i := strings.IndexByte(body[offset:], '\n')
		if i < 0 {
			return 0, 0, fmt.Errorf("the template changed while it was read")
		}
		offset += i + 1
	}
	// Columns count characters.
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(body[offset:])
		offset += size
	}
	rest := body[offset:]
	candidates := []string{n.Text, "'" + strings.ReplaceAll(n.Text, "'", "''") + "'", `"` + n.Text + `"`, quote(n.Text)}
	for _, c := range candidates {
		if strings.HasPrefix(rest, c) {
			return offset, len(c), nil
		}
	}
	return 0, 0, fmt.Errorf("line %d, column %d: write the path to the code on one line, as it is or in quotes", n.Line, n.Column)
}

// packageTime is the time of every file in a package: the same code makes the
// same package.
var packageTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zipCode makes a deployment package of a directory or of one file; a ZIP file
// is one already.
func zipCode(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(filepath.Ext(path), ".zip") || strings.EqualFold(filepath.Ext(path), ".jar") {
			return content, nil
		}
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		if err := addFile(w, info.Name(), info.Mode(), content); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		return b.Bytes(), nil
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	// WalkDir goes in lexical order.
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == path {
			return err
		}
		name, err := filepath.Rel(path, file)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if ignored(entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(file)
			if err != nil {
				return err
			}
			return addFile(w, filepath.ToSlash(name), info.Mode(), []byte(target))
		case !info.Mode().IsRegular():
			return nil
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return addFile(w, filepath.ToSlash(name), info.Mode(), content)
	})
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// ignored reports whether a directory is no part of anybody's code.
func ignored(name string) bool { return name == ".git" || name == "__pycache__" || name == ".aws-sam" }

func addFile(w *zip.Writer, name string, mode fs.FileMode, content []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packageTime}
	if mode.IsRegular() {
		// Whoever else may read it must not decide what the package is.
		mode = 0o644 | mode&0o111
	}
	h.SetMode(mode)
	f, err := w.CreateHeader(h)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return err
}
