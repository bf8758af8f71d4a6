package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
)

// A fixture is a Service on a store of its own with the bucket "b".
type fixture struct {
	*Service
	t     *testing.T
	ctx   context.Context
	store *state.Store
	clock *aws.ManualClock
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store := statetest.Open(t)
	clock := aws.NewManualClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	f := &fixture{t: t, ctx: t.Context(), store: store, clock: clock}
	roles := policy.NewRoles(store.Documents(), func(key string, err error) { t.Errorf("%s: %v", key, err) })
	t.Cleanup(roles.Close)
	f.Service = New(f.ctx, Config{Documents: store.Documents(), Blobs: store.Blobs(), Roles: roles, Clock: clock, Log: slog.New(slog.DiscardHandler)})
	if _, err := f.CreateBucket(f.ctx, &s3.CreateBucketRequest{Bucket: new("bkt")}); err != nil {
		t.Fatal(err)
	}
	return f
}

func body(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

func (f *fixture) put(key, content string) *s3.PutObjectOutput {
	f.t.Helper()
	out, err := f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: &key, Body: body(content)})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func (f *fixture) get(in s3.GetObjectRequest) (string, *s3.GetObjectOutput, error) {
	f.t.Helper()
	if in.Bucket == nil {
		in.Bucket = new("bkt")
	}
	out, err := f.GetObject(f.ctx, &in)
	if err != nil {
		return "", nil, err
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b), out, nil
}

func expect(t *testing.T, err error, code string) {
	t.Helper()
	if !aws.HasCode(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestBuckets(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"B", "a", "a..b", "192.168.1.1", "-ab", strings.Repeat("a", 64)} {
		_, err := f.CreateBucket(f.ctx, &s3.CreateBucketRequest{Bucket: &name})
		expect(t, err, "InvalidBucketName")
	}
	other := aws.WithCaller(f.ctx, aws.Caller{Account: "111111111111", Region: "eu-west-1"})
	_, err := f.CreateBucket(other, &s3.CreateBucketRequest{Bucket: new("bkt")})
	expect(t, err, "BucketAlreadyExists")
	_, err = f.HeadBucket(other, &s3.HeadBucketRequest{Bucket: new("bkt")})
	expect(t, err, "AccessDenied")
	if _, err := f.CreateBucket(f.ctx, &s3.CreateBucketRequest{Bucket: new("bkt")}); err != nil {
		t.Errorf("one's own bucket, again, in us-east-1: %v", err)
	}
	if _, err := f.CreateBucket(other, &s3.CreateBucketRequest{Bucket: new("far")}); err != nil {
		t.Fatal(err)
	}
	_, err = f.CreateBucket(other, &s3.CreateBucketRequest{Bucket: new("far")})
	expect(t, err, "BucketAlreadyOwnedByYou")
	l, err := f.GetBucketLocation(other, &s3.GetBucketLocationRequest{Bucket: new("far")})
	if err != nil || *l.LocationConstraint != "eu-west-1" {
		t.Errorf("%v, %v", l, err)
	}
	list, err := f.ListBuckets(f.ctx, &s3.ListBucketsRequest{})
	if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != "bkt" {
		t.Errorf("%+v, %v", list, err)
	}
	f.put("k", "v")
	_, err = f.DeleteBucket(f.ctx, &s3.DeleteBucketRequest{Bucket: new("bkt")})
	expect(t, err, "BucketNotEmpty")
	if _, err := f.DeleteObject(f.ctx, &s3.DeleteObjectRequest{Bucket: new("bkt"), Key: new("k")}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.DeleteBucket(f.ctx, &s3.DeleteBucketRequest{Bucket: new("bkt")}); err != nil {
		t.Fatal(err)
	}
	_, err = f.HeadBucket(f.ctx, &s3.HeadBucketRequest{Bucket: new("bkt")})
	expect(t, err, "NoSuchBucket")
}

func TestObjects(t *testing.T) {
	f := newFixture(t)
	out := f.put("dir//odd key", "hello world")
	if *out.ETag != `"5eb63bbbe01eeed093cb22bb8f5acdc3"` {
		t.Error(*out.ETag)
	}
	content, got, err := f.get(s3.GetObjectRequest{Key: new("dir//odd key")})
	if err != nil || content != "hello world" || *got.ContentType != "binary/octet-stream" || *got.ContentLength != 11 || got.ContentRange != nil {
		t.Fatalf("%q %+v %v", content, got, err)
	}
	ranges := []struct{ header, want, contentRange string }{
		{"bytes=0-4", "hello", "bytes 0-4/11"},
		{"bytes=6-", "world", "bytes 6-10/11"},
		{"bytes=-3", "rld", "bytes 8-10/11"},
		{"bytes=6-99", "world", "bytes 6-10/11"},
		{"lines=1-2", "hello world", ""},
	}
	for _, r := range ranges {
		content, got, err := f.get(s3.GetObjectRequest{Key: new("dir//odd key"), Range: &r.header})
		if err != nil || content != r.want || aws.Value(got.ContentRange) != r.contentRange {
			t.Errorf("%s: %q %v %v", r.header, content, aws.Value(got.ContentRange), err)
		}
	}
	_, _, err = f.get(s3.GetObjectRequest{Key: new("dir//odd key"), Range: new("bytes=11-")})
	expect(t, err, "InvalidRange")
	_, _, err = f.get(s3.GetObjectRequest{Key: new("none")})
	expect(t, err, "NoSuchKey")
	_, _, err = f.get(s3.GetObjectRequest{Bucket: new("none"), Key: new("k")})
	expect(t, err, "NoSuchBucket")
	_, _, err = f.get(s3.GetObjectRequest{Key: new("dir//odd key"), IfNoneMatch: out.ETag})
	expect(t, err, "NotModified")
	_, _, err = f.get(s3.GetObjectRequest{Key: new("dir//odd key"), IfMatch: new(`"x"`)})
	expect(t, err, "PreconditionFailed")

	_, err = f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: new("dir//odd key"), Body: body("x"), IfNoneMatch: new("*")})
	expect(t, err, "PreconditionFailed")
	_, err = f.CopyObject(f.ctx, &s3.CopyObjectRequest{Bucket: new("bkt"), Key: new("copy"), CopySource: new("bkt/dir%2F%2Fodd%20key")})
	if err != nil {
		t.Fatal(err)
	}
	if content, _, _ := f.get(s3.GetObjectRequest{Key: new("copy")}); content != "hello world" {
		t.Errorf("copied %q", content)
	}
}

