package sts_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	api "github.com/lamgate/lamgate/api/sts"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/sts"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
	"github.com/lamgate/lamgate/wire"
)

const owner = "111122223333"

type bench struct {
	docs   state.Documents
	client func(id, secret, token string) *sdk.Client
}

func open(t *testing.T) *bench {
	t.Helper()
	docs := statetest.Open(t).Documents()
	roles := policy.NewRoles(docs, func(key string, err error) { t.Errorf("%s: %v", key, err) })
	t.Cleanup(roles.Close)
	log, credentials := slog.New(slog.NewTextHandler(t.Output(), nil)), wire.NewCredentials([]byte("key of the tests"))
	handler, err := wire.New([]wire.Mount{{Service: &api.Service, Implementation: sts.New(roles, credentials, aws.SystemClock{}, log)}}, log, aws.SystemClock{}, credentials)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &bench{docs, func(id, secret, token string) *sdk.Client {
		return sdk.NewFromConfig(sdkaws.Config{
			Region:       "us-east-1",
			BaseEndpoint: &server.URL,
			HTTPClient:   server.Client(),
			Credentials: sdkaws.CredentialsProviderFunc(func(context.Context) (sdkaws.Credentials, error) {
				return sdkaws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
			}),
		})
	}}
}

func (b *bench) createRole(t *testing.T, name, trust, inline string) {
	t.Helper()
	doc := func(kind policy.Kind, statement string) policy.Document {
		d, err := policy.Parse(kind, `{"Version":"2012-10-17","Statement":`+statement+`}`)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	r := policy.Role{
		Account: owner, Name: name, Path: "/team/", ID: "AROA" + strings.ToUpper(name), ARN: "arn:aws:iam::111122223333:role/team/" + name,
		Trust: doc(policy.Trust, trust), MaxSession: 7200,
	}
	if inline != "" {
		r.Inline = map[string]policy.Document{"inline": doc(policy.Identity, inline)}
	}
	if err := state.Create(t.Context(), b.docs, policy.RoleKey(owner, name), r); err != nil {
		t.Fatal(err)
	}
}

func wantFault(t *testing.T, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func assume(t *testing.T, c *sdk.Client, name string) (*sdk.AssumeRoleOutput, error) {
	t.Helper()
	return c.AssumeRole(t.Context(), &sdk.AssumeRoleInput{RoleArn: new("arn:aws:iam::111122223333:role/team/" + name), RoleSessionName: new("one")})
}

func TestASessionOfARole(t *testing.T) {
	b := open(t)
	b.createRole(t, "worker", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`, "")
	root := b.client(owner, "secret", "")
	me, err := root.GetCallerIdentity(t.Context(), &sdk.GetCallerIdentityInput{})
	if err != nil || *me.Arn != "arn:aws:iam::111122223333:root" || *me.Account != owner || *me.UserId != owner {
		t.Fatalf("the root is %+v, %v", me, err)
	}
	out, err := assume(t, root, "worker")
	if err != nil {
		t.Fatal(err)
	}
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::111122223333:assumed-role/worker/one" || *out.AssumedRoleUser.AssumedRoleId != "AROAWORKER:one" {
		t.Errorf("the session is %+v", out.AssumedRoleUser)
	}
	if left := time.Until(*out.Credentials.Expiration); left > time.Hour || left < time.Hour-time.Minute {
		t.Errorf("it lasts for %v", left)
	}
	k := out.Credentials
	session := b.client(*k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken)
	me, err = session.GetCallerIdentity(t.Context(), &sdk.GetCallerIdentityInput{})
	if err != nil || *me.Arn != *out.AssumedRoleUser.Arn || *me.UserId != "AROAWORKER:one" {
		t.Errorf("the session says that it is %+v, %v", me, err)
	}
	_, err = session.GetSessionToken(t.Context(), &sdk.GetSessionTokenInput{})
	wantFault(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
}

func TestWhoMayAssumeARole(t *testing.T) {
	b := open(t)
	const byAccount = `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`
	b.createRole(t, "first", byAccount, "")
	b.createRole(t, "second", byAccount, `{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}`)
	b.createRole(t, "target", byAccount, "")
	b.createRole(t, "named", `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/team/first"},"Action":"sts:AssumeRole"}`, "")
	b.createRole(t, "service", `{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`, "")
	b.createRole(t, "external", `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"secret"}}}`, "")
	root := b.client(owner, "secret", "")
	session := func(name string) *sdk.Client {
		t.Helper()
		out, err := assume(t, root, name)
		if err != nil {
			t.Fatal(err)
		}
		return b.client(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	}
	first, second, abroad := session("first"), session("second"), b.client("444455556666", "secret", "")
	for _, test := range []struct {
		name   string
		client *sdk.Client
		role   string
		want   bool
	}{
		{"root, by its account", root, "target", true},
		{"root, a role for a service", root, "service", false},
		{"root, a role that is not there", root, "none", false},
		{"a role without permission, by its account", first, "target", false},
		{"a role with permission, by its account", second, "target", true},
		{"a role without permission, by its name", first, "named", true},
		{"a role with permission, not named", second, "named", false},
		{"another account, without the external ID", abroad, "external", false},
		{"another account that is not trusted", abroad, "target", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := assume(t, test.client, test.role)
			if test.want && err != nil {
				t.Error(err)
			}
			if !test.want {
				wantFault(t, err, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/team/"+test.role)
			}
		})
	}
	_, err := abroad.AssumeRole(t.Context(), &sdk.AssumeRoleInput{RoleArn: new("arn:aws:iam::111122223333:role/team/external"), RoleSessionName: new("one"), ExternalId: new("secret")})
	if err != nil {
		t.Error(err)
	}
}

func TestWhatLimitsASession(t *testing.T) {
	b := open(t)
	b.createRole(t, "worker", `{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}`, "")
	root := b.client(owner, "secret", "")
	ask := func(change func(*sdk.AssumeRoleInput)) error {
		in := &sdk.AssumeRoleInput{RoleArn: new("arn:aws:iam::111122223333:role/team/worker"), RoleSessionName: new("one")}
		change(in)
		_, err := root.AssumeRole(t.Context(), in)
		return err
	}
	if err := ask(func(in *sdk.AssumeRoleInput) { in.DurationSeconds = new(int32(7200)) }); err != nil {
		t.Error(err)
	}
	wantFault(t, ask(func(in *sdk.AssumeRoleInput) { in.DurationSeconds = new(int32(7201)) }), "ValidationError", "exceeds the MaxSessionDuration set for this role")
	wantFault(t, ask(func(in *sdk.AssumeRoleInput) { in.Policy = new("{}") }), "NotImplemented", "AssumeRole with Policy")
	wantFault(t, ask(func(in *sdk.AssumeRoleInput) { in.Tags = []types.Tag{{Key: new("a"), Value: new("b")}} }), "NotImplemented", "AssumeRole with Tags")
	out, err := root.GetSessionToken(t.Context(), &sdk.GetSessionTokenInput{DurationSeconds: new(int32(129600))})
	if err != nil || time.Until(*out.Credentials.Expiration) > time.Hour {
		t.Errorf("the root's session: %v, %v", out, err)
	}
}
