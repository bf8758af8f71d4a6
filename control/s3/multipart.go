package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

const (
	maxPart     = 10_000
	minPartSize = 5 << 20 // of every part but the last
)

// An upload is the document of an object that is put in parts.
type upload struct {
	ID      string
	Object  object // what it will be, but for its data
	Parts   map[int]part
	Created time.Time

	// What its beginning asked for, by which policies judge its parts too.
	Encryption *string `json:",omitempty"`
	ACL        *string `json:",omitempty"`
}

// A part is one part of an upload.
type part struct {
	Blob     string
	Size     int64
	MD5      []byte
	Modified time.Time
}

func uploadKey(bucket, id string) string { return uploadsPrefix + bucket + "/" + id }

// CreateMultipartUpload begins an object that comes in parts.
func (s *Service) CreateMultipartUpload(ctx context.Context, in *s3.CreateMultipartUploadRequest) (*s3.CreateMultipartUploadOutput, error) {
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
	u := upload{
		ID:      strings.ReplaceAll(aws.NewUUID(), "-", ""),
		Created: s.Clock.Now().UTC(),
		Parts:   map[int]part{},

		Encryption: in.ServerSideEncryption, ACL: in.ACL,
		Object: object{
			Key: aws.Value(in.Key), ContentType: aws.Value(in.ContentType), CacheControl: aws.Value(in.CacheControl),
			ContentDisposition: aws.Value(in.ContentDisposition), ContentEncoding: aws.Value(in.ContentEncoding), ContentLanguage: aws.Value(in.ContentLanguage),
			Expires: aws.Value(in.Expires), StorageClass: aws.Value(in.StorageClass), Metadata: in.Metadata,
		},
	}
	if err := state.Create(ctx, s.Documents, uploadKey(bucket, u.ID), u); err != nil {
		return nil, err
	}
	return &s3.CreateMultipartUploadOutput{
		Bucket: in.Bucket, Key: in.Key, UploadId: new(u.ID), ServerSideEncryption: new("AES256"),
		ChecksumAlgorithm: in.ChecksumAlgorithm, ChecksumType: in.ChecksumType,
	}, nil
}

func noSuchUpload() *aws.Fault {
	return aws.Faultf(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
}

// upload returns the upload that the caller names, of the object they name, if
// they may do what they ask with it.
func (s *Service) upload(ctx context.Context, bucket, key, id, owner *string, action string) (*upload, error) {
	b, err := s.bucket(ctx, aws.Value(bucket), owner)
	if err != nil {
		return nil, err
	}
	u, err := s.loadUpload(b.Name, aws.Value(key), aws.Value(id))
	if err != nil && !aws.HasCode(err, "NoSuchUpload") {
		return nil, err
	}
	a := ask{action: action, key: aws.Value(key)}
	if action == putObject && err == nil {
		a = writing(key, u.Encryption, u.ACL)
	}
	if denied := s.permit(ctx, b, a); denied != nil {
		return nil, denied
	}
	return u, err
}

func (s *Service) loadUpload(bucket, key, id string) (*upload, error) {
	if strings.Trim(id, "0123456789abcdef") != "" || id == "" {
		return nil, noSuchUpload()
	}
	u, err := state.Load[upload](s.Documents, uploadKey(bucket, id))
	if errors.Is(err, state.ErrNotFound) || err == nil && u.Object.Key != key {
		return nil, noSuchUpload()
	}
	return u, err
}

// UploadPart stores a part; a part of the same number is replaced.
func (s *Service) UploadPart(ctx context.Context, in *s3.UploadPartRequest) (*s3.UploadPartOutput, error) {
	if _, err := s.upload(ctx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner, putObject); err != nil {
		return nil, err
	}
	n := int(aws.Value(in.PartNumber))
	if n < 1 || n > maxPart {
		return nil, aws.Faultf(http.StatusBadRequest, "InvalidArgument", "Part number must be an integer between 1 and %d, inclusive", maxPart)
	}
	var body io.Reader
	if in.Body != nil {
		body = in.Body
	}
	blob, size, sum, err := s.storeBlob(ctx, *in.Bucket, body)
	if err != nil {
		return nil, err
	}
	replaced := ""
	_, err = state.Update(ctx, s.Documents, uploadKey(*in.Bucket, *in.UploadId), func(u *upload) error {
		replaced = u.Parts[n].Blob
		u.Parts[n] = part{blob, size, sum, s.Clock.Now().UTC()}
		return nil
	})
	if err != nil {
		s.dropBlob(ctx, blob)
		if errors.Is(err, state.ErrNotFound) {
			return nil, noSuchUpload()
		}
		return nil, err
	}
	s.retireBlob(replaced)
	return &s3.UploadPartOutput{
		ETag: new(etag(sum)), ServerSideEncryption: new("AES256"),
		ChecksumCRC32: in.ChecksumCRC32, ChecksumCRC32C: in.ChecksumCRC32C, ChecksumCRC64NVME: in.ChecksumCRC64NVME,
		ChecksumSHA1: in.ChecksumSHA1, ChecksumSHA256: in.ChecksumSHA256,
	}, nil
}

// ListParts lists the parts of an upload.
func (s *Service) ListParts(ctx context.Context, in *s3.ListPartsRequest) (*s3.ListPartsOutput, error) {
	u, err := s.upload(ctx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner, "s3:ListMultipartUploadParts")
	if err != nil {
		return nil, err
	}
	out := &s3.ListPartsOutput{Bucket: in.Bucket, Key: in.Key, UploadId: in.UploadId, MaxParts: new(pageSize(in.MaxParts)), StorageClass: new(u.Object.class()), IsTruncated: new(false)}
	for _, n := range slices.Sorted(maps.Keys(u.Parts)) {
		if int32(n) <= aws.Value(in.PartNumberMarker) {
			continue
		}
		if len(out.Parts) == int(*out.MaxParts) {
			out.IsTruncated, out.NextPartNumberMarker = new(true), out.Parts[len(out.Parts)-1].PartNumber
			break
		}
		p := u.Parts[n]
		out.Parts = append(out.Parts, s3.Part{PartNumber: new(int32(n)), ETag: new(etag(p.MD5)), Size: new(p.Size), LastModified: new(p.Modified)})
	}
	return out, nil
}

// CompleteMultipartUpload makes an object of the parts that the caller names.
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadRequest) (*s3.CompleteMultipartUploadOutput, error) {
	u, err := s.upload(ctx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner, putObject)
	if err != nil {
		return nil, err
	}
	parts, err := chosenParts(u, in.MultipartUpload)
	if err != nil {
		return nil, err
	}
	o, bucket := u.Object, *in.Bucket
	sums := md5.New()
	for _, p := range parts {
		sums.Write(p.MD5)
	}
	body := &concatenated{ctx: ctx, blobs: s.Blobs, parts: parts}
	defer body.close()
	if o.Blob, o.Size, _, err = s.storeBlob(ctx, bucket, body); err != nil {
		return nil, err
	}
	if in.MpuObjectSize != nil && *in.MpuObjectSize != o.Size {
		s.dropBlob(ctx, o.Blob)
		return nil, aws.Faultf(http.StatusBadRequest, "InvalidRequest", "The provided 'x-amz-mp-object-size' header does not match what was computed.")
	}
	// AWS: the tag of such an object is the sum of its parts' sums and their
	// number.
	o.ETag = fmt.Sprintf(`"%s-%d"`, hex.EncodeToString(sums.Sum(nil)), len(parts))
	o.Modified = s.Clock.Now().UTC()
	if err := s.replaceObject(ctx, bucket, o, in.IfMatch, in.IfNoneMatch); err != nil {
		s.dropBlob(ctx, o.Blob)
		return nil, err
	}
	s.dropUpload(ctx, uploadKey(bucket, u.ID))
	return &s3.CompleteMultipartUploadOutput{
		Bucket: in.Bucket, Key: in.Key, ETag: new(o.ETag), ServerSideEncryption: new("AES256"),
		Location: new("https://" + bucket + ".s3.amazonaws.com/" + o.Key),
	}, nil
}

