package s3

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// maxKeys is the most that a page of a listing holds.
const maxKeys = 1000

// A page is a part of a bucket's listing in the order of the keys.
type page struct {
	objects  []s3.Object
	prefixes []s3.CommonPrefix
	last     string // the last key or common prefix of the page, if more follow
}

// list collects the objects of a bucket whose keys begin with prefix and come
// after a key, folding those that go on beyond delimiter.
func (s *Service) list(bucket, prefix, delimiter, after string, limit *int32) (*page, error) {
	n := maxKeys
	if limit != nil {
		if *limit < 0 {
			return nil, aws.Faultf(http.StatusBadRequest, "InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647")
		}
		n = min(int(*limit), maxKeys)
	}
	all, err := state.LoadAll[object](s.Documents, objectsPrefix+bucket+"/")
	if err != nil {
		return nil, err
	}
	// The store orders documents by their escaped keys.
	slices.SortFunc(all, func(a, b *object) int { return strings.Compare(a.Key, b.Key) })
	p := &page{objects: []s3.Object{}}
	folded := ""
	last := ""
	for _, o := range all {
		rest, ok := strings.CutPrefix(o.Key, prefix)
		if !ok || o.Key <= after || delimiter != "" && strings.HasSuffix(after, delimiter) && strings.HasPrefix(o.Key, after) && after != prefix {
			continue
		}
		common := ""
		if i := strings.Index(rest, delimiter); delimiter != "" && i >= 0 {
			common = prefix + rest[:i+len(delimiter)]
			if common == folded {
				continue
			}
		}
		if len(p.objects)+len(p.prefixes) == n {
			if n > 0 {
				p.last = last
			}
			break
		}
		if common != "" {
			folded, last = common, common
			p.prefixes = append(p.prefixes, s3.CommonPrefix{Prefix: new(common)})
			continue
		}
		last = o.Key
		p.objects = append(p.objects, s3.Object{Key: new(o.Key), LastModified: new(o.Modified), ETag: new(o.ETag), Size: new(o.Size), StorageClass: new(o.class())})
	}
	return p, nil
}

// ListObjectsV2 lists a bucket by continuation tokens.
func (s *Service) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Request) (*s3.ListObjectsV2Output, error) {
	if _, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, listing(in.Prefix, in.Delimiter, in.MaxKeys)); err != nil {
		return nil, err
	}
	after := aws.Value(in.StartAfter)
	if in.ContinuationToken != nil {
		b, err := base64.URLEncoding.DecodeString(*in.ContinuationToken)
		if err != nil {
			return nil, aws.Faultf(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
		}
		after = string(b)
	}
	p, err := s.list(aws.Value(in.Bucket), aws.Value(in.Prefix), aws.Value(in.Delimiter), after, in.MaxKeys)
	if err != nil {
		return nil, err
	}
	out := &s3.ListObjectsV2Output{
		Name: in.Bucket, Prefix: new(aws.Value(in.Prefix)), Delimiter: in.Delimiter, StartAfter: in.StartAfter,
		EncodingType: in.EncodingType, ContinuationToken: in.ContinuationToken,
		Contents: p.objects, CommonPrefixes: p.prefixes,
		KeyCount: new(int32(len(p.objects) + len(p.prefixes))), MaxKeys: new(pageSize(in.MaxKeys)), IsTruncated: new(p.last != ""),
	}
	if p.last != "" {
		out.NextContinuationToken = new(base64.URLEncoding.EncodeToString([]byte(p.last)))
	}
	if aws.Value(in.FetchOwner) {
		for i := range out.Contents {
			out.Contents[i].Owner = &s3.Owner{ID: new(aws.CallerFrom(ctx).Account)}
		}
	}
	return out, nil
}

func pageSize(asked *int32) int32 {
	if asked == nil {
		return maxKeys
	}
	return min(*asked, maxKeys)
}

// ListObjects lists a bucket by markers.
func (s *Service) ListObjects(ctx context.Context, in *s3.ListObjectsRequest) (*s3.ListObjectsOutput, error) {
	if _, err := s.enter(ctx, aws.Value(in.Bucket), in.ExpectedBucketOwner, listing(in.Prefix, in.Delimiter, in.MaxKeys)); err != nil {
		return nil, err
	}
	p, err := s.list(aws.Value(in.Bucket), aws.Value(in.Prefix), aws.Value(in.Delimiter), aws.Value(in.Marker), in.MaxKeys)
	if err != nil {
		return nil, err
	}
	out := &s3.ListObjectsOutput{
		Name: in.Bucket, Prefix: new(aws.Value(in.Prefix)), Marker: new(aws.Value(in.Marker)), Delimiter: in.Delimiter,
		EncodingType: in.EncodingType, Contents: p.objects, CommonPrefixes: p.prefixes,
		MaxKeys: new(pageSize(in.MaxKeys)), IsTruncated: new(p.last != ""),
	}
	// AWS: the next marker is told only where a delimiter is used; else it is
	// the last key.
	if p.last != "" && in.Delimiter != nil {
		out.NextMarker = new(p.last)
	}
	return out, nil
}
