package rest

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	apiiam "github.com/lamgate/lamgate/api/iam"
	apilogs "github.com/lamgate/lamgate/api/logs"
	lamgateaws "github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/wire"
)

const callerARN = "arn:aws:iam::000000000000:role/service/caller"

// role makes the role of integrations, which may do what the statements say.
func (h *house) role(trusted string, statements ...policy.Statement) {
	h.t.Helper()
	h.put(policy.RoleKey(account, "caller"), policy.Role{
		Name: "caller", Path: "/service/", ID: "AROACALLER", ARN: callerARN, Account: account,
		Trust: policy.Document{Version: policy.Version2012, Statement: []policy.Statement{{Effect: policy.Allow,
			Principal: &policy.Principal{Kinds: map[string][]string{"Service": {trusted}}}, Action: []string{"sts:AssumeRole"}}}},
		Inline: map[string]policy.Document{"own": {Version: policy.Version2012, Statement: statements}},
	})
}

func may(action, resource string) policy.Statement {
	return policy.Statement{Effect: policy.Allow, Action: []string{action}, Resource: []string{resource}}
}

// serviceTo is a method that calls an AWS service.
func serviceTo(method, uri string, change ...func(*plan.Method)) *plan.Method {
	m := httpTo("HTTP", method, uri)
	m.Integration.Type, m.Integration.Credentials = "AWS", callerARN
	m.Responses["400"] = &plan.MethodResponse{StatusCode: "400"}
	for _, f := range change {
		f(m)
	}
	return m
}

// A fakeService is an AWS service in process that remembers what it was asked.
type fakeService struct {
	asked  *http.Request
	body   []byte
	answer http.HandlerFunc
}

func (s *fakeService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked = r
	s.body, _ = io.ReadAll(r.Body)
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("x-amzn-RequestId", "service-id")
	io.WriteString(w, `{"done":true}`)
}

func newServiceHouse(t testing.TB, s *fakeService, own string, endpoints map[string]*url.URL) *house {
	return newHouse(t, func(c *Config) {
		c.Credentials = func(account, role, session string) AccessKey {
			return AccessKey{ID: "ASIA" + account, Secret: "secret of " + role, SessionToken: "token of " + session}
		}
		c.Services = func(name string) http.Handler {
			if name == own {
				return s
			}
			return nil
		}
		c.Endpoints = endpoints
	})
}

func TestServicesAreCalledInProcess(t *testing.T) {
	s := &fakeService{}
	h := newServiceHouse(t, s, "sts", nil)
	h.role(gatewayService, may("sts:GetCallerIdentity", "*"))
	h.deployMethod("/a", serviceTo("POST", "arn:aws:apigateway:eu-west-1:sts:action/GetCallerIdentity", parameters("querystring.Version", "'2011-06-15'", "header.X-A", "'b'", "header.Host-Name", "'c'", "header.Host", "'d'")))
	a := h.do("POST", "/v0/a?ignored=1", "", "X-Client", "no").expect(200, "", `{"done":true}`)
	if !strings.HasPrefix(a.header("X-Amzn-Trace-Id"), "Root=") {
		t.Errorf("%v", a.Result().Header)
	}
	r := s.asked
	if r.Method != "POST" || r.Host != "sts.eu-west-1.amazonaws.com" || r.URL.RequestURI() != "/?Action=GetCallerIdentity&Version=2011-06-15" {
		t.Errorf("%s %s %s", r.Method, r.Host, r.URL)
	}
	for name, want := range map[string]string{
		"X-A": "b", "Host-Name": "c", "X-Client": "", "Accept": "application/json", "User-Agent": "AmazonAPIGateway_api", "X-Amzn-Apigateway-Api-Id": "api",
		"X-Amz-Source-Arn": "arn:aws:execute-api:us-east-1:000000000000:api/v0/*/a", "X-Amz-Security-Token": "token of BackplaneAssumeRoleSession",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := r.Header.Get("Authorization"); !strings.HasPrefix(got, "AWS4-HMAC-SHA256 Credential=ASIA000000000000/20200515/eu-west-1/sts/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-source-arn, Signature=") {
		t.Errorf("%s", got)
	}
	// A service of the JSON protocols is told its action by a header.
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("X-Amz-Target")+" "+r.Header.Get("Content-Type"), http.StatusBadRequest)
	}
	h = newServiceHouse(t, s, "logs", nil)
	h.role(gatewayService, may("logs:*", "*"))
	h.deployMethod("/a", serviceTo("POST", "arn:aws:apigateway:us-east-1:logs:action/DescribeLogGroups"))
	h.get("/v0/a").expect(200, "", "Logs_20140328.DescribeLogGroups application/x-amz-json-1.1\n")
	if string(s.body) != "{}" {
		t.Errorf("%s", s.body)
	}
}

