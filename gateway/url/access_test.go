package url

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/wire"
)

// A URL for everybody needs a policy that lets everybody do both.
func TestURLsForEverybody(t *testing.T) {
	both := public(helloARN)
	deny := policy.Statement{Effect: policy.Deny, Principal: &policy.Principal{Everyone: true}, Action: []string{"lambda:InvokeFunctionUrl"}, Resource: []string{"*"}}
	forAccount := both[0]
	forAccount.Principal = &policy.Principal{Kinds: map[string][]string{"AWS": {account}}}
	asIAM := both[0]
	asIAM.Condition = policy.Condition{"StringEquals": {"lambda:FunctionUrlAuthType": {"AWS_IAM"}}}
	plain := both[1]
	plain.Condition = nil
	for _, c := range []struct {
		name       string
		statements []policy.Statement
		words      []string // of the explanation; nil if it is open
	}{
		{"both", both, nil},
		{"the function without a condition", []policy.Statement{both[0], plain}, nil},
		{"nothing", nil, []string{"aws lambda add-permission --region us-west-2 --function-name hello --statement-id FunctionURLAllowPublicAccess --action lambda:InvokeFunctionUrl --principal '*' --function-url-auth-type NONE"}},
		{"the URL alone", both[:1], []string{"since October 2025", "--action lambda:InvokeFunction --principal '*' --invoked-via-function-url"}},
		{"the function alone", both[1:], []string{"--action lambda:InvokeFunctionUrl"}},
		{"another auth type", []policy.Statement{asIAM, both[1]}, []string{"AWS_IAM"}},
		{"one account", []policy.Statement{forAccount, both[1]}, []string{"Principal is AWS " + account}},
		{"a Deny", append([]policy.Statement{deny}, both...), []string{"no other can outweigh a Deny"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.function(execution.URL{}, c.statements...)
			for range 2 { // the second time from what was found out at the first
				a := h.do("GET", "/", "")
				if c.words == nil {
					a.expect(200, "Hello, World!")
				} else {
					a.expect(403, forbiddenBody).with("x-amzn-ErrorType", "AccessDeniedException").because("authorization", c.words...)
				}
			}
			h.open()
			h.do("GET", "/", "").expect(200, "Hello, World!")
		})
	}
}

// A policy may speak of the request; then it is asked each time.
func TestPoliciesThatSpeakOfTheRequest(t *testing.T) {
	h := newHouse(t)
	statements := public(helloARN)
	statements[0].Condition["IpAddress"] = map[string][]string{"aws:SourceIp": {"123.123.123.0/24"}}
	statements[1].Condition["DateLessThan"] = map[string][]string{"aws:CurrentTime": {"2020-03-12T19:05:00Z"}}
	h.function(execution.URL{}, statements...)
	h.do("GET", "/", "").expect(200, "Hello, World!")
	r := request("GET", "/", "")
	r.RemoteAddr = "10.0.0.1:1"
	h.serve(r).expect(403, forbiddenBody).because("authorization", "aws:SourceIp")
	h.clock.Advance(2 * time.Minute)
	h.do("GET", "/", "").expect(403, forbiddenBody).because("authorization", "aws:CurrentTime")
}

func TestUnknownAuthTypesAreClosed(t *testing.T) {
	h := newHouse(t)
	h.function(execution.URL{AuthType: "JWT"}, public(helloARN)...)
	h.do("GET", "/", "").expect(403, forbiddenBody).because("authorization", `no auth type "JWT"`)
}

const callerARN = "arn:aws:iam::123456789012:role/caller"

// role makes the role "caller" with a policy, and returns credentials of it.
func (h *house) role(account string, statements ...policy.Statement) wire.Issued {
	arn := strings.Replace(callerARN, "123456789012", account, 1)
	h.put(policy.RoleKey(account, "caller"), policy.Role{Account: account, Name: "caller", ID: "AROACALLER", ARN: arn,
		Inline: map[string]policy.Document{"p": {Version: policy.Version2012, Statement: statements}}})
	return h.credentials.Issue(wire.Session{Account: account, RoleARN: arn, RoleID: "AROACALLER", Name: "me", Expiry: h.clock.Now().Add(time.Hour)})
}

