package s3

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// Config is what a Service needs.
type Config struct {
	Documents state.Documents
	Blobs     state.Blobs
	Roles     *policy.Roles
	Clock     aws.Clock
	Log       *slog.Logger
}

// A Service implements the operations of S3.
type Service struct{ Config }

// The prefixes of the keys of buckets, objects and uploads, and of blobs.
const (
	bucketsPrefix = "s3/buckets/"
	objectsPrefix = "s3/objects/" // bucket, escaped key
	uploadsPrefix = "s3/uploads/" // bucket, upload ID
	blobsPrefix   = "s3/"         // bucket, a name of the blob's own
)

// New returns the service, having removed blobs that nothing refers to: a crash
// may come between a blob and its document.
func New(ctx context.Context, c Config) *Service {
	s := &Service{c}
	s.collectBlobs(ctx)
	return s
}

func (s *Service) collectBlobs(ctx context.Context) {
	keys := s.Blobs.List(blobsPrefix)
	if len(keys) == 0 {
		return
	}
	used := map[string]bool{}
	objects, err := state.LoadAll[object](s.Documents, objectsPrefix)
	if err != nil {
		s.Log.Error("object data was not collected", "error", err)
		return
	}
	for _, o := range objects {
		used[o.Blob] = true
	}
	uploads, err := state.LoadAll[upload](s.Documents, uploadsPrefix)
	if err != nil {
		s.Log.Error("object data was not collected", "error", err)
		return
	}
	for _, u := range uploads {
		for _, p := range u.Parts {
			used[p.Blob] = true
		}
	}
	for _, key := range keys {
		if !used[key] {
			s.dropBlob(ctx, key)
		}
	}
}

// graceForReaders is how long the data of a replaced or deleted object stays
// for those who are reading it.
const graceForReaders = 5 * time.Minute

// retireBlob deletes a blob once its readers have had time to end.
func (s *Service) retireBlob(key string) {
	if key != "" {
		s.Clock.AfterFunc(graceForReaders, func() { s.dropBlob(context.Background(), key) })
	}
}

func (s *Service) dropBlob(ctx context.Context, key string) {
	if err := s.Blobs.Delete(ctx, key); err != nil {
		s.Log.Error("unused object data remains", "key", key, "error", err)
	}
}

// objectKey is the key of an object's document. An object's key may hold
// anything, also slashes in a row, so it is one escaped segment.
func objectKey(bucket, key string) string { return objectsPrefix + bucket + "/" + url.PathEscape(key) }

func notImplemented(what string) *aws.Fault {
	return aws.Faultf(http.StatusNotImplemented, "NotImplemented", "lamgate's S3 does not support %s yet.", what)
}

func noSuchKey(key string) *aws.Fault {
	return aws.Faultf(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.").With("Key", key)
}

// loadObject returns an object that the caller may read, or the fault that tells
// what is missing: the bucket or the key.
func (s *Service) loadObject(ctx context.Context, bucket, key string, version, owner *string) (*object, error) {
	if _, err := s.enter(ctx, bucket, owner, reading(key, version)); err != nil {
		return nil, err
	}
	o, err := state.Load[object](s.Documents, objectKey(bucket, key))
	if errors.Is(err, state.ErrNotFound) {
		return nil, noSuchKey(key)
	}
	return o, err
}
