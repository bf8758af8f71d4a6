package iam_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	api "github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/iam"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/wire"
)

const (
	owner = "111122223333"
	trust = `{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}]
}`
	read  = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}`
	basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
)

var start = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

// open returns AWS's own client of a service, and the roles as others see them.
func open(t *testing.T) (context.Context, *sdk.Client, *policy.Roles) {
	t.Helper()
	docs, clock := statetest.Open(t).Documents(), aws.NewManualClock(start)
	roles := policy.NewRoles(docs, func(key string, err error) { t.Errorf("%s: %v", key, err) })
	t.Cleanup(roles.Close)
	handler, err := wire.New([]wire.Mount{{Service: &api.Service, Implementation: iam.New(docs, clock)}},
		slog.New(slog.NewTextHandler(t.Output(), nil)), clock, wire.NewCredentials([]byte("key of the tests")))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return t.Context(), sdk.NewFromConfig(sdkaws.Config{
		Region:       "us-east-1",
		BaseEndpoint: &server.URL,
		HTTPClient:   server.Client(),
		Credentials: sdkaws.CredentialsProviderFunc(func(context.Context) (sdkaws.Credentials, error) {
			return sdkaws.Credentials{AccessKeyID: owner, SecretAccessKey: "secret"}, nil
		}),
	}), roles
}

func wantFault(t *testing.T, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func createRole(t *testing.T, ctx context.Context, c *sdk.Client, name string) *types.Role {
	t.Helper()
	return must[*sdk.CreateRoleOutput](t)(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(trust)})).Role
}

func TestARoleFromItsCreationToItsEnd(t *testing.T) {
	ctx, c, roles := open(t)
	r := must[*sdk.CreateRoleOutput](t)(c.CreateRole(ctx, &sdk.CreateRoleInput{
		RoleName: new("worker"), Path: new("/team/"), AssumeRolePolicyDocument: new(trust),
		Description: new("does the work"), MaxSessionDuration: new(int32(7200)),
		Tags: []types.Tag{{Key: new("b"), Value: new("2")}, {Key: new("a"), Value: new("1")}},
	})).Role
	if *r.Arn != "arn:aws:iam::111122223333:role/team/worker" || len(*r.RoleId) != 21 || !strings.HasPrefix(*r.RoleId, "AROA") || !r.CreateDate.Equal(start) {
		t.Errorf("created %+v", r)
	}
	got := must[*sdk.GetRoleOutput](t)(c.GetRole(ctx, &sdk.GetRoleInput{RoleName: new("worker")})).Role
	if text, err := url.PathUnescape(*got.AssumeRolePolicyDocument); err != nil || text != trust {
		t.Errorf("the trust policy came back as %s", *got.AssumeRolePolicyDocument)
	}
	if *got.Description != "does the work" || *got.MaxSessionDuration != 7200 || len(got.Tags) != 2 || *got.Tags[0].Key != "a" || got.RoleLastUsed == nil {
		t.Errorf("got %+v", got)
	}
	if d := roles.MayAssume(*r.Arn, policy.Service("lambda.amazonaws.com"), nil); !d.Allowed() {
		t.Error("Lambda may not assume it")
	}

	_, err := c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: new("Worker"), AssumeRolePolicyDocument: new(trust)})
	wantFault(t, err, "EntityAlreadyExists", "Role with name Worker already exists.")

	must[*sdk.UpdateAssumeRolePolicyOutput](t)(c.UpdateAssumeRolePolicy(ctx, &sdk.UpdateAssumeRolePolicyInput{
		RoleName: new("worker"), PolicyDocument: new(strings.Replace(trust, "lambda", "apigateway", 1)),
	}))
	if d := roles.MayAssume(*r.Arn, policy.Service("lambda.amazonaws.com"), nil); d.Allowed() {
		t.Error("Lambda may still assume it")
	}
	must[*sdk.UpdateRoleOutput](t)(c.UpdateRole(ctx, &sdk.UpdateRoleInput{RoleName: new("worker"), Description: new("rests")}))
	must[*sdk.TagRoleOutput](t)(c.TagRole(ctx, &sdk.TagRoleInput{RoleName: new("worker"), Tags: []types.Tag{{Key: new("A"), Value: new("3")}}}))
	must[*sdk.UntagRoleOutput](t)(c.UntagRole(ctx, &sdk.UntagRoleInput{RoleName: new("worker"), TagKeys: []string{"b"}}))
	tags := must[*sdk.ListRoleTagsOutput](t)(c.ListRoleTags(ctx, &sdk.ListRoleTagsInput{RoleName: new("worker")})).Tags
	if len(tags) != 1 || *tags[0].Key != "A" || *tags[0].Value != "3" {
		t.Errorf("tags are %v", tags)
	}
	got = must[*sdk.GetRoleOutput](t)(c.GetRole(ctx, &sdk.GetRoleInput{RoleName: new("worker")})).Role
	if *got.Description != "rests" || *got.MaxSessionDuration != 7200 {
		t.Errorf("after its update %+v", got)
	}

	must[*sdk.PutRolePolicyOutput](t)(c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: new("worker"), PolicyName: new("read"), PolicyDocument: new(read)}))
	must[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: new("worker"), PolicyArn: new(basic)}))
	_, err = c.DeleteRole(ctx, &sdk.DeleteRoleInput{RoleName: new("worker")})
	wantFault(t, err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	must[*sdk.DetachRolePolicyOutput](t)(c.DetachRolePolicy(ctx, &sdk.DetachRolePolicyInput{RoleName: new("worker"), PolicyArn: new(basic)}))
	_, err = c.DeleteRole(ctx, &sdk.DeleteRoleInput{RoleName: new("worker")})
	wantFault(t, err, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	must[*sdk.DeleteRolePolicyOutput](t)(c.DeleteRolePolicy(ctx, &sdk.DeleteRolePolicyInput{RoleName: new("worker"), PolicyName: new("read")}))
	must[*sdk.DeleteRoleOutput](t)(c.DeleteRole(ctx, &sdk.DeleteRoleInput{RoleName: new("worker")}))
	_, err = c.GetRole(ctx, &sdk.GetRoleInput{RoleName: new("worker")})
	wantFault(t, err, "NoSuchEntity", "The role with name worker cannot be found.")
}

func TestInlinePolicies(t *testing.T) {
	ctx, c, roles := open(t)
	r := createRole(t, ctx, c, "worker")
	put := func(name, text string) error {
		_, err := c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: new("worker"), PolicyName: &name, PolicyDocument: &text})
		return err
	}
	if err := put("read", read); err != nil {
		t.Fatal(err)
	}
	if d := roles.Allows(*r.Arn, "s3:GetObject", "arn:aws:s3:::b/k", nil); !d.Allowed() {
		t.Error("what was answered is not in force")
	}
	got := must[*sdk.GetRolePolicyOutput](t)(c.GetRolePolicy(ctx, &sdk.GetRolePolicyInput{RoleName: new("worker"), PolicyName: new("read")}))
	if text, _ := url.PathUnescape(*got.PolicyDocument); text != read || strings.Contains(*got.PolicyDocument, "+") {
		t.Errorf("it came back as %s", *got.PolicyDocument)
	}
	wantFault(t, put("bad", `{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`), "MalformedPolicyDocument", "Policy statement must contain resources.")
	wantFault(t, put("bad", `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resources":"*"}]}`), "MalformedPolicyDocument", "Statement[1].Resources")
	wantFault(t, put("big", strings.Replace(read, "s3:GetObject", "s3:"+strings.Repeat("x", 10_300), 1)), "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role worker")
	if err := put("also", read); err != nil {
		t.Fatal(err)
	}
	names := must[*sdk.ListRolePoliciesOutput](t)(c.ListRolePolicies(ctx, &sdk.ListRolePoliciesInput{RoleName: new("worker")})).PolicyNames
	if strings.Join(names, " ") != "also read" {
		t.Errorf("names are %v", names)
	}
	_, err := c.GetRolePolicy(ctx, &sdk.GetRolePolicyInput{RoleName: new("worker"), PolicyName: new("none")})
	wantFault(t, err, "NoSuchEntity", "The role policy with name none cannot be found.")
	_, err = c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: new("nobody"), PolicyName: new("read"), PolicyDocument: new(read)})
	wantFault(t, err, "NoSuchEntity", "The role with name nobody cannot be found.")
}

