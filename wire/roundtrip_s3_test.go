package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	sdks3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

type fakeS3 struct {
	objects map[string][]byte
	put     *s3.PutObjectRequest
}

func (f *fakeS3) PutObject(_ context.Context, in *s3.PutObjectRequest) (*s3.PutObjectOutput, error) {
	body, err := io.ReadAll(in.Body)
	if err != nil {
		return nil, err
	}
	f.put = in
	f.objects[*in.Bucket+"/"+*in.Key] = body
	return &s3.PutObjectOutput{ETag: new(`"etag"`)}, nil
}

func (f *fakeS3) UploadPart(context.Context, *s3.UploadPartRequest) (*s3.UploadPartOutput, error) {
	return &s3.UploadPartOutput{ETag: new(`"part"`)}, nil
}

func (f *fakeS3) GetObject(_ context.Context, in *s3.GetObjectRequest) (*s3.GetObjectOutput, error) {
	body, ok := f.objects[*in.Bucket+"/"+*in.Key]
	if !ok {
		return nil, aws.Faultf(404, "NoSuchKey", "The specified key does not exist.").With("Key", *in.Key)
	}
	return &s3.GetObjectOutput{
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: new(int64(len(body))),
		LastModified: &testTime, Metadata: map[string]string{"m": "1"},
	}, nil
}

func (f *fakeS3) HeadObject(_ context.Context, in *s3.HeadObjectRequest) (*s3.HeadObjectOutput, error) {
	body, ok := f.objects[*in.Bucket+"/"+*in.Key]
	if !ok {
		return nil, aws.Faultf(404, "NotFound", "Not Found")
	}
	return &s3.HeadObjectOutput{ContentLength: new(int64(len(body)))}, nil
}

func (f *fakeS3) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Request) (*s3.ListObjectsV2Output, error) {
	return &s3.ListObjectsV2Output{
		Name: in.Bucket, Prefix: in.Prefix, EncodingType: in.EncodingType,
		Contents: []s3.Object{{Key: new("a/b c+\x01"), LastModified: &testTime, Size: new(int64(3))}},
	}, nil
}

func (f *fakeS3) DeleteObjects(_ context.Context, in *s3.DeleteObjectsRequest) (*s3.DeleteObjectsOutput, error) {
	out := &s3.DeleteObjectsOutput{}
	for _, o := range in.Delete.Objects {
		out.Deleted = append(out.Deleted, s3.DeletedObject{Key: o.Key})
	}
	return out, nil
}

func (f *fakeS3) GetBucketLocation(context.Context, *s3.GetBucketLocationRequest) (*s3.GetBucketLocationOutput, error) {
	return &s3.GetBucketLocationOutput{LocationConstraint: new("eu-west-1")}, nil
}

func (f *fakeS3) ListBuckets(context.Context, *s3.ListBucketsRequest) (*s3.ListBucketsOutput, error) {
	return &s3.ListBucketsOutput{Buckets: []s3.Bucket{{Name: new("one"), CreationDate: &testTime}}, Owner: &s3.Owner{ID: new("me")}}, nil
}

func (f *fakeS3) CreateBucket(_ context.Context, in *s3.CreateBucketRequest) (*s3.CreateBucketOutput, error) {
	return &s3.CreateBucketOutput{Location: new("/" + *in.Bucket + "@" + *in.CreateBucketConfiguration.LocationConstraint)}, nil
}

