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
			"BucketEncryption": {Kind: Object, Members: Properties{
				"ServerSideEncryptionConfiguration": {Kind: List, Required: true, Of: &Property{Kind: Object, Members: Properties{
					"BucketKeyEnabled": {Kind: Boolean},
					"ServerSideEncryptionByDefault": {Kind: Object, Members: Properties{
						"SSEAlgorithm": {Required: true, Only: []string{"AES256", "aws:kms", "aws:kms:dsse"}},
					}.missing("KMSMasterKeyID")},
				}.missing("BlockedEncryptionTypes")}},
			}},
			"BucketName": {Replace: true},
			// No other account and nobody without one ever gets into a bucket, so
			// whatever this asks for is so.
			"PublicAccessBlockConfiguration": {Kind: Object, Members: Properties{
				"BlockPublicAcls": {Kind: Boolean}, "BlockPublicPolicy": {Kind: Boolean},
				"IgnorePublicAcls": {Kind: Boolean}, "RestrictPublicBuckets": {Kind: Boolean},
			}},
			"Tags":                    tags(),
			"VersioningConfiguration": {Kind: Object, Members: Properties{"Status": {Required: true, Only: []string{"Enabled", "Suspended"}}}},
		}.missing(
			"AbacStatus", "AccelerateConfiguration", "AccessControl", "AnalyticsConfigurations",
			"BucketNamePrefix", "BucketNamespace", "CorsConfiguration", "IntelligentTieringConfigurations", "InventoryConfigurations",
			"LifecycleConfiguration", "LoggingConfiguration", "MetadataConfiguration", "MetadataTableConfiguration",
			"MetricsConfigurations", "NotificationConfiguration", "ObjectLockConfiguration", "ObjectLockEnabled",
			"OwnershipControls", "ReplicationConfiguration", "WebsiteConfiguration",
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
	return &Outcome{PhysicalID: r.PhysicalID, Remark: b.remark(r), Attributes: map[string]string{
		"Arn":                 aws.NewARN("s3", "", "", r.PhysicalID).String(),
		"DomainName":          r.PhysicalID + ".s3.amazonaws.com",
		"DualStackDomainName": r.PhysicalID + ".s3.dualstack." + region + ".amazonaws.com",
		"RegionalDomainName":  r.PhysicalID + ".s3." + region + ".amazonaws.com",
		"WebsiteURL":          "http://" + r.PhysicalID + ".s3-website-" + region + ".amazonaws.com",
	}}
}

// remark says what of the bucket's properties is not done. Deployment tools ask
// for both of these in the buckets that they keep their artefacts in.
func (b bucket) remark(r *Request) string {
	var remarks []string
	if r.text("VersioningConfiguration", "Status") == "Enabled" {
		remarks = append(remarks, "lamgate keeps no versions: an object that is overwritten or deleted is gone.")
	}
	if r.Properties.Get("BucketEncryption") != nil {
		remarks = append(remarks, "lamgate does not encrypt: objects lie in its data directory as they were sent.")
	}
	return strings.Join(remarks, " ")
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