func TestServicesAreCalledAtTheirEndpoints(t *testing.T) {
	b := newBackend(t, nil)
	at, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := newServiceHouse(t, &fakeService{}, "", map[string]*url.URL{"dynamodb": at, "s3": at, "sqs": at})
	h.role(gatewayService, may("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/music"), may("s3:GetObject", "arn:aws:s3:::photos/*"), may("sqs:SendMessage", "*"))
	h.deploy(plan.Deployment{Resources: []plan.Resource{
		resource("/music", map[string]*plan.Method{"POST": serviceTo("POST", "arn:aws:apigateway:us-east-1:dynamodb:action/GetItem")}),
		resource("/photo/{key+}", map[string]*plan.Method{"GET": serviceTo("GET", "arn:aws:apigateway:us-east-1:s3:path/photos/{key}", parameters("path.key", "method.request.path.key"))}),
		resource("/virtual", map[string]*plan.Method{"GET": serviceTo("GET", "arn:aws:apigateway:us-east-1:photos.s3:path/a.png")}),
		resource("/queue", map[string]*plan.Method{"POST": serviceTo("POST", "arn:aws:apigateway:us-east-1:sqs:path/000000000000/${stageVariables.queue}",
			parameters("header.Content-Type", "'application/x-www-form-urlencoded'"), requestTemplate("application/json", "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"))}),
		resource("/none", map[string]*plan.Method{"POST": serviceTo("POST", "arn:aws:apigateway:us-east-1:kinesis:action/ListStreams")}),
	}}, func(a *plan.RestAPI) { a.Stages["v0"].Variables = map[string]string{"queue": "jobs"} })

	h.do("POST", "/v0/music", `{"TableName":"music"}`).expect(200, "", `{"answer":"to POST"}`)
	if got := b.heads(); got["X-Amz-Target"] != "DynamoDB_20120810.GetItem" || got["Content-Type"] != "application/x-amz-json-1.0" {
		t.Errorf("%v", got)
	}
	h.get("/v0/photo/2020/b.png").expect(200, "", `{"answer":"to GET"}`)
	if b.asked.RequestURI != "/photos/2020/b.png" || b.asked.Host != at.Host {
		t.Errorf("%s %s", b.asked.Host, b.asked.RequestURI)
	}
	h.get("/v0/virtual").expect(200, "", `{"answer":"to GET"}`)
	if b.asked.RequestURI != "/a.png" || b.asked.Host != "photos."+at.Host {
		t.Errorf("%s %s", b.asked.Host, b.asked.RequestURI)
	}
	h.do("POST", "/v0/queue", `{"a":1}`).expect(200, "", `{"answer":"to POST"}`)
	if b.asked.RequestURI != "/000000000000/jobs" || string(b.body) != "Action=SendMessage&MessageBody=%7B%22a%22%3A1%7D" {
		t.Errorf("%s %s", b.asked.RequestURI, b.body)
	}
	h.do("POST", "/v0/none", "").expect(500, errServer, internal).because("integration", "kinesis", "lamgate serve --endpoint kinesis=URL")
}

