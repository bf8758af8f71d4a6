package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// maxPolicy is the length of a bucket's policy.
//
// AWS: "Bucket policies are limited to 20 KB in size" (Bucket policies).
const maxPolicy = 20 << 10

// PutBucketPolicy sets a bucket's policy.
func (s *Service) PutBucketPolicy(ctx context.Context, in *s3.PutBucketPolicyRequest) (*s3.PutBucketPolicyOutput, error) {
	b, err := s.enterForPolicy(ctx, in.Bucket, in.ExpectedBucketOwner, "s3:PutBucketPolicy")
	if err != nil {
		return nil, err
	}
	text := aws.Value(in.Policy)
	if text == "" {
		return nil, aws.Faultf(http.StatusBadRequest, "MissingRequestBodyError", "Request Body is empty")
	}
	if len(text) > maxPolicy {
		return nil, malformedPolicy("Policy exceeds the maximum allowed document size.")
	}
	doc, err := policy.Parse(policy.Resource, text)
	if err != nil {
		return nil, malformedPolicy(err.Error())
	}
	for i := range doc.Statement {
		if err := b.check(&doc.Statement[i], fmt.Sprintf("Statement[%d]", i+1)); err != nil {
			return nil, err
		}
	}
	return &s3.PutBucketPolicyOutput{}, s.setPolicy(ctx, b, &doc)
}

// GetBucketPolicy shows a bucket's policy.
func (s *Service) GetBucketPolicy(ctx context.Context, in *s3.GetBucketPolicyRequest) (*s3.GetBucketPolicyOutput, error) {
	b, err := s.enterForPolicy(ctx, in.Bucket, in.ExpectedBucketOwner, "s3:GetBucketPolicy")
	if err != nil {
		return nil, err
	}
	if b.Policy == nil {
		return nil, aws.Faultf(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist").With("BucketName", b.Name)
	}
	text, err := json.Marshal(b.Policy)
	if err != nil {
		return nil, fmt.Errorf("write the policy of bucket %s: %w", b.Name, err)
	}
	return &s3.GetBucketPolicyOutput{Policy: new(string(text))}, nil
}

// DeleteBucketPolicy removes a bucket's policy; that there is none is no error.
func (s *Service) DeleteBucketPolicy(ctx context.Context, in *s3.DeleteBucketPolicyRequest) (*s3.DeleteBucketPolicyOutput, error) {
	b, err := s.enterForPolicy(ctx, in.Bucket, in.ExpectedBucketOwner, "s3:DeleteBucketPolicy")
	if err != nil {
		return nil, err
	}
	return &s3.DeleteBucketPolicyOutput{}, s.setPolicy(ctx, b, nil)
}

// enterForPolicy is enter for the operations on the policy itself.
//
// AWS: the root of the bucket's account is never denied these, so that no policy
// locks everybody out (PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy).
func (s *Service) enterForPolicy(ctx context.Context, name, owner *string, action string) (*bucket, error) {
	if policy.CallerSubject(aws.CallerFrom(ctx)).IsRoot() {
		return s.bucket(ctx, aws.Value(name), owner)
	}
	return s.enter(ctx, aws.Value(name), owner, ask{action: action})
}

func (s *Service) setPolicy(ctx context.Context, b *bucket, doc *policy.Document) error {
	_, err := state.Update(ctx, s.Documents, bucketsPrefix+b.Name, func(b *bucket) error {
		b.Policy = doc
		return nil
	})
	return err
}

func malformedPolicy(message string) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "MalformedPolicy", "%s", message)
}

// check refuses a statement that is none of the bucket's, in AWS's words, and
// one that denies by what lamgate cannot tell: it would be kept and do nothing.
func (b *bucket) check(s *policy.Statement, place string) error {
	malformed := func(reason, element, detail string) error {
		return malformedPolicy((&policy.SyntaxError{Reason: reason, Place: place + "." + element, Detail: detail}).Error())
	}
	for element, list := range map[string][]string{"Resource": s.Resource, "NotResource": s.NotResource} {
		for _, resource := range list {
			if after, ok := strings.CutPrefix(resource, b.arn()); !ok || after != "" && !strings.ContainsRune("/*?", rune(after[0])) {
				return malformed("Policy has invalid resource", element, fmt.Sprintf("%s is neither %s nor in it", resource, b.arn()))
			}
		}
	}
	for element, list := range map[string][]string{"Action": s.Action, "NotAction": s.NotAction} {
		for _, action := range list {
			if name := strings.ToLower(action); name != "*" && !strings.HasPrefix(name, "s3:") {
				return malformed("Policy has invalid action", element, action+" is none of S3's")
			}
		}
	}
	for _, action := range s.Action {
		if s.Resource != nil && !applies(action, s.Resource) {
			return malformed("Action does not apply to any resource(s) in statement", "Action", action)
		}
	}
	if s.Effect != policy.Deny {
		return nil
	}
	for _, keys := range s.Condition {
		for key := range keys {
			if !answers(key) {
				return notImplemented("the condition key " + key + " where a bucket's policy denies (" + place + ")")
			}
		}
	}
	if s.Principal != nil && s.Principal.Kinds["CanonicalUser"] != nil {
		return notImplemented("canonical users where a bucket's policy denies (" + place + ")")
	}
	return nil
}

// applies reports whether an action can be done to any of the resources: some
// are of buckets, others of objects.
func applies(action string, resources []string) bool {
	if strings.ContainsAny(action, "*?") {
		return true
	}
	object := isOfObjects(strings.ToLower(action))
	for _, r := range resources {
		if slash := strings.Contains(r, "/"); slash == object || !slash && strings.ContainsAny(r, "*?") {
			return true
		}
	}
	return false
}

func isOfObjects(action string) bool {
	switch action {
	case "s3:abortmultipartupload", "s3:listmultipartuploadparts", "s3:bypassgovernanceretention", "s3:initiatereplication",
		"s3:objectowneroverridetobucketowner", "s3:replicatedelete", "s3:replicatetags":
		return true
	}
	return strings.Contains(action, "object") && !strings.Contains(action, "bucket")
}