// signed returns a request as a client of AWS signs it.
func (h *house) signed(key wire.Issued, method, target, body string) *http.Request {
	h.t.Helper()
	r := request(method, target, body, "Content-Type", "text/plain")
	r.URL.Scheme, r.URL.Host = "https", host
	sum := sha256.Sum256([]byte(body))
	credentials := awssdk.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken}
	if err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), "lambda", region, h.clock.Now()); err != nil {
		h.t.Fatal(err)
	}
	return r
}

// A presigned URL is good for whoever has it, as it is.
func TestPresignedURLs(t *testing.T) {
	h := newHouse(t)
	h.function(execution.URL{AuthType: "AWS_IAM"})
	key := h.role(account, mayInvoke("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"))
	sum := sha256.Sum256(nil)
	presigned, _, err := v4.NewSigner().PresignHTTP(t.Context(), awssdk.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken},
		request("GET", "https://"+host+"/a?x=1&X-Amz-Expires=60", ""), hex.EncodeToString(sum[:]), "lambda", region, h.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	target := strings.TrimPrefix(presigned, "https://"+host)
	h.do("GET", target, "").expect(200, "Hello, World!")
	event := h.invoker.last(t)
	if query := event["queryStringParameters"].(map[string]any); event["rawPath"] != "/a" || query["x"] != "1" {
		t.Errorf("the event is %v", event)
	}
	for _, changed := range []string{target + "&X-Amz-Signature=0", target + "&y=2", strings.Replace(target, "/a?", "/b/../a?", 1)} {
		a := h.do("GET", changed, "").expect(403, mismatch)
		if _, what, _ := a.why(); strings.Contains(what, key.SessionToken) {
			t.Errorf("the journey has the session's token:\n%s", what)
		}
	}
	h.do("POST", target, "").expect(403, mismatch)
	h.clock.Advance(time.Minute)
	h.do("GET", target, "").expect(403, `{"message":"Signature expired: 20200312T190358Z is now earlier than 20200312T190358Z (20200312T190458Z - 60 sec.)"}`)
}

func mayInvoke(actions ...string) policy.Statement {
	return policy.Statement{Effect: policy.Allow, Action: actions, Resource: []string{helloARN}}
}

const mismatch = `{"message":"The request signature we calculated does not match the signature you provided. ` +
	`Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}`

