package s3

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
)

// An ask is what an operation is about to do, in the words of bucket policies.
type ask struct {
	action string         // "s3:GetObject"
	key    string         // of the object; empty where it is the bucket
	about  policy.Context // what else conditions may look at
}

// enter returns a bucket of the caller's whose policy lets them do what they
// ask.
func (s *Service) enter(ctx context.Context, name string, owner *string, a ask) (*bucket, error) {
	b, err := s.bucket(ctx, name, owner)
	if err == nil {
		err = s.permit(ctx, b, a)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// permit refuses what a bucket's policy denies. What the policy allows changes
// nothing: the bucket's own account may do everything that is not denied, and no
// other account is let in.
func (s *Service) permit(ctx context.Context, b *bucket, a ask) error {
	if b.Policy == nil {
		return nil
	}
	caller := aws.CallerFrom(ctx)
	resource := b.arn()
	if a.key != "" {
		resource += "/" + a.key
	}
	about := policy.Context{
		// What listens here speaks plain HTTP, on this machine or behind a proxy
		// that has TLS; a condition that wants TLS would close the bucket to all.
		"aws:SecureTransport": {"true"},
		"aws:ViaAWSService":   {"false"},
		"aws:RequestedRegion": {caller.Region},
		"aws:ResourceAccount": {b.Account},
		"s3:ResourceAccount":  {b.Account},
	}
	for key, values := range a.about {
		about[key] = values
	}
	d := b.Policy.Evaluate(policy.Request{
		Subject: s.Roles.Subject(caller), Action: a.action, Resource: resource, Context: about, Time: s.Clock.Now(),
	})
	if d.Outcome != policy.ExplicitDeny {
		return nil
	}
	why, _ := d.Explain()
	s.Log.Info("a bucket's policy denied a request", "bucket", b.Name, "why", why)
	return aws.Faultf(http.StatusForbidden, "AccessDenied", "User: %s is not authorized to perform: %s on resource: %q with an explicit deny in a resource-based policy", caller.ARN, a.action, resource)
}

// putObject is the action of all that writes objects, also in parts.
const putObject = "s3:PutObject"

// writing asks to write an object.
func writing(key, encryption, acl *string) ask {
	about := policy.Context{}
	if encryption != nil {
		about["s3:x-amz-server-side-encryption"] = []string{*encryption}
	}
	if acl != nil {
		about["s3:x-amz-acl"] = []string{*acl}
	}
	return ask{putObject, aws.Value(key), about}
}

// reading asks to read an object.
func reading(key string, version *string) ask { return versioned("s3:GetObject", key, version) }

// deleting asks to delete an object.
func deleting(key, version *string) ask {
	return versioned("s3:DeleteObject", aws.Value(key), version)
}

// versioned asks to do something with an object, or with the version of it that
// is named.
//
// AWS: that is an action of its own, also where the version is "null", the only
// one here; the object's own is not asked then (GetObject, DeleteObject).
func versioned(action, key string, version *string) ask {
	if aws.Value(version) != "" {
		action += "Version"
	}
	return ask{action: action, key: key}
}

// listing asks to list a bucket.
func listing(prefix, delimiter *string, limit *int32) ask {
	about := policy.Context{}
	if prefix != nil {
		about["s3:prefix"] = []string{*prefix}
	}
	if delimiter != nil {
		about["s3:delimiter"] = []string{*delimiter}
	}
	if limit != nil {
		about["s3:max-keys"] = []string{strconv.Itoa(int(*limit))}
	}
	return ask{action: "s3:ListBucket", about: about}
}

// answers reports whether permit has what a condition key asks for, or whether
// it is rightly absent: lamgate has neither organisations, VPCs, access points
// nor second factors, and no service calls S3 in its own name.
func answers(key string) bool {
	switch key = strings.ToLower(key); key {
	case "aws:securetransport", "aws:viaawsservice", "aws:requestedregion", "aws:resourceaccount", "s3:resourceaccount",
		"s3:x-amz-server-side-encryption", "s3:x-amz-acl", "s3:prefix", "s3:delimiter", "s3:max-keys",
		"aws:currenttime", "aws:epochtime", "aws:userid", "aws:username",
		"aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:principalisawsservice", "aws:principalservicename",
		"aws:federatedprovider":
		return true
	case "aws:principalorgid", "aws:principalorgpaths", "aws:resourceorgid", "aws:resourceorgpaths",
		"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast",
		"aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:accesspointnetworkorigin",
		"aws:multifactorauthpresent", "aws:multifactorauthage",
		"s3:tlsversion", "s3:x-amz-server-side-encryption-aws-kms-key-id":
		return true
	}
	return strings.HasPrefix(key, "aws:principaltag/")
}