func TestTrustPolicies(t *testing.T) {
	ctx, c, _ := open(t)
	create := func(name, statement string) error {
		_, err := c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(`{"Version":"2012-10-17","Statement":[` + statement + `]}`)})
		return err
	}
	wantFault(t, create("a", `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Principal":"*"}`), "MalformedPolicyDocument", "Has prohibited field Resource")
	wantFault(t, create("a", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:role/b"}}`), "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/b"`)
	createRole(t, ctx, c, "b")
	if err := create("a", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:role/b"}}`); err != nil {
		t.Error(err)
	}
	wantFault(t, create("c", strings.Repeat(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"},`, 40)+`{}`), "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
}

func TestAManagedPolicyFromItsCreationToItsEnd(t *testing.T) {
	ctx, c, roles := open(t)
	r := createRole(t, ctx, c, "worker")
	p := must[*sdk.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: new("reader"), Path: new("/team/"), PolicyDocument: new(read), Description: new("reads")})).Policy
	if *p.Arn != "arn:aws:iam::111122223333:policy/team/reader" || *p.DefaultVersionId != "v1" || *p.AttachmentCount != 0 || !p.IsAttachable {
		t.Errorf("created %+v", p)
	}
	_, err := c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: new("reader"), PolicyDocument: new(read)})
	wantFault(t, err, "EntityAlreadyExists", "A policy called reader already exists. Duplicate names are not allowed.")
	_, err = c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: new("old"), PolicyDocument: new(strings.Replace(read, "2012", "2008", 1))})
	wantFault(t, err, "MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.")

	must[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: new("worker"), PolicyArn: p.Arn}))
	must[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: new("worker"), PolicyArn: p.Arn}))
	allowed := func(action string) bool {
		d := roles.Allows(*r.Arn, action, "arn:aws:s3:::b/k", nil)
		return d.Allowed()
	}
	if !allowed("s3:GetObject") || allowed("s3:PutObject") {
		t.Error("the first version is not in force")
	}
	write := strings.Replace(read, "GetObject", "PutObject", 1)
	v := must[*sdk.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: &write, SetAsDefault: true})).PolicyVersion
	if *v.VersionId != "v2" || !v.IsDefaultVersion || allowed("s3:GetObject") || !allowed("s3:PutObject") {
		t.Error("the second version is not in force")
	}
	must[*sdk.SetDefaultPolicyVersionOutput](t)(c.SetDefaultPolicyVersion(ctx, &sdk.SetDefaultPolicyVersionInput{PolicyArn: p.Arn, VersionId: new("v1")}))
	if !allowed("s3:GetObject") {
		t.Error("the first version is not in force again")
	}
	got := must[*sdk.GetPolicyVersionOutput](t)(c.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: new("v2")})).PolicyVersion
	if text, _ := url.PathUnescape(*got.Document); text != write || got.IsDefaultVersion {
		t.Errorf("the second version is %+v", got)
	}
	for range 3 {
		must[*sdk.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: &write}))
	}
	_, err = c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: &write})
	wantFault(t, err, "LimitExceeded", "A managed policy can have up to 5 versions.")
	first := must[*sdk.ListPolicyVersionsOutput](t)(c.ListPolicyVersions(ctx, &sdk.ListPolicyVersionsInput{PolicyArn: p.Arn, MaxItems: new(int32(3))}))
	rest := must[*sdk.ListPolicyVersionsOutput](t)(c.ListPolicyVersions(ctx, &sdk.ListPolicyVersionsInput{PolicyArn: p.Arn, Marker: first.Marker}))
	if !first.IsTruncated || *first.Versions[0].VersionId != "v5" || len(rest.Versions) != 2 || *rest.Versions[1].VersionId != "v1" || rest.IsTruncated {
		t.Errorf("versions are %v and %v", first.Versions, rest.Versions)
	}
	_, err = c.DeletePolicyVersion(ctx, &sdk.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: new("v1")})
	wantFault(t, err, "DeleteConflict", "Cannot delete the default version of a policy.")
	_, err = c.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: p.Arn, VersionId: new("v9")})
	wantFault(t, err, "NoSuchEntity", "version v9 does not exist or is not attachable.")

	described := must[*sdk.GetPolicyOutput](t)(c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: p.Arn})).Policy
	if *described.AttachmentCount != 1 || *described.Description != "reads" {
		t.Errorf("described %+v", described)
	}
	users := must[*sdk.ListEntitiesForPolicyOutput](t)(c.ListEntitiesForPolicy(ctx, &sdk.ListEntitiesForPolicyInput{PolicyArn: p.Arn})).PolicyRoles
	if len(users) != 1 || *users[0].RoleName != "worker" || *users[0].RoleId != *r.RoleId {
		t.Errorf("it is used by %v", users)
	}
	local := must[*sdk.ListPoliciesOutput](t)(c.ListPolicies(ctx, &sdk.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, OnlyAttached: true})).Policies
	if len(local) != 1 || *local[0].PolicyName != "reader" {
		t.Errorf("local policies are %v", local)
	}

	_, err = c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: p.Arn})
	wantFault(t, err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	must[*sdk.DetachRolePolicyOutput](t)(c.DetachRolePolicy(ctx, &sdk.DetachRolePolicyInput{RoleName: new("worker"), PolicyArn: p.Arn}))
	if allowed("s3:GetObject") {
		t.Error("it is in force though detached")
	}
	_, err = c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: p.Arn})
	wantFault(t, err, "DeleteConflict", "This policy has more than one version.")
	for _, version := range []string{"v2", "v3", "v4", "v5"} {
		must[*sdk.DeletePolicyVersionOutput](t)(c.DeletePolicyVersion(ctx, &sdk.DeletePolicyVersionInput{PolicyArn: p.Arn, VersionId: &version}))
	}
	must[*sdk.DeletePolicyOutput](t)(c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: p.Arn}))
	_, err = c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: p.Arn})
	wantFault(t, err, "NoSuchEntity", "Policy arn:aws:iam::111122223333:policy/team/reader was not found.")
}

