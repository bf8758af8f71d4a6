package wire_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/wire"
)

// A signing is a request that a client of AWS signs, and what happens to it on
// its way.
type signing struct {
	method, target, body string
	service, region      string
	key                  wire.Issued
	at                   time.Time
	presign              bool
	change               func(*http.Request) // after it was signed
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// request returns the signed request as a server receives it.
func (s signing) request(t testing.TB) *http.Request {
	t.Helper()
	return s.requestFor(t)
}

func (s signing) requestFor(t interface {
	Fatal(...any)
	Context() context.Context
}) *http.Request {
	r, err := http.NewRequest(s.method, "https://abc.lambda-url.us-east-1.on.aws"+s.target, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain")
	credentials := awssdk.Credentials{AccessKeyID: s.key.AccessKeyID, SecretAccessKey: s.key.SecretAccessKey, SessionToken: s.key.SessionToken}
	signer := v4.NewSigner()
	if s.presign {
		query := r.URL.Query()
		query.Set("X-Amz-Expires", "60")
		r.URL.RawQuery = query.Encode()
		url, header, err := signer.PresignHTTP(t.Context(), credentials, r, digest(s.body), s.service, s.region, s.at)
		if err != nil {
			t.Fatal(err)
		}
		host := r.Host
		r, err = http.NewRequest(s.method, url, strings.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host, r.Header = host, header
		r.Header.Del("Host")
	} else if err := signer.SignHTTP(t.Context(), credentials, r, digest(s.body), s.service, s.region, s.at); err != nil {
		t.Fatal(err)
	}
	received := httptest.NewRequest(r.Method, r.URL.RequestURI(), strings.NewReader(s.body))
	received.Host, received.Header = r.Host, r.Header
	if s.change != nil {
		s.change(received)
	}
	return received
}

func TestVerify(t *testing.T) {
	issuer := wire.NewCredentials([]byte("key of the tests"))
	session := wire.Session{Account: "123456789012", RoleARN: "arn:aws:iam::123456789012:role/caller", RoleID: "AROAEXAMPLE", Name: "me", Expiry: testTime.Add(time.Hour)}
	issued := issuer.Issue(session)
	session.Expiry = testTime
	expired := issuer.Issue(session)
	stranger := wire.NewCredentials([]byte("another key")).Issue(wire.Session{Account: "123456789012", Expiry: testTime.Add(time.Hour)})
	verifier := wire.NewVerifier(issuer, aws.NewManualClock(testTime))

	sign := func(change func(*signing)) signing {
		s := signing{method: "GET", target: "/", service: "lambda", region: "us-east-1", key: issued, at: testTime}
		if change != nil {
			change(&s)
		}
		return s
	}
	alter := func(f func(*http.Request)) signing { return sign(func(s *signing) { s.change = f }) }
	for _, test := range []struct {
		name    string
		signing signing
		code    string // of the fault; empty where the signature holds
		message string // that the fault begins with
		told    string // in the explanation
	}{
		{name: "a plain request", signing: sign(nil)},
		{name: "parameters, escaped and repeated", signing: sign(func(s *signing) { s.target = "/a/b?z=1&a=%2F%20%C3%A9&a=b&flag&y=~-_." })},
		{name: "a path with escapes", signing: sign(func(s *signing) { s.target = "/a%20b/%E2%82%AC/c" })},
		{name: "a body", signing: sign(func(s *signing) { s.method, s.body = "POST", `{"x": 1}` })},
		{name: "a presigned URL", signing: sign(func(s *signing) { s.presign, s.target = true, "/a?b=c" })},
		{name: "as old as may be", signing: sign(func(s *signing) { s.at = testTime.Add(-5 * time.Minute) })},
		{name: "slashes that the client's own form leaves out", signing: sign(func(s *signing) {
			s.target, s.change = "/a/b", func(r *http.Request) { r.RequestURI = "//a//b" }
		})},
		{name: "a header that was not signed", signing: alter(func(r *http.Request) { r.Header.Set("Via", "1.1 proxy") })},

		{name: "no signature", signing: alter(func(r *http.Request) { r.Header.Del("Authorization") }),
			code: "MissingAuthenticationTokenException", message: "Missing Authentication Token", told: "not signed"},
		{name: "another way to say who one is", signing: alter(func(r *http.Request) { r.Header.Set("Authorization", "Bearer abc") }),
			code: "IncompleteSignatureException", message: "Authorization header requires the algorithm 'AWS4-HMAC-SHA256'"},
		{name: "half a header", signing: alter(func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260102/us-east-1/lambda/aws4_request")
		}),
			code: "IncompleteSignatureException", message: "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "},
		{name: "a scope of four parts", signing: alter(func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260102/us-east-1/lambda, SignedHeaders=host, Signature=0")
		}), code: "IncompleteSignatureException", message: "Credential must have exactly 5 slash-delimited elements"},
		{name: "a signature for many regions", signing: alter(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", 1))
		}), code: "IncompleteSignatureException", told: "many regions"},
		{name: "another service", signing: sign(func(s *signing) { s.service = "s3" }),
			code: "InvalidSignatureException", message: "Credential should be scoped to correct service: 'lambda'. "},
		{name: "another region", signing: sign(func(s *signing) { s.region = "eu-west-1" }),
			code: "InvalidSignatureException", message: "Credential should be scoped to a valid region, not 'eu-west-1'. "},
		{name: "too old", signing: sign(func(s *signing) { s.at = testTime.Add(-5*time.Minute - time.Second) }),
			code: "InvalidSignatureException", message: "Signature expired: "},
		{name: "too young", signing: sign(func(s *signing) { s.at = testTime.Add(5*time.Minute + time.Second) }),
			code: "InvalidSignatureException", message: "Signature not yet current: "},
		{name: "a presigned URL whose time is up", signing: sign(func(s *signing) { s.presign, s.at = true, testTime.Add(-time.Minute) }),
			code: "InvalidSignatureException", message: "Signature expired: "},
		{name: "a date beside that of the scope", signing: alter(func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260103T000000Z") }),
			code: "InvalidSignatureException", message: "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260102' != '20260103'"},
		{name: "a key of nobody", signing: sign(func(s *signing) {
			s.key = wire.Issued{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}
		}), code: "UnrecognizedClientException", message: "The security token included in the request is invalid.", told: "AKIAIOSFODNN7EXAMPLE"},
		{name: "a key of another server", signing: sign(func(s *signing) { s.key = stranger }),
			code: "UnrecognizedClientException", message: "The security token included in the request is invalid."},
		{name: "an expired session", signing: sign(func(s *signing) { s.key = expired }),
			code: "ExpiredTokenException", message: "The security token included in the request is expired"},
		{name: "a wrong secret", signing: sign(func(s *signing) { s.key.SecretAccessKey = "guess" }),
			code: "InvalidSignatureException", message: "The request signature we calculated does not match the signature you provided.", told: "x-amz-date:20260102"},
		{name: "another path", signing: alter(func(r *http.Request) { r.RequestURI = "/other" }), code: "InvalidSignatureException"},
		{name: "another parameter", signing: alter(func(r *http.Request) { r.RequestURI = "/?a=b" }), code: "InvalidSignatureException"},
		{name: "a parameter like a presigned URL's signature", signing: alter(func(r *http.Request) { r.RequestURI = "/?X-Amz-Signature=b" }), code: "InvalidSignatureException"},
		{name: "the same, signed", signing: sign(func(s *signing) { s.target = "/?X-Amz-Signature=b" })},
		{name: "a second signature in a presigned URL", signing: sign(func(s *signing) {
			s.presign, s.change = true, func(r *http.Request) { r.RequestURI += "&X-Amz-Signature=b" }
		}), code: "InvalidSignatureException"},
		{name: "a second signature that is none, before the first", signing: sign(func(s *signing) {
			s.presign, s.change = true, func(r *http.Request) { r.RequestURI = strings.Replace(r.RequestURI, "?", "?X-Amz-Signature=%zz&", 1) }
		}), code: "InvalidSignatureException"},
		{name: "a header like a presigned URL's signature", signing: sign(func(s *signing) {
			s.presign, s.change = true, func(r *http.Request) { r.Header.Set("X-Amz-Signature", "b") }
		}), code: "InvalidSignatureException", message: "'X-Amz-Signature' must be a 'SignedHeader'"},
		{name: "a presigned URL for ever", signing: sign(func(s *signing) {
			s.presign, s.change = true, func(r *http.Request) {
				r.RequestURI = strings.Replace(r.RequestURI, "X-Amz-Expires=60&", "", 1)
				r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=60&", "", 1)
			}
		}), code: "IncompleteSignatureException", message: "AWS query-string parameters must include 'X-Amz-Expires'. "},
		{name: "a parameter that reads differently by half", signing: sign(func(s *signing) {
			s.target, s.change = "/?a=%25zz%2541", func(r *http.Request) { r.RequestURI = "/?a=%zz%41" }
		}), code: "InvalidSignatureException"},
		{name: "a path that leaves another", signing: sign(func(s *signing) {
			s.target, s.change = "/b", func(r *http.Request) { r.RequestURI = "/admin/../b" }
		}), code: "InvalidSignatureException", message: "The request signature we calculated does not match", told: "segments of dots"},
		{name: "two Authorization headers", signing: alter(func(r *http.Request) {
			r.Header["Authorization"] = append(r.Header["Authorization"], "Bearer x")
		}), code: "IncompleteSignatureException", told: "2 Authorization headers"},
		{name: "an empty Authorization header before the signature", signing: alter(func(r *http.Request) {
			r.Header["Authorization"] = append([]string{""}, r.Header["Authorization"]...)
		}), code: "IncompleteSignatureException", told: "2 Authorization headers"},
		{name: "a header's space that is not one", signing: sign(func(s *signing) {
			s.change = func(r *http.Request) { r.Header.Set("Content-Type", "text/plain\u00a0") }
		}), code: "InvalidSignatureException"},
		{name: "another session's token", signing: alter(func(r *http.Request) {
			r.Header.Set("X-Amz-Security-Token", issuer.Issue(wire.Session{Account: "123456789012", Expiry: testTime.Add(time.Hour)}).SessionToken)
		}), code: "UnrecognizedClientException"},
		{name: "no session token", signing: alter(func(r *http.Request) { r.Header.Del("X-Amz-Security-Token") }), code: "UnrecognizedClientException"},
		{name: "another method", signing: alter(func(r *http.Request) { r.Method = "DELETE" }), code: "InvalidSignatureException"},
		{name: "another host", signing: alter(func(r *http.Request) { r.Host = "def.lambda-url.us-east-1.on.aws" }), code: "InvalidSignatureException"},
		{name: "another value of a signed header", signing: alter(func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }), code: "InvalidSignatureException"},
		{name: "a header of AWS's that is not signed", signing: alter(func(r *http.Request) { r.Header.Set("X-Amz-Meta", "x") }),
			code: "InvalidSignatureException", message: "'X-Amz-Meta' must be a 'SignedHeader' in the AWS Authorization."},
		{name: "a host that is not signed", signing: alter(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ";host;", ";", 1))
		}), code: "InvalidSignatureException", message: "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
	} {
		t.Run(test.name, func(t *testing.T) {
			caller, err := verifier.Verify(test.signing.request(t), "lambda", "us-east-1", digest(test.signing.body))
			if test.code == "" {
				if err != nil || caller.ARN != "arn:aws:sts::123456789012:assumed-role/caller/me" || caller.AccessKeyID != issued.AccessKeyID {
					t.Errorf("got %+v, %v", caller, err)
				}
				return
			}
			var refused *wire.Unverified
			if !errors.As(err, &refused) {
				t.Fatalf("got %+v, %v; want %s", caller, err, test.code)
			}
			if refused.Fault.Code != test.code || refused.Fault.Status != http.StatusForbidden || !strings.HasPrefix(refused.Fault.Message, test.message) {
				t.Errorf("refused with %d %v\nwant 403 %s: %s…", refused.Fault.Status, refused.Fault, test.code, test.message)
			}
			if what, _ := refused.Explain(); what == "" || !strings.Contains(what, test.told) {
				t.Errorf("explained by %q, without %q", what, test.told)
			}
		})
	}
	t.Run("a body that is not signed", func(t *testing.T) {
		// AWS: Lambda takes no unsigned payloads ("Restrict access to an AWS Lambda
		// function URL origin", CloudFront).
		r := sign(nil).request(t)
		r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ";x-amz-date", ";x-amz-content-sha256;x-amz-date", 1))
		_, err := verifier.Verify(r, "lambda", "us-east-1", digest(""))
		var refused *wire.Unverified
		if !errors.As(err, &refused) || refused.Fault.Code != "InvalidSignatureException" {
			t.Fatalf("got %v", err)
		}
		if what, _ := refused.Explain(); !strings.HasPrefix(what, `the body that arrived is not the one that was signed: the request says "UNSIGNED-PAYLOAD" of it`) {
			t.Errorf("explained by %q", what)
		}
	})
	t.Run("another body", func(t *testing.T) {
		s := sign(func(s *signing) { s.method, s.body = "POST", "mine" })
		if _, err := verifier.Verify(s.request(t), "lambda", "us-east-1", digest("yours")); !aws.HasCode(err, "InvalidSignatureException") {
			t.Errorf("got %v", err)
		}
	})
}