func TestWhatGuardsObjectsIsRefused(t *testing.T) {
	f := newFixture(t)
	put := func(in s3.PutObjectRequest) error {
		in.Bucket, in.Key, in.Body = new("bkt"), new("k"), body("x")
		_, err := f.PutObject(f.ctx, &in)
		return err
	}
	expect(t, put(s3.PutObjectRequest{ACL: new("public-read")}), "AccessControlListNotSupported")
	expect(t, put(s3.PutObjectRequest{SSECustomerKey: new("k")}), "NotImplemented")
	expect(t, put(s3.PutObjectRequest{ServerSideEncryption: new("aws:kms")}), "NotImplemented")
	expect(t, put(s3.PutObjectRequest{ObjectLockMode: new("GOVERNANCE")}), "NotImplemented")
	if _, _, err := f.get(s3.GetObjectRequest{Key: new("k")}); err == nil {
		t.Error("an object that was refused is there")
	}
}

// brokenBody breaks off as a client does that goes away.
type brokenBody struct{ io.Reader }

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestABodyThatBreaksOffLeavesNothing(t *testing.T) {
	f := newFixture(t)
	f.put("k", "before")
	_, err := f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: new("k"), Body: io.NopCloser(brokenBody{strings.NewReader("after")})})
	if err == nil {
		t.Fatal("accepted")
	}
	if content, _, _ := f.get(s3.GetObjectRequest{Key: new("k")}); content != "before" {
		t.Errorf("the object is now %q", content)
	}
	if n := len(f.store.Blobs().List(blobsPrefix)); n != 1 {
		t.Errorf("%d blobs, want 1", n)
	}
}

func TestListObjects(t *testing.T) {
	f := newFixture(t)
	for _, key := range []string{"a.txt", "dir/1", "dir/2", "dir/sub/3", "z%", "é"} {
		f.put(key, "x")
	}
	list := func(in s3.ListObjectsV2Request) (keys, prefixes string, out *s3.ListObjectsV2Output) {
		in.Bucket = new("bkt")
		out, err := f.ListObjectsV2(f.ctx, &in)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out.Contents {
			keys += *o.Key + " "
		}
		for _, p := range out.CommonPrefixes {
			prefixes += *p.Prefix + " "
		}
		return keys, prefixes, out
	}
	if keys, _, _ := list(s3.ListObjectsV2Request{}); keys != "a.txt dir/1 dir/2 dir/sub/3 z% é " {
		t.Error(keys)
	}
	keys, prefixes, out := list(s3.ListObjectsV2Request{Delimiter: new("/")})
	if keys != "a.txt z% é " || prefixes != "dir/ " || *out.KeyCount != 4 {
		t.Error(keys, prefixes, *out.KeyCount)
	}
	if keys, prefixes, _ := list(s3.ListObjectsV2Request{Delimiter: new("/"), Prefix: new("dir/")}); keys != "dir/1 dir/2 " || prefixes != "dir/sub/ " {
		t.Error(keys, prefixes)
	}
	// Page by page everything comes once.
	for _, size := range []int32{1, 2, 3} {
		var all string
		in := s3.ListObjectsV2Request{Delimiter: new("/"), MaxKeys: &size}
		for range 10 {
			keys, prefixes, out := list(in)
			all += keys + prefixes
			if !*out.IsTruncated {
				break
			}
			in.ContinuationToken = out.NextContinuationToken
		}
		if got := strings.Fields(all); len(got) != 4 {
			t.Errorf("pages of %d: %s", size, all)
		}
	}
}

