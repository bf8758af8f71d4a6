package conformance

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// newBucket makes a bucket and removes it, with what is in it, after the test.
func newBucket(t testing.TB) string {
	t.Helper()
	name := uniqueName("bucket")
	if _, err := s3Client().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal("create bucket:", err)
	}
	t.Cleanup(func() {
		out, err := s3Client().ListObjectsV2(cleanup(), &s3.ListObjectsV2Input{Bucket: &name})
		if err != nil {
			return
		}
		for _, o := range out.Contents {
			s3Client().DeleteObject(cleanup(), &s3.DeleteObjectInput{Bucket: &name, Key: o.Key})
		}
		s3Client().DeleteBucket(cleanup(), &s3.DeleteBucketInput{Bucket: &name})
	})
	return name
}

func putObject(t testing.TB, bucket, key, content string) {
	t.Helper()
	if _, err := s3Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
		t.Fatal("put object:", err)
	}
}

func getObject(t testing.TB, in *s3.GetObjectInput) string {
	t.Helper()
	out, err := s3Client().GetObject(t.Context(), in)
	if err != nil {
		t.Fatal("get object:", err)
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	return string(must(t, b, err))
}

func TestAnObjectComesBackAsItWasPut(t *testing.T) {
	bucket := newBucket(t)
	for _, key := range []string{"plain", "a/b/c.txt", "with space & plus+ü%25", "deep//double"} {
		putObject(t, bucket, key, "content of "+key)
		if got := getObject(t, &s3.GetObjectInput{Bucket: &bucket, Key: &key}); got != "content of "+key {
			t.Errorf("%s: %q", key, got)
		}
	}
	key := "plain"
	if got := getObject(t, &s3.GetObjectInput{Bucket: &bucket, Key: &key, Range: aws.String("bytes=0-6")}); got != "content" {
		t.Errorf("the range is %q", got)
	}
	head, err := s3Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil || aws.ToInt64(head.ContentLength) != int64(len("content of plain")) || aws.ToString(head.ETag) == "" {
		t.Errorf("%+v %v", head, err)
	}
}

func TestADeletedObjectIsGone(t *testing.T) {
	bucket, key := newBucket(t), "k"
	putObject(t, bucket, key, "content")
	if _, err := s3Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
	_, err := s3Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	wantFault(t, err, "NoSuchKey", "The specified key does not exist.")
}

func TestABucketThatIsNotEmptyCannotBeDeleted(t *testing.T) {
	bucket := newBucket(t)
	putObject(t, bucket, "k", "content")
	_, err := s3Client().DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &bucket})
	wantFault(t, err, "BucketNotEmpty", "The bucket you tried to delete is not empty")
}

func TestABucketThatDoesNotExistIsNamed(t *testing.T) {
	_, err := s3Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(uniqueName("none"))})
	wantFault(t, err, "NoSuchBucket", "The specified bucket does not exist")
}

func TestAListingFoldsPrefixesAndTurnsPages(t *testing.T) {
	bucket := newBucket(t)
	for i := range 5 {
		putObject(t, bucket, fmt.Sprintf("dir/%d", i), "x")
	}
	putObject(t, bucket, "top", "x")
	folded, err := s3Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Delimiter: aws.String("/")})
	if err != nil || len(folded.Contents) != 1 || len(folded.CommonPrefixes) != 1 || aws.ToString(folded.CommonPrefixes[0].Prefix) != "dir/" {
		t.Errorf("%+v %v", folded, err)
	}
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s3Client(), &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	if got := strings.Join(keys, " "); got != "dir/0 dir/1 dir/2 dir/3 dir/4 top" {
		t.Error(got)
	}
}

func TestPartsOfAnUploadBecomeOneObject(t *testing.T) {
	bucket, key := newBucket(t), "large"
	ctx := t.Context()
	upload, err := s3Client().CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	parts := [][]byte{bytes.Repeat([]byte("a"), 5<<20), []byte("the end")}
	var done []types.CompletedPart
	for i, part := range parts {
		number := int32(i + 1)
		out, err := s3Client().UploadPart(ctx, &s3.UploadPartInput{Bucket: &bucket, Key: &key, UploadId: upload.UploadId, PartNumber: &number, Body: bytes.NewReader(part)})
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, types.CompletedPart{PartNumber: &number, ETag: out.ETag})
	}
	whole, err := s3Client().CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: &bucket, Key: &key, UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
	if err != nil {
		t.Fatal(err)
	}
	if tag := strings.Trim(aws.ToString(whole.ETag), `"`); !strings.HasSuffix(tag, "-2") {
		t.Errorf("the ETag is %q", tag)
	}
	if got := getObject(t, &s3.GetObjectInput{Bucket: &bucket, Key: &key}); got != string(bytes.Join(parts, nil)) {
		t.Errorf("%d bytes came back", len(got))
	}
}
