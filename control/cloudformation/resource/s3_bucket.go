package resource

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

type bucket struct{ client S3 }

func bucketType(client S3) *Type {
	b := bucket{client}
	return &Type{
		Name: "AWS::S3::Bucket",
		Properties: Properties{
			"BucketName": {Replace: true},
			"Tags":       tags(),
		}.missing(
			"AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations", "BucketEncryption",
			"BucketNamePrefix", "BucketNamespace", "CorsConfiguration", "IntelligentTieringConfigurations", "InventoryConfigurations",
			"LifecycleConfiguration", "LoggingConfiguration", "MetadataConfiguration", "MetadataTableConfiguration",
			"MetricsConfigurations", "NotificationConfiguration", "ObjectLockConfiguration", "ObjectLockEnabled",
			"OwnershipControls", "PublicAccessBlockConfiguration", "ReplicationConfiguration",
			"VersioningConfiguration", "WebsiteConfiguration",
		),
		Attributes:  []string{"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"},
		Identifiers: []string{"BucketName"},
		Named: func(r *Request) string {
			if name := r.text("BucketName"); name != "" {
				return name
			}
			return generateLowerName(r, 63)
		},
		Find: b.find, Create: b.create, Update: b.update, Delete: b.delete,
	}
}

func (b bucket) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := b.client.HeadBucket(ctx, &s3.HeadBucketRequest{Bucket: &r.PhysicalID})
	if f := aws.AsFault(err); f != nil && f.Status == http.StatusForbidden {
		err = nil // somebody else's
	}
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func (b bucket) create(ctx context.Context, r *Request) (*Outcome, error) {
	in := &s3.CreateBucketRequest{Bucket: &r.PhysicalID}
	if region := aws.CallerFrom(ctx).Region; region != "us-east-1" {
		in.CreateBucketConfiguration = &s3.CreateBucketConfiguration{LocationConstraint: &region}
	}
	if _, err := b.client.CreateBucket(ctx, in); err != nil {
		return nil, err
	}
	return b.outcome(ctx, r), b.tag(ctx, r)
}

func (b bucket) tag(ctx context.Context, r *Request) error {
	set := []s3.Tag{}
	for k, v := range r.allTags() {
		set = append(set, s3.Tag{Key: &k, Value: &v})
	}
	slices.SortFunc(set, func(a, b s3.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	_, err := b.client.PutBucketTagging(ctx, &s3.PutBucketTaggingRequest{Bucket: &r.PhysicalID, Tagging: &s3.Tagging{TagSet: set}})
	return err
}

func (b bucket) outcome(ctx context.Context, r *Request) *Outcome {
	region := aws.CallerFrom(ctx).Region
	return &Outcome{PhysicalID: r.PhysicalID, Attributes: map[string]string{
		"Arn":                 aws.NewARN("s3", "", "", r.PhysicalID).String(),
		"DomainName":          r.PhysicalID + ".s3.amazonaws.com",
		"DualStackDomainName": r.PhysicalID + ".s3.dualstack." + region + ".amazonaws.com",
		"RegionalDomainName":  r.PhysicalID + ".s3." + region + ".amazonaws.com",
		"WebsiteURL":          "http://" + r.PhysicalID + ".s3-website-" + region + ".amazonaws.com",
	}}
}

func (b bucket) update(ctx context.Context, r *Request) (*Outcome, error) {
	return b.outcome(ctx, r), b.tag(ctx, r)
}

// delete removes an empty bucket; one that holds objects stays, as on AWS, and
// so does the stack.
func (b bucket) delete(ctx context.Context, r *Request) error {
	_, err := b.client.DeleteBucket(ctx, &s3.DeleteBucketRequest{Bucket: &r.PhysicalID})
	return gone(err)
}