func TestURLsForWhoSigns(t *testing.T) {
	h := newHouse(t)
	h.function(execution.URL{AuthType: "AWS_IAM"})
	key := h.role(account, mayInvoke("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"))
	h.serve(h.signed(key, "POST", "/a/b?x=1&y=%2F", "body")).expect(200, "Hello, World!")
	event := h.invoker.last(t)
	requestContext := event["requestContext"].(map[string]any)
	if requestContext["accountId"] != account || event["body"] != "body" {
		t.Errorf("the event is %v", event)
	}
	equalJSON(t, requestContext["authorizer"], `{"iam":{"accessKey":"`+key.AccessKeyID+`","accountId":"123456789012","callerId":"AROACALLER:me","cognitoIdentity":null,
		"principalOrgId":null,"userArn":"arn:aws:sts::123456789012:assumed-role/caller/me","userId":"AROACALLER:me"}}`)
	headers := event["headers"].(map[string]any)
	if headers["authorization"] != nil || headers["x-amz-date"] == nil {
		t.Errorf("the headers are %v", headers)
	}

	h.do("GET", "/", "").expect(403, forbiddenBody).with("x-amzn-ErrorType", "AccessDeniedException").because("authorization", "not signed")
	h.do("GET", "/", "", "Authorization", "Bearer x").expect(403,
		`{"message":"Authorization header requires the algorithm 'AWS4-HMAC-SHA256'. Authorization=Bearer"}`).with("x-amzn-ErrorType", "IncompleteSignatureException")
	wrong := key
	wrong.SecretAccessKey = "guess"
	refused := h.serve(h.signed(wrong, "GET", "/", "")).expect(403, mismatch).with("x-amzn-ErrorType", "InvalidSignatureException").
		because("authorization", "as it arrived", "x-amz-security-token:(")
	if _, what, _ := refused.why(); strings.Contains(what, key.SessionToken) {
		t.Errorf("the journey has the session's token:\n%s", what)
	}
	h.serve(h.signed(wire.Issued{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, "GET", "/", "")).expect(403,
		`{"message":"The security token included in the request is invalid."}`).
		with("x-amzn-ErrorType", "UnrecognizedClientException").because("authorization", "AKIAIOSFODNN7EXAMPLE", "aws sts assume-role")
	changed := h.signed(key, "POST", "/", "body")
	changed.Body = request("POST", "/", "BODY").Body
	h.serve(changed).expect(403, mismatch)
}

// Everything that the event of Lambda's own examples has, ours has as well; what
// the request decides is the same.
func TestEventsHaveWhatThoseOfTheExamplesHave(t *testing.T) {
	folder := os.Getenv("LAMGATE_RECORDINGS")
	if folder == "" {
		t.Skip("LAMGATE_RECORDINGS names no folder")
	}
	text, err := os.ReadFile(filepath.Join(folder, "events", "lambda-urls-request.json"))
	if err != nil {
		t.Skip(err)
	}
	var want map[string]any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	h.function(execution.URL{AuthType: "AWS_IAM"})
	key := h.role(account, mayInvoke("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"))
	r := h.signed(key, "POST", "/my/path?"+want["rawQueryString"].(string), want["body"].(string))
	r.Header.Set("Cookie", "cookie1; cookie2")
	r.Header.Add("Header1", "value1")
	r.Header["Header2"] = []string{"value1", "value2"}
	r.Header.Set("User-Agent", "agent")
	h.serve(r).expect(200, "Hello, World!")
	compareEvents(t, "", h.invoker.last(t), want)
}

// compareEvents demands what the other has. Of the context only the request's
// own part must be equal: the rest is the account's and the time's.
func compareEvents(t *testing.T, at string, got, want any) {
	t.Helper()
	members, ok := want.(map[string]any)
	if !ok {
		theirs := strings.HasPrefix(at, "/requestContext") && !strings.HasPrefix(at, "/requestContext/http/")
		if theirs && reflect.TypeOf(got) != reflect.TypeOf(want) || !theirs && !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want one like %v", at, got, want)
		}
		return
	}
	ours, _ := got.(map[string]any)
	for name, value := range members {
		compareEvents(t, at+"/"+name, ours[name], value)
	}
}

// The caller's policies and the function's decide together.
func TestWhoSignsMustBeAllowed(t *testing.T) {
	both := mayInvoke("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
	byFunction := func(actions ...string) []policy.Statement {
		return []policy.Statement{{Effect: policy.Allow, Principal: &policy.Principal{Kinds: map[string][]string{"AWS": {"arn:aws:iam::210987654321:role/caller", callerARN}}},
			Action: actions, Resource: []string{helloARN}}}
	}
	const other = "210987654321"
	for _, c := range []struct {
		name     string
		account  string
		own      []policy.Statement
		function []policy.Statement
		why      string // it is refused; empty if it is not
	}{
		{"by the role alone", account, []policy.Statement{both}, nil, ""},
		{"by the function alone", account, nil, byFunction("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"), ""},
		{"by both from another account", other, []policy.Statement{both}, byFunction("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"), ""},
		{"by nobody", account, nil, nil, "lambda:InvokeFunctionUrl"},
		{"the URL alone", account, []policy.Statement{mayInvoke("lambda:InvokeFunctionUrl")}, nil, "lambda:InvokeFunction on"},
		{"by the role alone from another account", other, []policy.Statement{both}, nil, "lambda:InvokeFunctionUrl"},
		{"by the function alone from another account", other, nil, byFunction("lambda:InvokeFunctionUrl", "lambda:InvokeFunction"), "lambda:InvokeFunctionUrl"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.function(execution.URL{AuthType: "AWS_IAM"}, c.function...)
			a := h.serve(h.signed(h.role(c.account, c.own...), "GET", "/", ""))
			if c.why != "" {
				a.expect(403, forbiddenBody).because("authorization", c.why)
				return
			}
			a.expect(200, "Hello, World!")
			context := h.invoker.last(t)["requestContext"].(map[string]any)
			caller := context["authorizer"].(map[string]any)["iam"].(map[string]any)
			if context["accountId"] != account || caller["accountId"] != c.account {
				t.Errorf("the function is of %v and called from %v", context["accountId"], caller["accountId"])
			}
		})
	}
}

