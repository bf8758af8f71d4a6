package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// A functionURL is a URL that a test has given a function.
type functionURL struct {
	t   testing.TB
	url string // with a slash at its end
}

// newURL gives the function a URL for everybody, without the permission to.
func (f *function) newURL(change ...func(*lambda.CreateFunctionUrlConfigInput)) *functionURL {
	f.t.Helper()
	in := &lambda.CreateFunctionUrlConfigInput{FunctionName: &f.name, AuthType: types.FunctionUrlAuthTypeNone}
	for _, c := range change {
		c(in)
	}
	out, err := lambdaClient().CreateFunctionUrlConfig(f.t.Context(), in)
	return &functionURL{f.t, *must(f.t, out, err).FunctionUrl}
}

// openURL gives the function a URL that everybody may use.
func (f *function) openURL(change ...func(*lambda.CreateFunctionUrlConfigInput)) *functionURL {
	f.t.Helper()
	u := f.newURL(change...)
	f.permitURL(nil)
	f.permitURLInvocation(nil)
	return u
}

// permitURL and permitURLInvocation let everybody do the two things that it
// takes to use a URL.
func (f *function) permitURL(alias *string) {
	f.t.Helper()
	f.permitEverybody(&lambda.AddPermissionInput{Action: aws.String("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: types.FunctionUrlAuthTypeNone, Qualifier: alias})
}

func (f *function) permitURLInvocation(alias *string) {
	f.t.Helper()
	f.permitEverybody(&lambda.AddPermissionInput{Action: aws.String("lambda:InvokeFunction"), InvokedViaFunctionUrl: aws.Bool(true), Qualifier: alias})
}

func (f *function) permitEverybody(in *lambda.AddPermissionInput) {
	f.t.Helper()
	in.FunctionName, in.StatementId, in.Principal = &f.name, aws.String(uniqueName("s")), aws.String("*")
	if _, err := lambdaClient().AddPermission(f.t.Context(), in); err != nil {
		f.t.Fatal("add permission:", err)
	}
}

// ask sends a request for a path, which begins without a slash.
func (u *functionURL) ask(method, path, body string, headers ...string) answer {
	u.t.Helper()
	return send(u.t, newRequest(u.t.Context(), u.t, method, u.url+path, body, headers...))
}

// event asks a function that echoes its event, and returns it.
func (u *functionURL) event(method, path, body string, headers ...string) map[string]any {
	u.t.Helper()
	a := u.ask(method, path, body, headers...)
	var event map[string]any
	if err := json.Unmarshal([]byte(a.body), &event); err != nil || a.status != http.StatusOK {
		u.t.Fatalf("got %d %s", a.status, a.body)
	}
	return event
}

const (
	urlForbidden = `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`
	urlFailed    = "Internal Server Error"
)

func (a answer) wantURLForbidden(t testing.TB) {
	t.Helper()
	a.want(t, http.StatusForbidden, urlForbidden)
	if got := a.header.Get("x-amzn-ErrorType"); got != "AccessDeniedException" {
		t.Errorf("x-amzn-ErrorType is %q", got)
	}
}

// A URL for everybody is closed until the function's policy has both statements.
func TestAFunctionURLNeedsTwoPermissions(t *testing.T) {
	f := newFunction(t, greeter)
	u := f.newURL()
	u.ask("GET", "", "").wantURLForbidden(t)
	f.permitURL(nil)
	u.ask("GET", "", "").wantURLForbidden(t)
	f.permitURLInvocation(nil)
	u.ask("GET", "", "").want(t, http.StatusOK, "hello")
}

// echoWhole answers with the event it was given, which is the body of a URL.
const echoWhole = `
def handler(event, context):
    return event
`

func TestTheEventOfAFunctionURL(t *testing.T) {
	u := newFunction(t, echoWhole).openURL()
	event := u.event("POST", "custom_path/extend?a=1&a=2&b=%20", "text", "Content-Type", "text/plain", "ExTrA-HeadErs", "With WeiRd CapS", "Cookie", "x=1; y=2")
	for name, want := range map[string]any{
		"version": "2.0", "routeKey": "$default", "rawQueryString": "a=1&a=2&b=%20", "body": "text", "isBase64Encoded": false,
	} {
		if event[name] != want {
			t.Errorf("%s is %v, want %v", name, event[name], want)
		}
	}
	if path, _ := event["rawPath"].(string); path != "/custom_path/extend" {
		t.Errorf("rawPath is %q", path)
	}
	headers, _ := event["headers"].(map[string]any)
	if headers["extra-headers"] != "With WeiRd CapS" || headers["content-length"] != "4" || headers["cookie"] != nil {
		t.Errorf("the headers are %v", headers)
	}
	if cookies, _ := event["cookies"].([]any); len(cookies) != 2 || cookies[1] != "y=2" {
		t.Errorf("the cookies are %v", cookies)
	}
	if query, _ := event["queryStringParameters"].(map[string]any); query["a"] != "1,2" || query["b"] != " " {
		t.Errorf("the query is %v", query)
	}
	requestContext, _ := event["requestContext"].(map[string]any)
	id, _ := requestContext["apiId"].(string)
	if requestContext["accountId"] != "anonymous" || requestContext["stage"] != "$default" || requestContext["domainPrefix"] != id || !strings.Contains(u.url, id) || id == "" {
		t.Errorf("the context is %v", requestContext)
	}
	if r, _ := requestContext["http"].(map[string]any); r["method"] != "POST" || r["path"] != "/custom_path/extend" || r["protocol"] != "HTTP/1.1" {
		t.Errorf("the context's request is %v", r)
	}

	// The URL is known by its host name too.
	host := id + ".lambda-url." + region + ".on.aws"
	byHost := send(t, newRequest(t.Context(), t, "GET", endpoint+"/by/host", "", "Host", host))
	if byHost.status != http.StatusOK || !strings.Contains(byHost.body, `"rawPath": "/by/host"`) && !strings.Contains(byHost.body, `"rawPath":"/by/host"`) {
		t.Errorf("by its host name: %d %s", byHost.status, byHost.body)
	}

	event = u.event("POST", "", "a=b", "Content-Type", "application/x-www-form-urlencoded")
	if event["body"] != "YT1i" || event["isBase64Encoded"] != true {
		t.Errorf("a form arrives as %v, %v", event["body"], event["isBase64Encoded"])
	}
	event = u.event("GET", "", "")
	for _, absent := range []string{"body", "cookies", "queryStringParameters"} {
		if v, ok := event[absent]; ok {
			t.Errorf("%s is %v of a request that has none", absent, v)
		}
	}
}

// speaker answers whatever the request's body is as Python.
const speaker = `
def handler(event, context):
    return eval(event["body"])
`

func TestWhatAFunctionURLMakesOfAnswers(t *testing.T) {
	u := newFunction(t, speaker).openURL()
	for _, c := range []struct {
		python string
		status int
		body   string
	}{
		{`{"hello": "world"}`, 200, `{"hello":"world"}`},
		{`["hello", 3, True]`, 200, `["hello",3,true]`},
		{`"hello"`, 200, "hello"},
		{`3`, 200, "3"},
		{`3.1`, 200, "3.1"},
		{`True`, 200, "true"},
		{`{"statusCode": 200, "body": "body123"}`, 200, "body123"},
		{`{"statusCode": "418", "body": "i'm a teapot"}`, 418, "i'm a teapot"},
		{`{"statusCode": 200, "body": "AGE=", "isBase64Encoded": True}`, 200, "\x00a"},
		{`1 / 0`, 502, urlFailed},
		{`{"statusCode": "no"}`, 502, urlFailed},
	} {
		t.Run(c.python, func(t *testing.T) {
			a := u.ask("POST", "", c.python, "Content-Type", "text/plain")
			a.want(t, c.status, c.body)
			if got := a.header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type is %q", got)
			}
		})
	}
	a := u.ask("POST", "", `{"statusCode": 201, "headers": {"My-Custom-Header": "Custom Value", "content-type": "text/x"}, "cookies": ["a=1; Secure", "b=2"]}`, "Content-Type", "text/plain")
	if a.header.Get("My-Custom-Header") != "Custom Value" || a.header.Get("Content-Type") != "text/x" || strings.Join(a.header.Values("Set-Cookie"), "|") != "a=1; Secure|b=2" {
		t.Errorf("the headers are %v", a.header)
	}
}

func TestFunctionURLsThatAreGone(t *testing.T) {
	f := newFunction(t, greeter)
	u := f.openURL()
	u.ask("GET", "", "").want(t, http.StatusOK, "hello")
	if _, err := lambdaClient().DeleteFunctionUrlConfig(t.Context(), &lambda.DeleteFunctionUrlConfigInput{FunctionName: &f.name}); err != nil {
		t.Fatal(err)
	}
	u.ask("GET", "", "").want(t, http.StatusForbidden, `{"Message":null}`)
}

// An alias has a URL of its own, with its own permissions, for its own version.
func TestTheFunctionURLOfAnAlias(t *testing.T) {
	f := newFunction(t, greeter)
	version, err := lambdaClient().PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: &f.name})
	must(t, version, err)
	alias := aws.String("live")
	_, err = lambdaClient().CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &f.name, Name: alias, FunctionVersion: version.Version})
	if err != nil {
		t.Fatal(err)
	}
	u := f.newURL(func(in *lambda.CreateFunctionUrlConfigInput) { in.Qualifier = alias })
	f.permitURL(nil)
	f.permitURLInvocation(nil)
	u.ask("GET", "", "").wantURLForbidden(t)
	f.permitURL(alias)
	f.permitURLInvocation(alias)
	u.ask("GET", "", "").want(t, http.StatusOK, "hello")
	// The alias takes its permissions with it.
	if _, err := lambdaClient().DeleteAlias(t.Context(), &lambda.DeleteAliasInput{FunctionName: &f.name, Name: alias}); err != nil {
		t.Fatal(err)
	}
	if a := u.ask("GET", "", ""); a.status != http.StatusForbidden || a.header.Get("x-amzn-ErrorType") != "AccessDeniedException" {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestFunctionURLsAreThrottled(t *testing.T) {
	f := newFunction(t, greeter)
	u := f.openURL()
	_, err := lambdaClient().PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: &f.name, ReservedConcurrentExecutions: aws.Int32(0)})
	if err != nil {
		t.Fatal(err)
	}
	if a := u.ask("GET", "", ""); a.status != http.StatusTooManyRequests {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestCORSOfAFunctionURL(t *testing.T) {
	u := newFunction(t, greeter).openURL(func(in *lambda.CreateFunctionUrlConfigInput) {
		in.Cors = &types.Cors{AllowOrigins: []string{"https://page.example"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"content-type"},
			ExposeHeaders: []string{"x-a"}, MaxAge: aws.Int32(60), AllowCredentials: aws.Bool(true)}
	})
	const origin = "https://page.example"
	a := u.ask("OPTIONS", "", "", "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	a.want(t, http.StatusOK, "")
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": "GET,POST", "Access-Control-Allow-Headers": "content-type",
		"Access-Control-Max-Age": "60", "Access-Control-Allow-Credentials": "true",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	a = u.ask("GET", "", "", "Origin", origin)
	a.want(t, http.StatusOK, "hello")
	if a.header.Get("Access-Control-Allow-Origin") != origin || a.header.Get("Access-Control-Expose-Headers") != "x-a" {
		t.Errorf("the headers are %v", a.header)
	}
	for _, stranger := range []answer{
		u.ask("OPTIONS", "", "", "Origin", "https://other.example", "Access-Control-Request-Method", "POST"),
		u.ask("GET", "", "", "Origin", "https://other.example"),
	} {
		if got := stranger.header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("another origin is admitted: %q", got)
		}
	}
}

// assume returns credentials of a session of a role.
func assume(t testing.TB, role string) aws.Credentials {
	t.Helper()
	out, err := stsClient().AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("me")})
	c := must(t, out, err).Credentials
	return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
}