func TestAWSManagedPolicies(t *testing.T) {
	ctx, c, roles := open(t)
	r := createRole(t, ctx, c, "worker")
	attach := func(arn string) error {
		_, err := c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: new("worker"), PolicyArn: &arn})
		return err
	}
	if err := attach(basic); err != nil {
		t.Fatal(err)
	}
	if d := roles.Allows(*r.Arn, "logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s", nil); !d.Allowed() {
		t.Error("it does not allow what it should")
	}
	wantFault(t, attach("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"), "NoSuchEntity", "does not exist or is not attachable. Its ARN is "+basic)
	wantFault(t, attach("arn:aws:iam::aws:policy/AmazonChimeFullAccess"), "NoSuchEntity", "lamgate does not carry this AWS managed policy")
	wantFault(t, attach("arn:aws:iam::111122223333:policy/none"), "NoSuchEntity", "Policy arn:aws:iam::111122223333:policy/none does not exist or is not attachable.")
	wantFault(t, attach("arn:aws:iam::111122223333:role/none"), "InvalidInput", "is not valid")
	list := must[*sdk.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(ctx, &sdk.ListAttachedRolePoliciesInput{RoleName: new("worker")})).AttachedPolicies
	if len(list) != 1 || *list[0].PolicyName != "AWSLambdaBasicExecutionRole" || *list[0].PolicyArn != basic {
		t.Errorf("attached are %v", list)
	}
	v := must[*sdk.GetPolicyVersionOutput](t)(c.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: new(basic), VersionId: new("v1")})).PolicyVersion
	if text, _ := url.PathUnescape(*v.Document); !strings.Contains(text, `"logs:PutLogEvents"`) {
		t.Errorf("its text is %s", text)
	}
	_, err := c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: new(basic)})
	wantFault(t, err, "AccessDenied", "AWS managed policies cannot be deleted")
}