// Whoever reads an explanation learns what was signed, and cannot sign or send
// anything with it.
func TestExplanationsKeepSecrets(t *testing.T) {
	issuer := wire.NewCredentials([]byte("key of the tests"))
	key := issuer.Issue(wire.Session{Account: "123456789012", Expiry: testTime.Add(time.Hour)})
	verifier := wire.NewVerifier(issuer, aws.NewManualClock(testTime))
	secrets := []string{key.SessionToken, url.QueryEscape(key.SessionToken), key.SecretAccessKey, "of-a-cookie", "of-somebody"}
	for name, s := range map[string]signing{
		"signed":    {},
		"presigned": {presign: true},
		"of another kind": {change: func(r *http.Request) {
			r.Header.Set("Authorization", "of-somebody")
		}},
	} {
		s.method, s.target, s.service, s.region, s.key, s.at = "GET", "/?a=b", "lambda", "us-east-1", key, testTime
		r := s.request(t)
		r.Method = "PUT"
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "host;", "cookie;host;", 1))
		if s.presign {
			r.Header.Del("Authorization")
		}
		r.Header.Set("Cookie", "of-a-cookie")
		_, err := verifier.Verify(r, "lambda", "us-east-1", digest(""))
		var refused *wire.Unverified
		if !errors.As(err, &refused) {
			t.Fatalf("%s: %v", name, err)
		}
		what, mend := refused.Explain()
		for _, secret := range secrets {
			if strings.Contains(what+mend, secret) {
				t.Errorf("%s: the explanation has %q:\n%s", name, secret, what)
			}
		}
		if name != "of another kind" && !strings.Contains(what, "a=b") {
			t.Errorf("%s: the explanation does not say what was signed:\n%s", name, what)
		}
	}
	long := signing{method: "GET", target: "/?" + strings.Repeat("a", 60<<10), service: "lambda", region: "us-east-1", key: key, at: testTime}.request(t)
	long.Method = "PUT"
	_, err := verifier.Verify(long, "lambda", "us-east-1", digest(""))
	if len(err.Error()) > 10<<10 {
		t.Errorf("the explanation of a long request has %d bytes", len(err.Error()))
	}
}

func FuzzVerify(f *testing.F) {
	verifier := wire.NewVerifier(wire.NewCredentials([]byte("key")), aws.NewManualClock(testTime))
	f.Add("/?a=b", "AWS4-HMAC-SHA256 Credential=a/20260102/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0", "20260102T030405Z")
	f.Add("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20260102%2Fus-east-1%2Flambda%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=9&X-Amz-SignedHeaders=host&X-Amz-Signature=0", "", "")
	f.Fuzz(func(t *testing.T, target, authorization, date string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RequestURI = target
		_, r.URL.RawQuery, _ = strings.Cut(target, "?")
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Amz-Date", date)
		if _, err := verifier.Verify(r, "lambda", "us-east-1", digest("")); err == nil {
			t.Error("nobody has signed this")
		}
	})
}
