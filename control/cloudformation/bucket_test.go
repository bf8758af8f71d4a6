package cloudformation_test

import (
	"slices"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/cloudformation"
	s3api "github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

// artefacts is a bucket such as tools make to deploy from.
const artefacts = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Artefacts:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: 'aws:kms'}}]}
      PublicAccessBlockConfiguration: {BlockPublicAcls: "true", BlockPublicPolicy: "true", IgnorePublicAcls: "true", RestrictPublicBuckets: "true"}
      VersioningConfiguration: {Status: Enabled}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Artefacts
      PolicyDocument:
        Statement:
        - Action: ['s3:GetObject']
          Condition: {StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}
          Effect: Allow
          Principal: {Service: serverlessrepo.amazonaws.com}
          Resource: !Sub 'arn:${AWS::Partition}:s3:::${Artefacts}/*'
        - Action: ['s3:*']
          Condition: {Bool: {'aws:SecureTransport': 'false'}}
          Effect: Deny
          Principal: '*'
          Resource: [!GetAtt Artefacts.Arn, !Sub '${Artefacts.Arn}/*']
Outputs:
  Bucket: {Value: !Ref Artefacts}
`

func TestABucketToDeployFrom(t *testing.T) {
	h := build(t)
	h.must(h.create("tool", artefacts), "CREATE_COMPLETE")
	bucket := h.physical("tool")["Artefacts"]
	if got := h.physical("tool")["Policy"]; got != bucket {
		t.Errorf("the policy of bucket %s is called %s", bucket, got)
	}
	events := h.events("tool")
	for _, want := range []string{
		"Artefacts CREATE_COMPLETE lamgate keeps no versions: an object that is overwritten or deleted is gone. lamgate does not encrypt: objects lie in its data directory as they were sent.",
		"Policy CREATE_COMPLETE lamgate counts every call as one over TLS (aws:SecureTransport), also those over plain HTTP.",
	} {
		if !slices.Contains(events, want) {
			t.Errorf("no event %q in %q", want, events)
		}
	}
	h.put(bucket, "package", "code")

	denied := strings.Replace(artefacts, "{Bool: {'aws:SecureTransport': 'false'}}", "{StringLike: {'s3:prefix': 'secret/*'}}", 1)
	h.must(h.update("tool", denied), "UPDATE_COMPLETE")
	_, err := h.s3.ListObjectsV2(h.ctx, &s3api.ListObjectsV2Request{Bucket: &bucket, Prefix: new("secret/a")})
	if !aws.HasCode(err, "AccessDenied") {
		t.Errorf("what the policy denies: %v", err)
	}

	// What cannot be upheld fails, and the policy that was is there again.
	st := h.update("tool", strings.Replace(denied, "StringLike: {'s3:prefix': 'secret/*'}", "IpAddress: {'aws:SourceIp': '10.0.0.0/8'}", 1))
	h.must(st, "UPDATE_ROLLBACK_COMPLETE")
	if !slices.ContainsFunc(h.events("tool"), func(e string) bool {
		return strings.HasPrefix(e, "Policy UPDATE_FAILED ") && strings.Contains(e, "does not support the condition key aws:SourceIp where a bucket's policy denies (Statement[2])")
	}) {
		t.Errorf("events are %q", h.events("tool"))
	}
	if _, err = h.s3.ListObjectsV2(h.ctx, &s3api.ListObjectsV2Request{Bucket: &bucket, Prefix: new("secret/a")}); !aws.HasCode(err, "AccessDenied") {
		t.Errorf("what the policy denies, after a rollback: %v", err)
	}

	if _, err := h.s3.DeleteObject(h.ctx, &s3api.DeleteObjectRequest{Bucket: &bucket, Key: new("package")}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("tool")}); err != nil {
		t.Fatal(err)
	}
	h.must(h.settled(*st.StackId), "DELETE_COMPLETE")
	if left := h.inventory(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestOnePolicyForABucket(t *testing.T) {
	h := build(t)
	h.put("bkt", "k", "v")
	const policy = `{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bkt/*"}]}`
	if _, err := h.s3.PutBucketPolicy(h.ctx, &s3api.PutBucketPolicyRequest{Bucket: new("bkt"), Policy: new(policy)}); err != nil {
		t.Fatal(err)
	}
	body := "Resources:\n  P: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: bkt, PolicyDocument: " + policy + "}}\n"
	h.must(h.create("s", body), "ROLLBACK_COMPLETE")
	if got, err := h.s3.GetBucketPolicy(h.ctx, &s3api.GetBucketPolicyRequest{Bucket: new("bkt")}); err != nil {
		t.Errorf("the policy that was there: %v, %v", got, err)
	}
}
