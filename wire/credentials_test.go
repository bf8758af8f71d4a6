package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

func TestCallers(t *testing.T) {
	issuer := wire.NewCredentials([]byte("key of the tests"))
	session := wire.Session{
		Account: "123456789012", RoleARN: "arn:aws:iam::123456789012:role/path/to/admin", RoleID: "AROAEXAMPLE",
		Name: "me", Expiry: testTime.Add(time.Hour),
	}
	issued := issuer.Issue(session)
	if len(issued.AccessKeyID) != 20 || !strings.HasPrefix(issued.AccessKeyID, "ASIA") || len(issued.SecretAccessKey) != 40 || !issued.Expiration.Equal(session.Expiry) {
		t.Errorf("issued = %+v", issued)
	}
	if got := issuer.SecretAccessKey(issued.AccessKeyID, issued.SessionToken); got != issued.SecretAccessKey {
		t.Errorf("the secret cannot be derived again: %q, then %q", issued.SecretAccessKey, got)
	}
	other := wire.NewCredentials([]byte("another key")).Issue(session)
	session.Expiry = testTime
	expired := issuer.Issue(session)
	root := issuer.Issue(wire.Session{Account: "210987654321", Expiry: testTime.Add(time.Hour)})

	fake := &fakeSTS{}
	server := newServer(t, map[string]any{"sts": fake})
	for _, test := range []struct {
		name, key, token string
		want             aws.Caller
		code             string
	}{
		{"an account's number as access key", "111122223333", "", aws.Caller{Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", UserID: "111122223333"}, ""},
		{"any other access key", "AKIAIOSFODNN7EXAMPLE", "", aws.Caller{Account: aws.DefaultAccount, ARN: "arn:aws:iam::000000000000:root", UserID: aws.DefaultAccount}, ""},
		{"credentials of AWS", "ASIAIOSFODNN7EXAMPLE", "IQoJb3JpZ2luX2VjEXAMPLE", aws.Caller{Account: aws.DefaultAccount, ARN: "arn:aws:iam::000000000000:root", UserID: aws.DefaultAccount}, ""},
		{"a role's session", issued.AccessKeyID, issued.SessionToken, aws.Caller{
			Account: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/admin/me", UserID: "AROAEXAMPLE:me", RoleARN: session.RoleARN,
		}, ""},
		{"a session of the account itself", root.AccessKeyID, root.SessionToken, aws.Caller{Account: "210987654321", ARN: "arn:aws:iam::210987654321:root", UserID: "210987654321"}, ""},
		{"another access key with the token", "ASIAIOSFODNN7EXAMPLE", issued.SessionToken, aws.Caller{}, "InvalidClientTokenId"},
		{"a token of another server", other.AccessKeyID, other.SessionToken, aws.Caller{}, "InvalidClientTokenId"},
		{"a token that is cut off", issued.AccessKeyID, issued.SessionToken[:len(issued.SessionToken)-4], aws.Caller{}, "InvalidClientTokenId"},
		{"a token with no end", issued.AccessKeyID, "lamgate." + strings.Repeat("A", 9000), aws.Caller{}, "InvalidClientTokenId"},
		{"an expired token", expired.AccessKeyID, expired.SessionToken, aws.Caller{}, "ExpiredToken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp, body := send(t, server, "", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "",
				"Authorization", "AWS4-HMAC-SHA256 Credential="+test.key+"/20260102/eu-central-1/sts/aws4_request, SignedHeaders=host, Signature=0",
				"X-Amz-Security-Token", test.token)
			if test.code != "" {
				if code, _ := faultOf(t, resp, body); code != test.code || resp.StatusCode != http.StatusForbidden {
					t.Errorf("got %d %s, want 403 %s", resp.StatusCode, code, test.code)
				}
				return
			}
			test.want.Region, test.want.AccessKeyID = "eu-central-1", test.key
			if diff := cmp.Diff(test.want, fake.caller); diff != "" || resp.StatusCode != 200 {
				t.Errorf("%d %s", resp.StatusCode, diff)
			}
		})
	}
	t.Run("no signature at all", func(t *testing.T) {
		send(t, server, "", "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "")
		if fake.caller.Account != aws.DefaultAccount || fake.caller.Region != aws.DefaultRegion {
			t.Errorf("caller = %+v", fake.caller)
		}
	})
}

// Whoever is not let in by a made-up access key is told so in each protocol's own
// words.
func TestIssuedOnly(t *testing.T) {
	issuer := wire.NewCredentials([]byte("key of the tests"))
	issued := issuer.Issue(wire.Session{Account: "123456789012", RoleARN: "arn:aws:iam::123456789012:role/f", RoleID: "AROAEXAMPLE", Name: "f", Expiry: testTime.Add(time.Hour)})
	fake := &fakeSTS{}
	server := httptest.NewServer(wire.IssuedOnly(newHandler(t, map[string]any{"sts": fake})))
	t.Cleanup(server.Close)
	for _, test := range []struct {
		service, path string
		key, token    string
		code          string
	}{
		{"sts", "/?Action=GetCallerIdentity&Version=2011-06-15", issued.AccessKeyID, issued.SessionToken, ""},
		{"sts", "/?Action=GetCallerIdentity&Version=2011-06-15", "AKIAIOSFODNN7EXAMPLE", "", "InvalidClientTokenId"},
		{"sts", "/?Action=GetCallerIdentity&Version=2011-06-15", "111122223333", "IQoJb3JpZ2luX2VjEXAMPLE", "InvalidClientTokenId"},
		{"sts", "/?Action=GetCallerIdentity&Version=2011-06-15", "", "", "MissingAuthenticationToken"},
		{"lambda", "/2015-03-31/functions", "AKIAIOSFODNN7EXAMPLE", "", "UnrecognizedClientException"},
		{"lambda", "/2015-03-31/functions", "", "", "MissingAuthenticationTokenException"},
		{"s3", "/bucket/key", "AKIAIOSFODNN7EXAMPLE", "", "InvalidAccessKeyId"},
		{"s3", "/bucket/key", "", "", "AccessDenied"},
	} {
		var headers []string
		if test.key != "" {
			headers = []string{"Authorization", "AWS4-HMAC-SHA256 Credential=" + test.key + "/20260102/eu-central-1/" + test.service + "/aws4_request, SignedHeaders=host, Signature=0"}
		}
		if test.token != "" {
			headers = append(headers, "X-Amz-Security-Token", test.token)
		}
		resp, body := send(t, server, "", "GET", test.path, "", headers...)
		if test.code == "" {
			if resp.StatusCode != http.StatusOK || fake.caller.RoleARN == "" {
				t.Errorf("%s: %d, caller %+v", test.service, resp.StatusCode, fake.caller)
			}
		} else if code, _ := faultOf(t, resp, body); code != test.code || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s with the key %q: got %d %s, want 403 %s", test.service, test.key, resp.StatusCode, code, test.code)
		}
	}
}