func TestServicesAreCalledWithARole(t *testing.T) {
	s := &fakeService{}
	h := newServiceHouse(t, s, "dynamodb", nil)
	call := func(change ...func(*plan.Method)) *answer {
		h.deployMethod("/a", serviceTo("POST", "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem", change...))
		return h.do("POST", "/v0/a", `{"TableName":"music"}`)
	}
	call(func(m *plan.Method) { m.Integration.Credentials = "" }).expect(500, errServer, internal).because("method request", "names no credentials")
	call(func(m *plan.Method) { m.Integration.Credentials = "arn:aws:iam::*:user/*" }).expect(500, errServer, internal).because("method request", "caller's credentials")
	call().expect(500, errServer, internal).because("permission", callerARN, "does not exist")
	h.role("lambda.amazonaws.com", may("*", "*"))
	call().expect(500, errServer, internal).because("permission", "sts:AssumeRole", callerARN)
	// AWS: what the role may not do, the service refuses: an answer like any other.
	h.role(gatewayService, may("dynamodb:GetItem", "*"))
	call(responds("400", "400", "")).
		expect(400, "", `{"__type":"AccessDeniedException","Message":"User: arn:aws:sts::000000000000:assumed-role/caller/BackplaneAssumeRoleSession is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/music"}`).
		because("permission", callerARN, "dynamodb:PutItem")
	h.role(gatewayService, may("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/other"))
	call().because("permission", "dynamodb:PutItem", "table/other")
	if s.asked != nil {
		t.Error("the service was called")
	}
	h.role(gatewayService, may("dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:000000000000:table/music"))
	call().expect(200, "", `{"done":true}`)
}

// A header is signed by its name: one that holds the parts of a signature would
// speak for another caller.
func TestHeadersOfServicesAreHeaders(t *testing.T) {
	for _, set := range []string{
		`#set($context.requestOverride.header["X-Amz-A, Credential=x/20200515/us-east-1/iam/aws4_request"] = "1")`,
		`#set($context.requestOverride.header.X-A = $input.path('$.a'))`,
	} {
		s := &fakeService{}
		h := newServiceHouse(t, s, "sts", nil)
		h.role(gatewayService, may("*", "*"))
		h.deployMethod("/a", serviceTo("POST", "arn:aws:apigateway:us-east-1:sts:action/GetCallerIdentity", requestTemplate("application/json", set)))
		h.do("POST", "/v0/a", `{"a":"1\r\nX-B: 2"}`).expect(500, errServer, internal).because("integration", "no header can have")
		if s.asked != nil {
			t.Error("the service was called")
		}
	}
}

// The URI names the service; no target leads to another of lamgate's own.
func TestTargetsOfOtherServicesAreUnknown(t *testing.T) {
	own, err := wire.New([]wire.Mount{{Service: &apilogs.Service}, {Service: &apiiam.Service}}, slog.New(slog.DiscardHandler), lamgateaws.NewManualClock(houseTime), wire.NewCredentials([]byte("key")))
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, func(c *Config) {
		c.Credentials = func(string, string, string) AccessKey { return AccessKey{ID: "AKIA", Secret: "secret"} }
		c.Services = own.Only
	})
	h.role(gatewayService, may("*", "*"))
	for _, c := range []struct{ uri, target, want string }{
		{"logs:action/DescribeLogGroups", "Logs_20140328.DescribeLogGroups", "lamgate does not implement logs DescribeLogGroups"},
		{"logs:action/DescribeLogGroups", "AmazonSSM.DescribeLogGroups", "UnknownOperationException"},
		{"logs:action/DescribeLogGroups", "", "lamgate does not implement logs DescribeLogGroups"},
		{"iam:action/ListUsers&Version=2010-05-08", "Logs_20140328.DeleteLogGroup", "lamgate does not implement iam ListUsers"},
	} {
		h.deployMethod("/a", serviceTo("POST", "arn:aws:apigateway:us-east-1:"+c.uri,
			parameters("header.X-Amz-Target", "method.request.header.target")))
		a := h.do("POST", "/v0/a", "{}", "target", c.target)
		if !strings.Contains(a.Body.String(), c.want) {
			t.Errorf("%s with %s answers %s, want %s", c.uri, c.target, a.Body, c.want)
		}
	}
}

