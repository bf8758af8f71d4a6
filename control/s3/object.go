package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// An object is the document of an object.
type object struct {
	Key                string
	Blob               string
	Size               int64
	ETag               string // with its quotes
	Modified           time.Time
	ContentType        string
	CacheControl       string            `json:",omitempty"`
	ContentDisposition string            `json:",omitempty"`
	ContentEncoding    string            `json:",omitempty"`
	ContentLanguage    string            `json:",omitempty"`
	Expires            string            `json:",omitempty"` // as it was sent
	StorageClass       string            `json:",omitempty"`
	Metadata           map[string]string `json:",omitempty"`
}

// class is the object's storage class. It is told and has no other effect.
func (o *object) class() string {
	if o.StorageClass == "" {
		return "STANDARD"
	}
	return o.StorageClass
}

// maxKey is the length of an object's key in bytes.
const maxKey = 1024

// counted passes a reader's bytes on while it counts and sums them.
type counted struct {
	io.Reader
	sum  hash.Hash
	size int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.sum.Write(p[:n])
	c.size += int64(n)
	return n, err
}

// storeBlob stores a body and returns where, its size and its MD5 sum. A body
// that breaks off or does not match its checksum fails here, by its reader, and
// leaves nothing.
func (s *Service) storeBlob(ctx context.Context, bucket string, body io.Reader) (key string, size int64, sum []byte, err error) {
	if body == nil {
		body = strings.NewReader("")
	}
	c := &counted{Reader: body, sum: md5.New()}
	key = blobsPrefix + bucket + "/" + aws.NewUUID()
	if _, err := s.Blobs.Put(ctx, key, c); err != nil {
		if f := aws.AsFault(err); f != nil {
			return "", 0, nil, f
		}
		return "", 0, nil, fmt.Errorf("store object: %w", err)
	}
	return key, c.size, c.sum.Sum(nil), nil
}

func etag(sum []byte) string { return `"` + hex.EncodeToString(sum) + `"` }

// PutObject stores an object.
func (s *Service) PutObject(ctx context.Context, in *s3.PutObjectRequest) (*s3.PutObjectOutput, error) {
	bucket := aws.Value(in.Bucket)
	if _, err := s.enter(ctx, bucket, in.ExpectedBucketOwner, writing(in.Key, in.ServerSideEncryption, in.ACL)); err != nil {
		return nil, err
	}
	if err := refuseACL(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP); err != nil {
		return nil, err
	}
	if err := refuseProtection(in.ServerSideEncryption, in.SSECustomerKey, in.SSEKMSKeyId, in.ObjectLockMode, in.ObjectLockLegalHoldStatus, in.Tagging, in.WebsiteRedirectLocation, in.StorageClass); err != nil {
		return nil, err
	}
	if in.WriteOffsetBytes != nil {
		return nil, notImplemented("appending to objects")
	}
	if len(aws.Value(in.Key)) > maxKey {
		return nil, aws.Faultf(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	}
	var body io.Reader
	if in.Body != nil {
		body = in.Body
	}
	blob, size, sum, err := s.storeBlob(ctx, bucket, body)
	if err != nil {
		return nil, err
	}
	o := object{
		Key: aws.Value(in.Key), Blob: blob, Size: size, ETag: etag(sum), Modified: s.Clock.Now().UTC(),
		ContentType: aws.Value(in.ContentType), CacheControl: aws.Value(in.CacheControl), ContentDisposition: aws.Value(in.ContentDisposition),
		ContentEncoding: aws.Value(in.ContentEncoding), ContentLanguage: aws.Value(in.ContentLanguage),
		Expires: aws.Value(in.Expires), StorageClass: aws.Value(in.StorageClass), Metadata: in.Metadata,
	}
	if err := s.replaceObject(ctx, bucket, o, in.IfMatch, in.IfNoneMatch); err != nil {
		s.dropBlob(ctx, blob)
		return nil, err
	}
	return &s3.PutObjectOutput{
		ETag: new(o.ETag), ServerSideEncryption: new("AES256"),
		ChecksumCRC32: in.ChecksumCRC32, ChecksumCRC32C: in.ChecksumCRC32C, ChecksumCRC64NVME: in.ChecksumCRC64NVME,
		ChecksumSHA1: in.ChecksumSHA1, ChecksumSHA256: in.ChecksumSHA256,
	}, nil
}

// refuseProtection refuses what guards or keeps an object in a way that lamgate
// lacks.
func refuseProtection(encryption, customerKey, kmsKey, lockMode, hold, tagging, redirect, class *string) error {
	switch {
	case aws.Value(encryption) != "" && *encryption != "AES256", kmsKey != nil:
		return notImplemented("encryption with KMS keys")
	case customerKey != nil:
		return notImplemented("encryption with the caller's keys")
	case lockMode != nil, hold != nil:
		return notImplemented("object lock")
	case aws.Value(tagging) != "":
		return notImplemented("tags on objects")
	case redirect != nil:
		return notImplemented("website redirects")
	case slices.Contains([]string{"GLACIER", "DEEP_ARCHIVE", "OUTPOSTS", "SNOW", "EXPRESS_ONEZONE"}, aws.Value(class)):
		return notImplemented("the storage class " + *class)
	}
	return nil
}

// replaceObject writes an object's document in the place of what was there,
// under the conditions of the caller.
func (s *Service) replaceObject(ctx context.Context, bucket string, o object, ifMatch, ifNoneMatch *string) error {
	if o.ContentType == "" {
		o.ContentType = "binary/octet-stream"
	}
	if o.StorageClass == "STANDARD" {
		o.StorageClass = "" // AWS: answers do not mention it
	}
	if ifNoneMatch != nil && *ifNoneMatch != "*" {
		return notImplemented("writing with If-None-Match other than *")
	}
	key := objectKey(bucket, o.Key)
	for {
		old, err := state.Load[object](s.Documents, key)
		switch {
		case errors.Is(err, state.ErrNotFound):
			if ifMatch != nil {
				return noSuchKey(o.Key)
			}
			err = state.Create(ctx, s.Documents, key, o)
		case err != nil:
		case ifNoneMatch != nil, ifMatch != nil && !sameETag(*ifMatch, old.ETag):
			return preconditionFailed()
		default:
			var replaced string
			_, err = state.Update(ctx, s.Documents, key, func(d *object) error {
				if ifMatch != nil && !sameETag(*ifMatch, d.ETag) {
					return preconditionFailed()
				}
				replaced = d.Blob
				*d = o
				return nil
			})
			if err == nil {
				s.retireBlob(replaced)
			}
		}
		// Somebody created or deleted the object in between: look again.
		if !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrNotFound) {
			return err
		}
	}
}