// chosenParts checks the caller's list of parts against those that came.
func chosenParts(u *upload, list *s3.CompletedMultipartUpload) ([]part, error) {
	if list == nil || len(list.Parts) == 0 {
		return nil, aws.Faultf(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	last := 0
	for _, c := range list.Parts {
		n := int(aws.Value(c.PartNumber))
		if n <= last {
			return nil, aws.Faultf(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. The parts list must be specified in order by part number.")
		}
		last = n
	}
	var parts []part
	for i, c := range list.Parts {
		p, ok := u.Parts[int(aws.Value(c.PartNumber))]
		if !ok || !sameETag(aws.Value(c.ETag), etag(p.MD5)) {
			return nil, aws.Faultf(http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found. The part might not have been uploaded, or the specified entity tag might not have matched the part's entity tag.")
		}
		if p.Size < minPartSize && i < len(list.Parts)-1 {
			return nil, aws.Faultf(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// concatenated reads parts one after the other, one open at a time.
type concatenated struct {
	ctx   context.Context
	blobs state.Blobs
	parts []part
	open  io.ReadCloser
}

func (c *concatenated) Read(p []byte) (int, error) {
	for {
		if c.open == nil {
			if len(c.parts) == 0 {
				return 0, io.EOF
			}
			r, err := c.blobs.Open(c.ctx, c.parts[0].Blob)
			if err != nil {
				return 0, err
			}
			c.open, c.parts = r, c.parts[1:]
		}
		n, err := c.open.Read(p)
		if err == io.EOF {
			c.close()
			err = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (c *concatenated) close() {
	if c.open != nil {
		c.open.Close()
		c.open = nil
	}
}

// AbortMultipartUpload gives an upload up.
func (s *Service) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadRequest) (*s3.AbortMultipartUploadOutput, error) {
	u, err := s.upload(ctx, in.Bucket, in.Key, in.UploadId, in.ExpectedBucketOwner, "s3:AbortMultipartUpload")
	if err != nil {
		return nil, err
	}
	s.dropUpload(ctx, uploadKey(*in.Bucket, u.ID))
	return &s3.AbortMultipartUploadOutput{}, nil
}

// dropUpload removes an upload with its parts.
func (s *Service) dropUpload(ctx context.Context, key string) {
	var parts map[int]part
	err := state.Remove(ctx, s.Documents, key, func(u *upload) error {
		parts = u.Parts
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return
	}
	if err != nil {
		s.Log.Error("an upload remains", "key", key, "error", err)
		return
	}
	for _, p := range parts {
		s.dropBlob(ctx, p.Blob)
	}
}