func TestMultipartUpload(t *testing.T) {
	f := newFixture(t)
	up, err := f.CreateMultipartUpload(f.ctx, &s3.CreateMultipartUploadRequest{Bucket: new("bkt"), Key: new("big"), ContentType: new("text/plain")})
	if err != nil {
		t.Fatal(err)
	}
	var parts []s3.CompletedPart
	var want bytes.Buffer
	for i, size := range []int{5 << 20, 100} {
		content := strings.Repeat(fmt.Sprint(i), size)
		want.WriteString(content)
		p, err := f.UploadPart(f.ctx, &s3.UploadPartRequest{Bucket: new("bkt"), Key: new("big"), UploadId: up.UploadId, PartNumber: new(int32(i + 1)), Body: body(content)})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, s3.CompletedPart{PartNumber: new(int32(i + 1)), ETag: p.ETag})
	}
	complete := func(parts ...s3.CompletedPart) (*s3.CompleteMultipartUploadOutput, error) {
		return f.CompleteMultipartUpload(f.ctx, &s3.CompleteMultipartUploadRequest{Bucket: new("bkt"), Key: new("big"), UploadId: up.UploadId, MultipartUpload: &s3.CompletedMultipartUpload{Parts: parts}})
	}
	_, err = complete(parts[1], parts[0])
	expect(t, err, "InvalidPartOrder")
	_, err = complete(s3.CompletedPart{PartNumber: new(int32(7)), ETag: new("x")})
	expect(t, err, "InvalidPart")
	out, err := complete(parts...)
	if err != nil || !strings.HasSuffix(*out.ETag, `-2"`) {
		t.Fatal(out, err)
	}
	if content, got, err := f.get(s3.GetObjectRequest{Key: new("big")}); err != nil || content != want.String() || *got.ContentType != "text/plain" {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	_, err = complete(parts...)
	expect(t, err, "NoSuchUpload")
	if n := len(f.store.Blobs().List(blobsPrefix)); n != 1 {
		t.Errorf("%d blobs, want that of the object alone", n)
	}
}

func TestDeleteObjects(t *testing.T) {
	f := newFixture(t)
	f.put("a", "1")
	f.put("b", "2")
	out, err := f.DeleteObjects(f.ctx, &s3.DeleteObjectsRequest{Bucket: new("bkt"), Delete: &s3.Delete{Objects: []s3.ObjectIdentifier{{Key: new("a")}, {Key: new("none")}, {Key: new("b"), VersionId: new("7")}}}})
	if err != nil || len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Code != "NotImplemented" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestWhoOwnsTheBucketIsChecked(t *testing.T) {
	f := newFixture(t)
	f.put("k", "v")
	own, other := new(aws.CallerFrom(f.ctx).Account), new("111111111111")
	for name, call := range map[string]func(owner *string) error{
		"HeadBucket": func(o *string) error {
			_, err := f.HeadBucket(f.ctx, &s3.HeadBucketRequest{Bucket: new("bkt"), ExpectedBucketOwner: o})
			return err
		},
		"PutObject": func(o *string) error {
			_, err := f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: new("x"), ExpectedBucketOwner: o})
			return err
		},
		"GetObject": func(o *string) error {
			_, _, err := f.get(s3.GetObjectRequest{Key: new("k"), ExpectedBucketOwner: o})
			return err
		},
		"CopyObject, of the source": func(o *string) error {
			_, err := f.CopyObject(f.ctx, &s3.CopyObjectRequest{Bucket: new("bkt"), Key: new("x"), CopySource: new("bkt/k"), ExpectedSourceBucketOwner: o})
			return err
		},
		"ListObjectsV2": func(o *string) error {
			_, err := f.ListObjectsV2(f.ctx, &s3.ListObjectsV2Request{Bucket: new("bkt"), ExpectedBucketOwner: o})
			return err
		},
		"DeleteObject": func(o *string) error {
			_, err := f.DeleteObject(f.ctx, &s3.DeleteObjectRequest{Bucket: new("bkt"), Key: new("x"), ExpectedBucketOwner: o})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, call(other), "AccessDenied")
			if err := call(own); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsSaidOfAnObjectIsKept(t *testing.T) {
	f := newFixture(t)
	if _, err := f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: new("k"), Expires: new("Thu, 01 Jan 2026 00:00:00 GMT"), StorageClass: new("STANDARD_IA")}); err != nil {
		t.Fatal(err)
	}
	head, err := f.HeadObject(f.ctx, &s3.HeadObjectRequest{Bucket: new("bkt"), Key: new("k")})
	if err != nil || *head.Expires != "Thu, 01 Jan 2026 00:00:00 GMT" || *head.StorageClass != "STANDARD_IA" {
		t.Errorf("%+v, %v", head, err)
	}
	_, err = f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: new("k"), StorageClass: new("GLACIER")})
	expect(t, err, "NotImplemented")
	_, err = f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: new("k"), IfNoneMatch: new(`"tag"`)})
	expect(t, err, "NotImplemented")
}
