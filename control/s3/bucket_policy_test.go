package s3

import (
	"context"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
)

func (f *fixture) policy(ctx context.Context, statements string) error {
	_, err := f.PutBucketPolicy(ctx, &s3.PutBucketPolicyRequest{Bucket: new("bkt"), Policy: new(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`)})
	return err
}

func TestAPolicyIsKeptAsAWSShowsIt(t *testing.T) {
	f := newFixture(t)
	get := func() (string, error) {
		out, err := f.GetBucketPolicy(f.ctx, &s3.GetBucketPolicyRequest{Bucket: new("bkt")})
		if err != nil {
			return "", err
		}
		return *out.Policy, nil
	}
	_, err := get()
	expect(t, err, "NoSuchBucketPolicy")
	if err := f.policy(f.ctx, `{"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::bkt/*"}`); err != nil {
		t.Fatal(err)
	}
	want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/*"}]}`
	if got, err := get(); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	for range 2 {
		if _, err := f.DeleteBucketPolicy(f.ctx, &s3.DeleteBucketPolicyRequest{Bucket: new("bkt")}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = get()
	expect(t, err, "NoSuchBucketPolicy")
}

func TestWhatIsNoPolicyOfTheBucket(t *testing.T) {
	f := newFixture(t)
	deny := func(rest string) string { return `{"Effect": "Deny", "Principal": "*", ` + rest + `}` }
	const objects = `"Resource": "arn:aws:s3:::bkt/*"`
	for _, c := range []struct{ statement, code, message string }{
		{deny(`"Action": "s3:*", "Resource": "*"`), "MalformedPolicy", "Policy has invalid resource"},
		{deny(`"Action": "s3:*", "Resource": "arn:aws:s3:::bkt2/*"`), "MalformedPolicy", "Policy has invalid resource"},
		{deny(`"Action": "s3:*", "NotResource": "arn:aws:s3:::b"`), "MalformedPolicy", "Policy has invalid resource"},
		{deny(`"Action": "lambda:*", ` + objects), "MalformedPolicy", "Policy has invalid action"},
		{deny(`"Action": ["s3:GetObject", "s3:ListBucket"], ` + objects), "MalformedPolicy", "Action does not apply to any resource(s) in statement"},
		{deny(`"Action": "s3:PutObject", "Resource": "arn:aws:s3:::bkt"`), "MalformedPolicy", "Action does not apply to any resource(s) in statement"},
		{`{"Effect": "Deny", "Principal": {"AWS": "bob"}, "Action": "s3:*", ` + objects + `}`, "MalformedPolicy", "Invalid principal in policy"},
		{`{"Effect": "Deny", "Action": "s3:*", ` + objects + `}`, "MalformedPolicy", "Missing required field Principal"},
		{`nonsense`, "MalformedPolicy", "This policy contains invalid Json"},
		{deny(`"Action": "s3:*", ` + objects + `, "Sid": "` + strings.Repeat("a", maxPolicy) + `"`), "MalformedPolicy", "Policy exceeds the maximum allowed document size."},
		// What could not be upheld is refused where it denies, and only there.
		{deny(`"Action": "s3:*", ` + objects + `, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}`), "NotImplemented", "aws:SourceIp"},
		{`{"Effect": "Deny", "Principal": {"CanonicalUser": "79a59df900b949e5"}, "Action": "s3:*", ` + objects + `}`, "NotImplemented", "canonical users"},
		{`{"Effect": "Allow", "Principal": "*", "Action": "s3:*", ` + objects + `, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}`, "", ""},
		{deny(`"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/a/*"]`), "", ""},
	} {
		err := f.policy(f.ctx, c.statement)
		switch fault := aws.AsFault(err); {
		case c.code == "" && err != nil:
			t.Errorf("%s: %v", c.statement, err)
		case c.code != "" && (fault == nil || fault.Code != c.code || !strings.Contains(fault.Message, c.message)):
			t.Errorf("%s: got %v, want %s %s", c.statement, err, c.code, c.message)
		}
	}
}

// TestWhatAPolicyDenies asks for everything that can be done with an object
// under policies that deny one action each.
func TestWhatAPolicyDenies(t *testing.T) {
	f := newFixture(t)
	f.put("k", "v")
	begun, err := f.CreateMultipartUpload(f.ctx, &s3.CreateMultipartUploadRequest{Bucket: new("bkt"), Key: new("k")})
	if err != nil {
		t.Fatal(err)
	}
	b, k := new("bkt"), new("k")
	operations := []struct {
		name, action string
		call         func() error
	}{
		{"HeadBucket", "s3:ListBucket", func() error { _, err := f.HeadBucket(f.ctx, &s3.HeadBucketRequest{Bucket: b}); return err }},
		{"ListObjects", "s3:ListBucket", func() error { _, err := f.ListObjects(f.ctx, &s3.ListObjectsRequest{Bucket: b}); return err }},
		{"ListObjectsV2", "s3:ListBucket", func() error { _, err := f.ListObjectsV2(f.ctx, &s3.ListObjectsV2Request{Bucket: b}); return err }},
		{"GetBucketLocation", "s3:GetBucketLocation", func() error {
			_, err := f.GetBucketLocation(f.ctx, &s3.GetBucketLocationRequest{Bucket: b})
			return err
		}},
		{"GetBucketVersioning", "s3:GetBucketVersioning", func() error {
			_, err := f.GetBucketVersioning(f.ctx, &s3.GetBucketVersioningRequest{Bucket: b})
			return err
		}},
		{"PutBucketTagging", "s3:PutBucketTagging", func() error {
			_, err := f.PutBucketTagging(f.ctx, &s3.PutBucketTaggingRequest{Bucket: b, Tagging: &s3.Tagging{TagSet: []s3.Tag{{Key: k, Value: k}}}})
			return err
		}},
		{"GetBucketTagging", "s3:GetBucketTagging", func() error {
			_, err := f.GetBucketTagging(f.ctx, &s3.GetBucketTaggingRequest{Bucket: b})
			return err
		}},
		{"DeleteBucket", "s3:DeleteBucket", func() error { _, err := f.DeleteBucket(f.ctx, &s3.DeleteBucketRequest{Bucket: b}); return err }},
		{"GetObject", "s3:GetObject", func() error { _, _, err := f.get(s3.GetObjectRequest{Key: k}); return err }},
		{"GetObject of a version", "s3:GetObjectVersion", func() error {
			_, _, err := f.get(s3.GetObjectRequest{Key: k, VersionId: new("null")})
			return err
		}},
		{"CopyObject, from a version", "s3:GetObjectVersion", func() error {
			_, err := f.CopyObject(f.ctx, &s3.CopyObjectRequest{Bucket: b, Key: k, CopySource: new("bkt/k?versionId=null")})
			return err
		}},
		{"DeleteObject of a version", "s3:DeleteObjectVersion", func() error {
			_, err := f.DeleteObject(f.ctx, &s3.DeleteObjectRequest{Bucket: b, Key: k, VersionId: new("null")})
			return err
		}},
		{"HeadObject", "s3:GetObject", func() error { _, err := f.HeadObject(f.ctx, &s3.HeadObjectRequest{Bucket: b, Key: k}); return err }},
		{"PutObject", "s3:PutObject", func() error {
			_, err := f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: b, Key: k, Body: body("v")})
			return err
		}},
		{"CopyObject, to", "s3:PutObject", func() error {
			_, err := f.CopyObject(f.ctx, &s3.CopyObjectRequest{Bucket: b, Key: k, CopySource: new("bkt/k")})
			return err
		}},
		{"CopyObject, from", "s3:GetObject", func() error {
			_, err := f.CopyObject(f.ctx, &s3.CopyObjectRequest{Bucket: b, Key: k, CopySource: new("bkt/k")})
			return err
		}},
		{"CreateMultipartUpload", "s3:PutObject", func() error {
			_, err := f.CreateMultipartUpload(f.ctx, &s3.CreateMultipartUploadRequest{Bucket: b, Key: k})
			return err
		}},
		{"UploadPart", "s3:PutObject", func() error {
			_, err := f.UploadPart(f.ctx, &s3.UploadPartRequest{Bucket: b, Key: k, UploadId: begun.UploadId, PartNumber: new(int32(1)), Body: body("v")})
			return err
		}},
		{"ListParts", "s3:ListMultipartUploadParts", func() error {
			_, err := f.ListParts(f.ctx, &s3.ListPartsRequest{Bucket: b, Key: k, UploadId: begun.UploadId})
			return err
		}},
		{"CompleteMultipartUpload", "s3:PutObject", func() error {
			_, err := f.CompleteMultipartUpload(f.ctx, &s3.CompleteMultipartUploadRequest{Bucket: b, Key: k, UploadId: begun.UploadId})
			return err
		}},
		{"AbortMultipartUpload", "s3:AbortMultipartUpload", func() error {
			_, err := f.AbortMultipartUpload(f.ctx, &s3.AbortMultipartUploadRequest{Bucket: b, Key: k, UploadId: begun.UploadId})
			return err
		}},
		{"DeleteObject", "s3:DeleteObject", func() error { _, err := f.DeleteObject(f.ctx, &s3.DeleteObjectRequest{Bucket: b, Key: k}); return err }},
		{"DeleteObjects", "s3:DeleteObject", func() error {
			out, err := f.DeleteObjects(f.ctx, &s3.DeleteObjectsRequest{Bucket: b, Delete: &s3.Delete{Objects: []s3.ObjectIdentifier{{Key: k}}}})
			if err == nil && len(out.Errors) == 1 {
				return &aws.Fault{Code: *out.Errors[0].Code, Message: *out.Errors[0].Message}
			}
			return err
		}},
	}
	for _, o := range operations {
		resource := b
		if isOfObjects(strings.ToLower(o.action)) {
			resource = new("bkt/k")
		}
		if err := f.policy(f.ctx, `{"Effect": "Deny", "Principal": "*", "Action": "`+o.action+`", "Resource": "arn:aws:s3:::`+*resource+`"}`); err != nil {
			t.Fatal(err)
		}
		err := o.call()
		expect(t, err, "AccessDenied")
		want := "User: arn:aws:iam::000000000000:root is not authorized to perform: " + o.action + ` on resource: "arn:aws:s3:::` + *resource + `" with an explicit deny in a resource-based policy`
		if f := aws.AsFault(err); f == nil || f.Message != want {
			t.Errorf("%s: got %v, want %s", o.name, err, want)
		}
		if err := f.policy(f.ctx, `{"Effect": "Deny", "Principal": "*", "NotAction": "`+o.action+`", "Resource": "arn:aws:s3:::`+*resource+`"}`); err != nil {
			t.Fatal(err)
		}
		if o.name == "HeadBucket" || o.name == "GetObject" || o.name == "ListParts" {
			if err := o.call(); err != nil {
				t.Errorf("%s, which is not denied: %v", o.name, err)
			}
		}
	}
}

// What an upload's beginning asks for holds for its parts, which cannot say it
// themselves.
func TestConditionsOnUploads(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		condition  string
		encryption *string
		acl        *string
		passes     bool // it may begin and take a part
	}{
		{`{"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}`, nil, new("bucket-owner-full-control"), true},
		{`{"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}`, nil, nil, false},
		{`{"Null": {"s3:x-amz-server-side-encryption": true}}`, new("AES256"), nil, true},
		{`{"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}`, nil, nil, true},
		{`{"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}`, new("AES256"), nil, false},
	} {
		begin := func() (string, error) {
			out, err := f.CreateMultipartUpload(f.ctx, &s3.CreateMultipartUploadRequest{
				Bucket: new("bkt"), Key: new("k"), ServerSideEncryption: c.encryption, ACL: c.acl,
			})
			if err != nil {
				return "", err
			}
			return *out.UploadId, nil
		}
		id, err := begin()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.policy(f.ctx, `{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bkt/*", "Condition": `+c.condition+`}`); err != nil {
			t.Fatal(err)
		}
		_, begun := begin()
		_, part := f.UploadPart(f.ctx, &s3.UploadPartRequest{Bucket: new("bkt"), Key: new("k"), UploadId: &id, PartNumber: new(int32(1)), Body: body("v")})
		_, listed := f.ListParts(f.ctx, &s3.ListPartsRequest{Bucket: new("bkt"), Key: new("k"), UploadId: &id})
		if (begun == nil) != c.passes || (part == nil) != c.passes || listed != nil {
			t.Errorf("%s: begin %v, part %v, list %v", c.condition, begun, part, listed)
		}
		for _, err := range []error{begun, part} {
			if err != nil && !aws.HasCode(err, "AccessDenied") {
				t.Error(err)
			}
		}
		if _, err := f.DeleteBucketPolicy(f.ctx, &s3.DeleteBucketPolicyRequest{Bucket: new("bkt")}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhomAPolicyDenies(t *testing.T) {
	f := newFixture(t)
	f.put("k", "v")
	session := aws.WithCaller(f.ctx, aws.Caller{
		Account: aws.DefaultAccount, Region: aws.DefaultRegion, RoleARN: "arn:aws:iam::000000000000:role/reader",
		ARN: "arn:aws:sts::000000000000:assumed-role/reader/s", UserID: "AROAEXAMPLE:s",
	})
	get := func(ctx context.Context) error {
		_, err := f.GetObject(ctx, &s3.GetObjectRequest{Bucket: new("bkt"), Key: new("k")})
		return err
	}
	if err := f.policy(f.ctx, `{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::000000000000:role/reader"}, "Action": "s3:*", "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]}`); err != nil {
		t.Fatal(err)
	}
	expect(t, get(session), "AccessDenied")
	if err := get(f.ctx); err != nil {
		t.Errorf("another caller: %v", err)
	}
	_, err := f.DeleteBucketPolicy(session, &s3.DeleteBucketPolicyRequest{Bucket: new("bkt")})
	expect(t, err, "AccessDenied")

	// AWS: the account's root is let at the policy that shuts it out.
	if err := f.policy(f.ctx, `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"]}`); err != nil {
		t.Fatal(err)
	}
	expect(t, get(f.ctx), "AccessDenied")
	if _, err := f.DeleteBucketPolicy(f.ctx, &s3.DeleteBucketPolicyRequest{Bucket: new("bkt")}); err != nil {
		t.Errorf("root and its bucket's policy: %v", err)
	}

	// What a policy allows lets no other account in.
	if err := f.policy(f.ctx, `{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bkt/*"}`); err != nil {
		t.Fatal(err)
	}
	expect(t, get(aws.WithCaller(f.ctx, aws.Caller{Account: "111111111111", Region: "us-east-1", ARN: "arn:aws:iam::111111111111:root"})), "AccessDenied")
}

func TestConditionsOfAPolicy(t *testing.T) {
	f := newFixture(t)
	f.put("a/k", "v")
	put := func(encryption *string) error {
		_, err := f.PutObject(f.ctx, &s3.PutObjectRequest{Bucket: new("bkt"), Key: new("a/k"), Body: body("v"), ServerSideEncryption: encryption})
		return err
	}
	list := func(prefix string) error {
		_, err := f.ListObjectsV2(f.ctx, &s3.ListObjectsV2Request{Bucket: new("bkt"), Prefix: &prefix})
		return err
	}
	for _, c := range []struct {
		condition        string
		encrypted, plain bool // whether one may put
		a, b             bool // whether one may list the prefix
	}{
		{`{"Bool": {"aws:SecureTransport": "false"}}`, true, true, true, true},
		{`{"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}}`, true, false, false, false},
		{`{"Null": {"s3:x-amz-server-side-encryption": true}}`, true, false, false, false},
		{`{"StringEquals": {"s3:prefix": "b/"}}`, true, true, true, false},
		{`{"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}`, true, true, true, true},
		{`{"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}`, false, false, false, false},
	} {
		if err := f.policy(f.ctx, `{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::bkt", "arn:aws:s3:::bkt/*"], "Condition": `+c.condition+`}`); err != nil {
			t.Fatal(err)
		}
		for what, got := range map[string]struct {
			err  error
			want bool
		}{"put, encrypted": {put(new("AES256")), c.encrypted}, "put": {put(nil), c.plain}, "list a/": {list("a/"), c.a}, "list b/": {list("b/"), c.b}} {
			if got.want != (got.err == nil) || got.err != nil && !aws.HasCode(got.err, "AccessDenied") {
				t.Errorf("%s: %s: %v", c.condition, what, got.err)
			}
		}
	}
}