func TestS3Client(t *testing.T) {
	ctx := t.Context()
	fake := &fakeS3{objects: map[string][]byte{}}
	server := newServer(t, map[string]any{"s3": fake})
	client := sdks3.NewFromConfig(sdkConfig(server), func(o *sdks3.Options) { o.UsePathStyle = true })
	bucket := sdkaws.String("bucket")

	keys := []string{"plain", "a/b//c/", "with space+plus%25&?=#é/..", "/leading"}
	for _, key := range keys {
		_, err := client.PutObject(ctx, &sdks3.PutObjectInput{
			Bucket: bucket, Key: &key, Body: strings.NewReader("content of " + key),
			Metadata: map[string]string{"Colour": "blue"}, ContentType: sdkaws.String("text/plain"),
		})
		if err != nil {
			t.Fatalf("PutObject %q: %v", key, err)
		}
		if *fake.put.Key != key || fake.put.Metadata["colour"] != "blue" || *fake.put.ContentLength != int64(len("content of "+key)) || fake.put.ContentEncoding != nil {
			t.Errorf("PutObject %q arrived as %+v", key, fake.put)
		}
		out, err := client.GetObject(ctx, &sdks3.GetObjectInput{Bucket: bucket, Key: &key})
		if err != nil {
			t.Fatalf("GetObject %q: %v", key, err)
		}
		body, err := io.ReadAll(out.Body)
		if err != nil || string(body) != "content of "+key || out.Metadata["m"] != "1" || !out.LastModified.Equal(testTime) {
			t.Errorf("GetObject %q = %q, %v, %+v", key, body, err, out)
		}
	}
	head, err := client.HeadObject(ctx, &sdks3.HeadObjectInput{Bucket: bucket, Key: &keys[0]})
	if err != nil || *head.ContentLength != int64(len("content of plain")) {
		t.Errorf("HeadObject = %+v, %v", head, err)
	}
	_, err = client.HeadObject(ctx, &sdks3.HeadObjectInput{Bucket: bucket, Key: sdkaws.String("none")})
	if _, ok := errors.AsType[*s3types.NotFound](err); !ok {
		t.Errorf("HeadObject of nothing: %v", err)
	}
	_, err = client.GetObject(ctx, &sdks3.GetObjectInput{Bucket: bucket, Key: sdkaws.String("none")})
	if _, ok := errors.AsType[*s3types.NoSuchKey](err); !ok {
		t.Errorf("GetObject of nothing: %v", err)
	}
	part, err := client.UploadPart(ctx, &sdks3.UploadPartInput{Bucket: bucket, Key: &keys[0], PartNumber: sdkaws.Int32(1), UploadId: sdkaws.String("u"), Body: strings.NewReader("x")})
	if err != nil || *part.ETag != `"part"` {
		t.Errorf("UploadPart = %+v, %v", part, err)
	}
	list, err := client.ListObjectsV2(ctx, &sdks3.ListObjectsV2Input{Bucket: bucket, Prefix: sdkaws.String("a b"), EncodingType: s3types.EncodingTypeUrl})
	if err != nil || *list.Contents[0].Key != "a/b+c%2B%01" || *list.Contents[0].Size != 3 {
		t.Errorf("ListObjectsV2 = %+v, %v", list, err)
	}
	deleted, err := client.DeleteObjects(ctx, &sdks3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: sdkaws.String("a")}, {Key: sdkaws.String("b&")}}}})
	if err != nil || len(deleted.Deleted) != 2 || *deleted.Deleted[1].Key != "b&" {
		t.Errorf("DeleteObjects = %+v, %v", deleted, err)
	}
	location, err := client.GetBucketLocation(ctx, &sdks3.GetBucketLocationInput{Bucket: bucket})
	if err != nil || location.LocationConstraint != "eu-west-1" {
		t.Errorf("GetBucketLocation = %+v, %v", location, err)
	}
	buckets, err := client.ListBuckets(ctx, &sdks3.ListBucketsInput{})
	if err != nil || *buckets.Buckets[0].Name != "one" || *buckets.Owner.ID != "me" {
		t.Errorf("ListBuckets = %+v, %v", buckets, err)
	}
	created, err := client.CreateBucket(ctx, &sdks3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}})
	if err != nil || *created.Location != "/bucket@eu-west-1" {
		t.Errorf("CreateBucket = %+v, %v", created, err)
	}
}

func TestS3ChecksumAlgorithms(t *testing.T) {
	fake := &fakeS3{objects: map[string][]byte{}}
	client := sdks3.NewFromConfig(sdkConfig(newServer(t, map[string]any{"s3": fake})), func(o *sdks3.Options) { o.UsePathStyle = true })
	content := bytes.Repeat([]byte("0123456789abcdef"), 20000)
	for _, algorithm := range []s3types.ChecksumAlgorithm{"CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"} {
		_, err := client.PutObject(t.Context(), &sdks3.PutObjectInput{
			Bucket: sdkaws.String("bucket"), Key: sdkaws.String("k"), Body: bytes.NewReader(content), ChecksumAlgorithm: algorithm,
		})
		if err != nil || !bytes.Equal(fake.objects["bucket/k"], content) {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}
