package resource

import (
	"context"
	"strings"

	"github.com/lamgate/lamgate/api/s3"
)

type bucketPolicy struct{ client S3 }

func bucketPolicyType(client S3) *Type {
	p := bucketPolicy{client}
	return &Type{
		Name: "AWS::S3::BucketPolicy",
		Properties: Properties{
			"Bucket":         {Required: true, Replace: true},
			"PolicyDocument": {Kind: JSON, Required: true},
		},
		Identifiers: []string{"Bucket"},
		Named:       func(r *Request) string { return r.text("Bucket") },
		Find:        p.find, Create: p.put, Update: p.put, Delete: p.delete,
	}
}

func (p bucketPolicy) find(ctx context.Context, r *Request) ([]string, error) {
	if _, err := p.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyRequest{Bucket: &r.PhysicalID}); err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func (p bucketPolicy) put(ctx context.Context, r *Request) (*Outcome, error) {
	text := document(r.Properties.Get("PolicyDocument"))
	if _, err := p.client.PutBucketPolicy(ctx, &s3.PutBucketPolicyRequest{Bucket: &r.PhysicalID, Policy: &text}); err != nil {
		return nil, err
	}
	out := &Outcome{PhysicalID: r.PhysicalID}
	if strings.Contains(strings.ToLower(text), "aws:securetransport") {
		out.Remark = "lamgate counts every call as one over TLS (aws:SecureTransport), also those over plain HTTP."
	}
	return out, nil
}

func (p bucketPolicy) delete(ctx context.Context, r *Request) error {
	_, err := p.client.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyRequest{Bucket: &r.PhysicalID})
	return gone(err)
}