// What a caller may set through a mapping is no part of who calls.
func TestMappedHeadersDoNotSpeakForTheRole(t *testing.T) {
	s := &fakeService{}
	h := newServiceHouse(t, s, "s3", nil)
	h.role(gatewayService, may("*", "*"))
	h.deployMethod("/a", serviceTo("GET", "arn:aws:apigateway:us-east-1:s3:path/b/k", parameters("header.X-Amz-Security-Token", "'another'",
		"header.x-amz-date", "'20000101T000000Z'", "header.X-Amz-Content-Sha256", "'UNSIGNED-PAYLOAD'", "header.X-Amz-Source-Arn", "'arn:aws:execute-api:us-east-1:0:other/*'")))
	h.get("/v0/a").expect(200, "", `{"done":true}`)
	for name, want := range map[string]string{
		"X-Amz-Security-Token": "token of BackplaneAssumeRoleSession", "X-Amz-Date": "20200515T060109Z", "X-Amz-Content-Sha256": hexSHA256(nil),
		"X-Amz-Source-Arn": "arn:aws:execute-api:us-east-1:000000000000:api/v0/*/a",
	} {
		if got := s.asked.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// A key is no path, neither where the role is asked nor where it is read.
func TestKeysOfObjectsAreNotCleaned(t *testing.T) {
	s := &fakeService{}
	h := newServiceHouse(t, s, "s3", nil)
	h.role(gatewayService, may("s3:GetObject", "arn:aws:s3:::b/public/*"))
	h.deployMethod("/{key+}", serviceTo("GET", "arn:aws:apigateway:us-east-1:s3:path/b/{key}", parameters("path.key", "method.request.path.key")))
	h.get("/v0/public/%2e%2e/secret").expect(200, "", `{"done":true}`)
	if got := s.asked.URL.EscapedPath(); got != "/b/public/../secret" && got != "/b/public/%2e%2e/secret" {
		t.Errorf("the service was asked for %s", got)
	}
	h.get("/v0/secret").because("permission", "s3:GetObject", "arn:aws:s3:::b/secret")
}

func TestServicesHaveTheIntegrationsTime(t *testing.T) {
	asked := make(chan struct{})
	s := &fakeService{answer: func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}}
	h := newServiceHouse(t, s, "sts", nil)
	h.role(gatewayService, may("*", "*"))
	h.deployMethod("/a", serviceTo("GET", "arn:aws:apigateway:us-east-1:sts:action/GetCallerIdentity"))
	go func() {
		<-asked
		h.clock.Advance(29 * time.Second)
	}()
	h.get("/v0/a").expect(504, errServer, `{"message": "Endpoint request timed out"}`).because("integration", "the AWS service sts", "29s", "timeoutInMillis")
	s.answer = func(http.ResponseWriter, *http.Request) { panic("a mistake") }
	h.get("/v0/a").expect(500, errServer, internal).because("integration", "a mistake")
	s.answer = func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 10<<20+1)) }
	h.get("/v0/a").expect(500, errServer, internal).because("integration", "10 MB")
}

// The signature is the one that AWS's own client makes.
func TestSignaturesAreThoseOfAWS(t *testing.T) {
	for _, c := range []struct{ service, method, path, query, body string }{
		{"sts", "POST", "", "Version=1", "Action=GetCallerIdentity"},
		{"sqs", "POST", "000000000000/jobs", "b=2&a=1&a=%20x", "Action=SendMessage"},
		{"s3", "GET", "photos/2020/caf%C3%A9%201.png", "list-type=2", ""},
		{"execute-api", "GET", "a%20b/c", "", ""},
	} {
		s := &fakeService{}
		h := newServiceHouse(t, s, c.service, nil)
		h.role(gatewayService, may("*", "*"))
		uri := "arn:aws:apigateway:us-east-1:" + c.service + ":path/" + c.path
		if c.query != "" {
			uri += "?" + c.query
		}
		h.deployMethod("/a", serviceTo(c.method, uri))
		if a := h.do("POST", "/v0/a", c.body); a.Code != 200 {
			step, what, _ := a.why()
			t.Errorf("%s: %d: %s: %s", c.service, a.Code, step, what)
			continue
		}
		got := s.asked.Header.Get("Authorization")
		r, err := http.NewRequest(c.method, "https://"+s.asked.Host+s.asked.URL.RequestURI(), bytes.NewReader(s.body))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = 0 // the signer would sign it
		for name, values := range s.asked.Header {
			lower := strings.ToLower(name)
			if lower == "content-type" || strings.HasPrefix(lower, "x-amz-") && lower != "x-amz-date" && lower != "x-amz-security-token" {
				r.Header[name] = values
			}
		}
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = c.service == "s3" })
		key := aws.Credentials{AccessKeyID: "ASIA" + account, SecretAccessKey: "secret of " + callerARN, SessionToken: "token of " + sessionName}
		if err := signer.SignHTTP(t.Context(), key, r, hexSHA256(s.body), c.service, region, houseTime); err != nil {
			t.Fatal(err)
		}
		if want := r.Header.Get("Authorization"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.service, got, want)
		}
	}
}