func sameETag(a, b string) bool { return a == "*" || strings.Trim(a, `"`) == strings.Trim(b, `"`) }

func preconditionFailed() *aws.Fault {
	return aws.Faultf(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
}

// A condition is what a reader asks of an object before it is sent.
type condition struct {
	match, noneMatch          *string
	modifiedSince, unmodified *time.Time
}

func (c condition) check(o *object) error {
	// AWS: the header that compares tags wins over the one that compares times
	// (RFC 7232 and S3's reference of GetObject).
	modified := o.Modified.Truncate(time.Second)
	switch {
	case c.match != nil:
		if !sameETag(*c.match, o.ETag) {
			return preconditionFailed()
		}
	case c.unmodified != nil && modified.After(*c.unmodified):
		return preconditionFailed()
	}
	switch {
	case c.noneMatch != nil:
		if sameETag(*c.noneMatch, o.ETag) {
			return aws.Faultf(http.StatusNotModified, "NotModified", "Not Modified")
		}
	case c.modifiedSince != nil && !modified.After(*c.modifiedSince):
		return aws.Faultf(http.StatusNotModified, "NotModified", "Not Modified")
	}
	return nil
}

// GetObject returns an object, or a range of it.
func (s *Service) GetObject(ctx context.Context, in *s3.GetObjectRequest) (*s3.GetObjectOutput, error) {
	if aws.Value(in.VersionId) != "" && *in.VersionId != "null" {
		return nil, notImplemented("versions of objects")
	}
	if in.PartNumber != nil || in.SSECustomerKey != nil {
		return nil, notImplemented("reading by part, or with the caller's keys,")
	}
	o, err := s.loadObject(ctx, aws.Value(in.Bucket), aws.Value(in.Key), in.VersionId, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := (condition{in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince}).check(o); err != nil {
		return nil, err
	}
	part, err := parseRange(aws.Value(in.Range), o.Size)
	if err != nil {
		return nil, err
	}
	body, err := s.Blobs.Open(ctx, o.Blob)
	if err != nil {
		return nil, fmt.Errorf("open object %s: %w", o.Key, err)
	}
	if _, err := body.Seek(part.start, io.SeekStart); err != nil {
		body.Close()
		return nil, fmt.Errorf("read object %s: %w", o.Key, err)
	}
	out := &s3.GetObjectOutput{
		Body:          limitedBody{io.LimitReader(body, part.length), body},
		AcceptRanges:  new("bytes"),
		LastModified:  new(o.Modified),
		ContentLength: new(part.length),
		ContentRange:  part.header(o.Size),
		ETag:          new(o.ETag),
		ContentType:   new(o.ContentType),
		Metadata:      o.Metadata,

		CacheControl:         override(in.ResponseCacheControl, o.CacheControl),
		ContentDisposition:   override(in.ResponseContentDisposition, o.ContentDisposition),
		ContentEncoding:      override(in.ResponseContentEncoding, o.ContentEncoding),
		ContentLanguage:      override(in.ResponseContentLanguage, o.ContentLanguage),
		ServerSideEncryption: new("AES256"),
		StorageClass:         override(nil, o.StorageClass),
		Expires:              override(nil, o.Expires),
	}
	if in.ResponseExpires != nil {
		out.Expires = new(in.ResponseExpires.UTC().Format(http.TimeFormat))
	}
	if in.ResponseContentType != nil {
		out.ContentType = in.ResponseContentType
	}
	return out, nil
}

// limitedBody reads a part of a blob and closes all of it.
type limitedBody struct {
	io.Reader
	io.Closer
}

// override returns the header that the caller asked for, else the object's, if
// it has one.
func override(asked *string, own string) *string {
	if asked != nil || own == "" {
		return asked
	}
	return &own
}

// HeadObject describes an object.
func (s *Service) HeadObject(ctx context.Context, in *s3.HeadObjectRequest) (*s3.HeadObjectOutput, error) {
	if aws.Value(in.VersionId) != "" && *in.VersionId != "null" {
		return nil, notImplemented("versions of objects")
	}
	o, err := s.loadObject(ctx, aws.Value(in.Bucket), aws.Value(in.Key), in.VersionId, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := (condition{in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince}).check(o); err != nil {
		return nil, err
	}
	part, err := parseRange(aws.Value(in.Range), o.Size)
	if err != nil {
		return nil, err
	}
	return &s3.HeadObjectOutput{
		AcceptRanges:         new("bytes"),
		LastModified:         new(o.Modified),
		ContentLength:        new(part.length),
		ContentRange:         part.header(o.Size),
		ETag:                 new(o.ETag),
		ContentType:          new(o.ContentType),
		Metadata:             o.Metadata,
		CacheControl:         override(nil, o.CacheControl),
		ContentDisposition:   override(nil, o.ContentDisposition),
		ContentEncoding:      override(nil, o.ContentEncoding),
		ContentLanguage:      override(nil, o.ContentLanguage),
		Expires:              override(nil, o.Expires),
		StorageClass:         override(nil, o.StorageClass),
		ServerSideEncryption: new("AES256"),
	}, nil
}

// CopyObject copies an object within lamgate.
func (s *Service) CopyObject(ctx context.Context, in *s3.CopyObjectRequest) (*s3.CopyObjectOutput, error) {
	source, query, _ := strings.Cut(strings.TrimPrefix(aws.Value(in.CopySource), "/"), "?")
	source, err := url.PathUnescape(source)
	from, key, ok := strings.Cut(source, "/")
	if err != nil || !ok || key == "" {
		return nil, aws.Faultf(http.StatusBadRequest, "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	var version *string
	switch query {
	case "":
	case "versionId=null":
		version = new("null")
	default:
		return nil, notImplemented("versions of objects")
	}
	if err := refuseACL(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWriteACP); err != nil {
		return nil, err
	}
	if err := refuseProtection(in.ServerSideEncryption, in.SSECustomerKey, in.SSEKMSKeyId, in.ObjectLockMode, in.ObjectLockLegalHoldStatus, in.Tagging, in.WebsiteRedirectLocation, in.StorageClass); err != nil {
		return nil, err
	}
	bucket := aws.Value(in.Bucket)
	if _, err := s.enter(ctx, bucket, in.ExpectedBucketOwner, writing(in.Key, in.ServerSideEncryption, in.ACL)); err != nil {
		return nil, err
	}
	o, err := s.loadObject(ctx, from, key, version, in.ExpectedSourceBucketOwner)
	if err != nil {
		return nil, err
	}
	if err := (condition{in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince}).check(o); err != nil {
		return nil, preconditionFailed()
	}
	body, err := s.Blobs.Open(ctx, o.Blob)
	if err != nil {
		return nil, fmt.Errorf("open object %s: %w", o.Key, err)
	}
	defer body.Close()
	c := *o
	var sum []byte
	if c.Blob, c.Size, sum, err = s.storeBlob(ctx, bucket, body); err != nil {
		return nil, err
	}
	c.StorageClass = aws.Value(in.StorageClass)
	c.Key, c.ETag, c.Modified = aws.Value(in.Key), etag(sum), s.Clock.Now().UTC()
	if aws.Value(in.MetadataDirective) == "REPLACE" {
		c.Metadata, c.ContentType, c.CacheControl = in.Metadata, aws.Value(in.ContentType), aws.Value(in.CacheControl)
		c.ContentDisposition, c.ContentEncoding, c.ContentLanguage = aws.Value(in.ContentDisposition), aws.Value(in.ContentEncoding), aws.Value(in.ContentLanguage)
		c.Expires = aws.Value(in.Expires)
	}
	if err := s.replaceObject(ctx, bucket, c, in.IfMatch, in.IfNoneMatch); err != nil {
		s.dropBlob(ctx, c.Blob)
		return nil, err
	}
	return &s3.CopyObjectOutput{CopyObjectResult: &s3.CopyObjectResult{ETag: new(c.ETag), LastModified: new(c.Modified)}, ServerSideEncryption: new("AES256")}, nil
}
