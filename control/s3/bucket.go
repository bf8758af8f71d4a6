package s3

import (
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// A bucket is the document of a bucket. Names are taken across all accounts.
type bucket struct {
	Name    string
	Account string
	Region  string
	Created time.Time
	Tags    map[string]string `json:",omitempty"`
	Policy  *policy.Document  `json:",omitempty"`
}

func (b *bucket) arn() string { return aws.NewARN("s3", "", "", b.Name).String() }

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// bucket returns a bucket of the caller's, if its owner is the account that the
// caller expects; nil expects none.
func (s *Service) bucket(ctx context.Context, name string, owner *string) (*bucket, error) {
	b, err := state.Load[bucket](s.Documents, bucketsPrefix+name)
	if errors.Is(err, state.ErrNotFound) || name == "" {
		return nil, aws.Faultf(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist").With("BucketName", name)
	}
	if err != nil {
		return nil, err
	}
	if b.Account != aws.CallerFrom(ctx).Account || owner != nil && *owner != b.Account {
		return nil, aws.Faultf(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	return b, nil
}

// CreateBucket creates a bucket.
func (s *Service) CreateBucket(ctx context.Context, in *s3.CreateBucketRequest) (*s3.CreateBucketOutput, error) {
	name, caller := aws.Value(in.Bucket), aws.CallerFrom(ctx)
	if !bucketName.MatchString(name) || strings.Contains(name, "..") || net.ParseIP(name) != nil {
		return nil, aws.Faultf(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.").With("BucketName", name)
	}
	if err := refuseACL(in.ACL, in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP); err != nil {
		return nil, err
	}
	if aws.Value(in.ObjectLockEnabledForBucket) {
		return nil, notImplemented("object lock")
	}
	region := caller.Region
	var tags map[string]string
	if c := in.CreateBucketConfiguration; c != nil {
		if c.Location != nil || c.Bucket != nil {
			return nil, notImplemented("directory buckets")
		}
		if l := aws.Value(c.LocationConstraint); l != "" && l != region {
			return nil, aws.Faultf(http.StatusBadRequest, "IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", l)
		}
		for _, t := range c.Tags {
			if tags == nil {
				tags = map[string]string{}
			}
			tags[aws.Value(t.Key)] = aws.Value(t.Value)
		}
	}
	b := bucket{Name: name, Account: caller.Account, Region: region, Created: s.Clock.Now().UTC(), Tags: tags}
	err := state.Create(ctx, s.Documents, bucketsPrefix+name, b)
	if errors.Is(err, state.ErrConflict) {
		return s.existingBucket(name, caller)
	}
	if err != nil {
		return nil, err
	}
	return &s3.CreateBucketOutput{Location: new("/" + name)}, nil
}

// existingBucket answers the creation of a bucket that exists.
//
// AWS: in us-east-1, and there alone, creating one's own bucket again succeeds
// (documented with the error BucketAlreadyOwnedByYou).
func (s *Service) existingBucket(name string, caller aws.Caller) (*s3.CreateBucketOutput, error) {
	b, err := state.Load[bucket](s.Documents, bucketsPrefix+name)
	if err != nil {
		return nil, err
	}
	switch {
	case b.Account != caller.Account:
		return nil, aws.Faultf(http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.").With("BucketName", name)
	case b.Region == aws.DefaultRegion && caller.Region == aws.DefaultRegion:
		return &s3.CreateBucketOutput{Location: new("/" + name)}, nil
	}
	return nil, aws.Faultf(http.StatusConflict, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.").With("BucketName", name)
}

// refuseACL refuses access control lists other than the bucket owner's own, as
// AWS does in buckets of today, where the owner is enforced.
func refuseACL(canned *string, grants ...*string) error {
	if c := aws.Value(canned); c != "" && c != "private" && c != "bucket-owner-full-control" {
		return aws.Faultf(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	for _, g := range grants {
		if g != nil {
			return aws.Faultf(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
		}
	}
	return nil
}

// HeadBucket says whether a bucket is there.
func (s *Service) HeadBucket(ctx context.Context, in *s3.HeadBucketRequest) (*s3.HeadBucketOutput, error) {
	b, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, ask{action: "s3:ListBucket"})
	if err != nil {
		return nil, err
	}
	return &s3.HeadBucketOutput{BucketRegion: new(b.Region)}, nil
}

// GetBucketLocation tells a bucket's region; us-east-1 is told as none.
func (s *Service) GetBucketLocation(ctx context.Context, in *s3.GetBucketLocationRequest) (*s3.GetBucketLocationOutput, error) {
	b, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, ask{action: "s3:GetBucketLocation"})
	if err != nil {
		return nil, err
	}
	if b.Region == aws.DefaultRegion {
		return &s3.GetBucketLocationOutput{}, nil
	}
	return &s3.GetBucketLocationOutput{LocationConstraint: new(b.Region)}, nil
}

// ListBuckets lists the caller's buckets.
func (s *Service) ListBuckets(ctx context.Context, in *s3.ListBucketsRequest) (*s3.ListBucketsOutput, error) {
	all, err := state.LoadAll[bucket](s.Documents, bucketsPrefix)
	if err != nil {
		return nil, err
	}
	caller := aws.CallerFrom(ctx)
	out := &s3.ListBucketsOutput{Owner: &s3.Owner{ID: new(caller.Account)}, Prefix: in.Prefix, Buckets: []s3.Bucket{}}
	for _, b := range all {
		if b.Account != caller.Account || !strings.HasPrefix(b.Name, aws.Value(in.Prefix)) || in.BucketRegion != nil && *in.BucketRegion != b.Region || b.Name <= aws.Value(in.ContinuationToken) {
			continue
		}
		if in.MaxBuckets != nil && len(out.Buckets) == int(*in.MaxBuckets) {
			out.ContinuationToken = out.Buckets[len(out.Buckets)-1].Name
			break
		}
		out.Buckets = append(out.Buckets, s3.Bucket{Name: new(b.Name), CreationDate: new(b.Created)})
	}
	return out, nil
}

// DeleteBucket deletes an empty bucket.
func (s *Service) DeleteBucket(ctx context.Context, in *s3.DeleteBucketRequest) (*s3.DeleteBucketOutput, error) {
	b, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, ask{action: "s3:DeleteBucket"})
	if err != nil {
		return nil, err
	}
	err = state.Remove(ctx, s.Documents, bucketsPrefix+b.Name, func(*bucket) error {
		if len(s.Documents.List(objectsPrefix+b.Name+"/")) > 0 {
			return aws.Faultf(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty").With("BucketName", b.Name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, d := range s.Documents.List(uploadsPrefix + b.Name + "/") {
		s.dropUpload(ctx, d.Key)
	}
	return &s3.DeleteBucketOutput{}, nil
}

// GetBucketVersioning says that a bucket has never been versioned.
func (s *Service) GetBucketVersioning(ctx context.Context, in *s3.GetBucketVersioningRequest) (*s3.GetBucketVersioningOutput, error) {
	_, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, ask{action: "s3:GetBucketVersioning"})
	return &s3.GetBucketVersioningOutput{}, err
}

// PutBucketTagging replaces a bucket's tags.
func (s *Service) PutBucketTagging(ctx context.Context, in *s3.PutBucketTaggingRequest) (*s3.PutBucketTaggingOutput, error) {
	tags := map[string]string{}
	if in.Tagging != nil {
		for _, t := range in.Tagging.TagSet {
			tags[aws.Value(t.Key)] = aws.Value(t.Value)
		}
	}
	return &s3.PutBucketTaggingOutput{}, s.setTags(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, tags)
}

// DeleteBucketTagging removes a bucket's tags.
func (s *Service) DeleteBucketTagging(ctx context.Context, in *s3.DeleteBucketTaggingRequest) (*s3.DeleteBucketTaggingOutput, error) {
	return &s3.DeleteBucketTaggingOutput{}, s.setTags(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, nil)
}

func (s *Service) setTags(ctx context.Context, name string, owner *string, tags map[string]string) error {
	if _, err := s.enter(ctx, name, owner, ask{action: "s3:PutBucketTagging"}); err != nil {
		return err
	}
	_, err := state.Update(ctx, s.Documents, bucketsPrefix+name, func(b *bucket) error {
		b.Tags = tags
		return nil
	})
	return err
}

// GetBucketTagging shows a bucket's tags.
func (s *Service) GetBucketTagging(ctx context.Context, in *s3.GetBucketTaggingRequest) (*s3.GetBucketTaggingOutput, error) {
	b, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, ask{action: "s3:GetBucketTagging"})
	if err != nil {
		return nil, err
	}
	if len(b.Tags) == 0 {
		return nil, aws.Faultf(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist").With("BucketName", b.Name)
	}
	out := &s3.GetBucketTaggingOutput{}
	for k, v := range b.Tags {
		out.TagSet = append(out.TagSet, s3.Tag{Key: new(k), Value: new(v)})
	}
	return out, nil
}
