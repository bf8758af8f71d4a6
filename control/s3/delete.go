package s3

import (
	"context"
	"errors"
	"net/http"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// maxDeleted is how many objects one DeleteObjects may name.
const maxDeleted = 1000

// deleteObject removes an object; one that does not exist is no error.
func (s *Service) deleteObject(ctx context.Context, bucket, key string, ifMatch *string) error {
	var blob string
	err := state.Remove(ctx, s.Documents, objectKey(bucket, key), func(o *object) error {
		if ifMatch != nil && !sameETag(*ifMatch, o.ETag) {
			return preconditionFailed()
		}
		blob = o.Blob
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	if err == nil {
		s.retireBlob(blob)
	}
	return err
}

// DeleteObject deletes an object.
func (s *Service) DeleteObject(ctx context.Context, in *s3.DeleteObjectRequest) (*s3.DeleteObjectOutput, error) {
	if _, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, deleting(in.Key, in.VersionId)); err != nil {
		return nil, err
	}
	if aws.Value(in.VersionId) != "" && *in.VersionId != "null" {
		return nil, notImplemented("versions of objects")
	}
	if in.IfMatchLastModifiedTime != nil || in.IfMatchSize != nil {
		return nil, notImplemented("deleting by time or size")
	}
	return &s3.DeleteObjectOutput{}, s.deleteObject(ctx, aws.Value(in.Bucket), aws.Value(in.Key), in.IfMatch)
}

// DeleteObjects deletes many objects and tells of each.
func (s *Service) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsRequest) (*s3.DeleteObjectsOutput, error) {
	bucket, err := s.bucket(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	if in.Delete == nil || len(in.Delete.Objects) == 0 || len(in.Delete.Objects) > maxDeleted {
		return nil, aws.Faultf(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	out := &s3.DeleteObjectsOutput{}
	for _, id := range in.Delete.Objects {
		err := s.permit(ctx, bucket, deleting(id.Key, id.VersionId))
		switch {
		case err != nil:
		case aws.Value(id.VersionId) != "" && *id.VersionId != "null":
			err = notImplemented("versions of objects")
		default:
			err = s.deleteObject(ctx, bucket.Name, aws.Value(id.Key), id.ETag)
		}
		switch f := aws.AsFault(err); {
		case f != nil:
			out.Errors = append(out.Errors, s3.Error{Key: id.Key, Code: new(f.Code), Message: new(f.Message)})
		case err != nil:
			return nil, err
		case !aws.Value(in.Delete.Quiet):
			out.Deleted = append(out.Deleted, s3.DeletedObject{Key: id.Key})
		}
	}
	return out, nil
}