// signed signs a request as AWS's clients do.
func signed(t testing.TB, r *http.Request, body string, key aws.Credentials) *http.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(context.Background(), key, r, hex.EncodeToString(sum[:]), "lambda", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAFunctionURLForWhoSigns(t *testing.T) {
	f := newFunction(t, echoWhole)
	u := f.newURL(func(in *lambda.CreateFunctionUrlConfigInput) { in.AuthType = types.FunctionUrlAuthTypeAwsIam })
	trust := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + account + `:root"}, "Action": "sts:AssumeRole"}]}`
	role := newRole(t, trust, "")
	key := assume(t, role)
	ask := func(key aws.Credentials) answer {
		t.Helper()
		return send(t, signed(t, newRequest(t.Context(), t, "POST", u.url+"a/b?c=d%2Fe&f", "body", "Content-Type", "text/plain"), "body", key))
	}
	u.ask("GET", "", "").wantURLForbidden(t)
	ask(key).wantURLForbidden(t) // it may do nothing yet
	putRolePolicy(t, role, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"], "Resource": "`+f.arn+`"}]}`)
	a := ask(key)
	var event struct {
		RequestContext struct {
			AccountID  string `json:"accountId"`
			Authorizer struct {
				IAM struct{ AccessKey, UserARN string } `json:"iam"`
			} `json:"authorizer"`
		} `json:"requestContext"`
	}
	if err := json.Unmarshal([]byte(a.body), &event); err != nil || a.status != http.StatusOK {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	c := event.RequestContext
	if c.AccountID != account || c.Authorizer.IAM.AccessKey != key.AccessKeyID || !strings.HasSuffix(c.Authorizer.IAM.UserARN, "/me") {
		t.Errorf("the event says of who signs: %+v", c)
	}
	wrong := key
	wrong.SecretAccessKey = "guess"
	if a := ask(wrong); a.status != http.StatusForbidden || a.header.Get("x-amzn-ErrorType") != "InvalidSignatureException" {
		t.Errorf("a wrong secret: %d %s", a.status, a.body)
	}
	if a := ask(aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}); a.status != http.StatusForbidden || a.header.Get("x-amzn-ErrorType") != "UnrecognizedClientException" {
		t.Errorf("a key of nobody: %d %s", a.status, a.body)
	}
}