func TestPermissionsBoundary(t *testing.T) {
	ctx, c, roles := open(t)
	r := createRole(t, ctx, c, "worker")
	must[*sdk.PutRolePolicyOutput](t)(c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: new("worker"), PolicyName: new("read"), PolicyDocument: new(read)}))
	must[*sdk.PutRolePermissionsBoundaryOutput](t)(c.PutRolePermissionsBoundary(ctx, &sdk.PutRolePermissionsBoundaryInput{RoleName: new("worker"), PermissionsBoundary: new("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}))
	allowed := func() bool { d := roles.Allows(*r.Arn, "s3:GetObject", "arn:aws:s3:::b/k", nil); return d.Allowed() }
	if allowed() {
		t.Error("the boundary is not in force")
	}
	got := must[*sdk.GetRoleOutput](t)(c.GetRole(ctx, &sdk.GetRoleInput{RoleName: new("worker")})).Role
	if got.PermissionsBoundary == nil || *got.PermissionsBoundary.PermissionsBoundaryArn != "arn:aws:iam::aws:policy/AmazonSQSFullAccess" {
		t.Errorf("the role shows %+v", got.PermissionsBoundary)
	}
	must[*sdk.DeleteRolePermissionsBoundaryOutput](t)(c.DeleteRolePermissionsBoundary(ctx, &sdk.DeleteRolePermissionsBoundaryInput{RoleName: new("worker")}))
	if !allowed() {
		t.Error("the boundary is still in force")
	}
}

func TestListRolesTurnsItsPages(t *testing.T) {
	ctx, c, _ := open(t)
	for _, name := range []string{"c", "a", "b", "ab", "d"} {
		createRole(t, ctx, c, name)
	}
	var names []string
	pages := sdk.NewListRolesPaginator(c, &sdk.ListRolesInput{MaxItems: new(int32(2))})
	for pages.HasMorePages() {
		for _, r := range must[*sdk.ListRolesOutput](t)(pages.NextPage(ctx)).Roles {
			names = append(names, *r.RoleName)
		}
	}
	if strings.Join(names, " ") != "a ab b c d" {
		t.Errorf("roles are %v", names)
	}
	_, err := c.ListRoles(ctx, &sdk.ListRolesInput{Marker: new("?")})
	wantFault(t, err, "ValidationError", "Invalid Marker.")
}

func TestWhoAsks(t *testing.T) {
	ctx, c, _ := open(t)
	if u := must[*sdk.GetUserOutput](t)(c.GetUser(ctx, &sdk.GetUserInput{})).User; *u.Arn != "arn:aws:iam::111122223333:root" {
		t.Errorf("the user is %v", *u.Arn)
	}
	_, err := c.GetUser(ctx, &sdk.GetUserInput{UserName: new("ann")})
	wantFault(t, err, "NoSuchEntity", "The user with name ann cannot be found.")
	if a := must[*sdk.ListAccountAliasesOutput](t)(c.ListAccountAliases(ctx, &sdk.ListAccountAliasesInput{})); len(a.AccountAliases) != 0 {
		t.Errorf("aliases are %v", a.AccountAliases)
	}
}