func TestCORS(t *testing.T) {
	age := 300
	h := newHouse(t)
	h.function(execution.URL{AuthType: "AWS_IAM", CORS: &execution.CORS{
		AllowCredentials: true, AllowHeaders: []string{"content-type", "x-a"}, AllowMethods: []string{"GET", "POST"},
		AllowOrigins: []string{"https://a.example", "https://b.example"}, ExposeHeaders: []string{"x-b", "date"}, MaxAge: &age,
	}})
	preflight := []string{"Origin", "https://a.example", "Access-Control-Request-Method", "GET"}
	h.do("OPTIONS", "/", "", preflight...).expect(200, "").
		with("Access-Control-Allow-Origin", "https://a.example").with("Access-Control-Allow-Methods", "GET,POST").
		with("Access-Control-Allow-Headers", "content-type,x-a").with("Access-Control-Allow-Credentials", "true").
		with("Access-Control-Max-Age", "300").with("Vary", "Origin").with("Content-Length", "0").with("Access-Control-Expose-Headers", "").
		with("Content-Type", "application/json")
	h.do("OPTIONS", "/", "", "Origin", "https://c.example", "Access-Control-Request-Method", "GET").expect(200, "").
		with("Access-Control-Allow-Origin", "").with("Access-Control-Allow-Methods", "").because("CORS", "https://c.example", `--cors '{"`, `"AllowOrigins":["https://a.example","`, `"https://c.example"]`)
	// What a browser would not send after it is not answered either.
	for _, asked := range []struct{ method, headers, why, option string }{
		{"GET", "X-A, x-c", `the header "x-c" is not among those (content-type, x-a)`, `"AllowHeaders":["content-type","x-a","x-c"]`},
		{"PUT", "", `the method "PUT" is not among those (GET, POST)`, `"AllowMethods":["GET","POST","PUT"]`},
	} {
		h.do("OPTIONS", "/", "", "Origin", "https://a.example", "Access-Control-Request-Method", asked.method, "Access-Control-Request-Headers", asked.headers).expect(200, "").
			with("Access-Control-Allow-Origin", "").with("Access-Control-Allow-Headers", "").with("Content-Type", "application/json").because("CORS", asked.why, asked.option)
	}
	h.do("OPTIONS", "/", "", "Origin", "https://c.example;$(reboot)", "Access-Control-Request-Method", "GET").expect(200, "").
		because("CORS", `"https://c.example;$(reboot)"]`, `--cors '{`) // nobody's shell runs what a caller wrote
	h.do("OPTIONS", "/", "", "Origin", "https://a.example", "Access-Control-Request-Method", "HEAD", "Access-Control-Request-Headers", "Content-Type,X-a").expect(200, "").
		with("Access-Control-Allow-Origin", "https://a.example")
	// A refusal is for the page to see.
	h.do("GET", "/", "", "Origin", "https://a.example").expect(403, forbiddenBody).with("Access-Control-Allow-Origin", "https://a.example")
	if len(h.invoker.calls) != 0 {
		t.Error("the function was invoked")
	}

	h.open(func(u *execution.URL) {
		u.CORS = &execution.CORS{AllowOrigins: []string{"*"}, ExposeHeaders: []string{"x-b"}}
	})
	h.invoker.answering(`{"statusCode":200,"headers":{"access-control-allow-origin":"*"}}`)
	h.do("GET", "/", "", "Origin", "https://a.example").expect(200, "").with("Access-Control-Allow-Origin", "https://a.example").
		with("access-control-allow-origin", "*").with("Access-Control-Expose-Headers", "x-b").with("Vary", "Origin").with("Access-Control-Allow-Credentials", "")
	h.do("GET", "/", "").expect(200, "").with("Access-Control-Allow-Origin", "").with("Vary", "")
	h.do("OPTIONS", "/", "", "Origin", "https://a.example").expect(200, "").with("access-control-allow-origin", "*") // no preflight request

	h.open()
	h.invoker.answering(`{"statusCode":418}`)
	h.do("OPTIONS", "/", "", preflight...).expect(418, "").with("Access-Control-Allow-Origin", "")
}
