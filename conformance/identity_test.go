package conformance

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestTheCallerIsTold(t *testing.T) {
	out, err := stsClient().GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(out.Account) != account || !strings.Contains(aws.ToString(out.Arn), "::"+account+":") || aws.ToString(out.UserId) == "" {
		t.Errorf("%+v %v", out, err)
	}
}

func TestAnAccessKeyOfTwelveDigitsIsAnAccount(t *testing.T) {
	c := config()
	c.Credentials = credentials.NewStaticCredentialsProvider("123456789012", "secret", "")
	out, err := sts.NewFromConfig(c).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(out.Account) != "123456789012" {
		t.Errorf("%+v %v", out, err)
	}
}

func TestAnAssumedRoleIsTheCaller(t *testing.T) {
	role := newRole(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::`+account+`:root"}, "Action": "sts:AssumeRole"}]}`, "")
	out, err := stsClient().AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("me")})
	if err != nil {
		t.Fatal(err)
	}
	c := config()
	c.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	who, err := sts.NewFromConfig(c).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	want := "arn:aws:sts::" + account + ":assumed-role/" + role[strings.LastIndex(role, "/")+1:] + "/me"
	if err != nil || aws.ToString(who.Arn) != want {
		t.Errorf("%+v %v, want %s", who, err, want)
	}
}

func TestARoleThatDoesNotTrustTheCallerCannotBeAssumed(t *testing.T) {
	role := newRole(t, trustIn("lambda.amazonaws.com"), "")
	_, err := stsClient().AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("me")})
	wantFault(t, err, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: "+role)
}

func TestARoleKeepsItsPolicies(t *testing.T) {
	role := newRole(t, trustIn("lambda.amazonaws.com"), mayInvoke("*"))
	name := aws.String(role[strings.LastIndex(role, "/")+1:])
	got, err := iamClient().GetRole(t.Context(), &iam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	// AWS: documents travel URL-encoded.
	if trust, err := url.QueryUnescape(aws.ToString(got.Role.AssumeRolePolicyDocument)); err != nil || trust != trustIn("lambda.amazonaws.com") {
		t.Errorf("trust %s %v", trust, err)
	}
	inline, err := iamClient().GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("inline")})
	if err != nil {
		t.Fatal(err)
	}
	if document, err := url.QueryUnescape(aws.ToString(inline.PolicyDocument)); err != nil || document != mayInvoke("*") {
		t.Errorf("policy %s %v", document, err)
	}

	basic := aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
	if _, err := iamClient().AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: basic}); err != nil {
		t.Fatal(err)
	}
	attached, err := iamClient().ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil || len(attached.AttachedPolicies) != 1 || aws.ToString(attached.AttachedPolicies[0].PolicyName) != "AWSLambdaBasicExecutionRole" {
		t.Errorf("%+v %v", attached, err)
	}
	_, err = iamClient().DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: name})
	wantFault(t, err, "DeleteConflict", "Cannot delete entity, must")
	if _, err := iamClient().DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: basic}); err != nil {
		t.Error(err)
	}
}

func TestARoleThatDoesNotExistIsNamed(t *testing.T) {
	_, err := iamClient().GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("nobody")})
	wantFault(t, err, "NoSuchEntity", "The role with name nobody cannot be found.")
}

func TestAPolicyThatIsNoPolicyIsRefused(t *testing.T) {
	_, err := iamClient().CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String(uniqueName("role")), AssumeRolePolicyDocument: aws.String(`{"Statement": [`)})
	wantFault(t, err, "MalformedPolicyDocument", "")
}
