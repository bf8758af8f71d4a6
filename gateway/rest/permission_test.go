package rest

import (
	"testing"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/policy"
)

const execute = "arn:aws:execute-api:us-east-1:000000000000:api/"

// TestSourceARNs has every pattern of Lambda's guide, and those which opinions
// differ on.
func TestSourceARNs(t *testing.T) {
	for _, c := range []struct {
		route, request, pattern string
		allowed                 bool
	}{
		{"GET /", "GET /v0/", execute + "v0/GET/", true},
		{"GET /", "GET /v0/", execute + "*/GET/", true},
		{"GET /", "GET /v0/", execute + "v0/GET/*", true},
		{"GET /user", "GET /v0/user", execute + "*/GET/*", true},
		{"GET /user", "GET /v0/user", execute + "*/*/*", true},
		{"GET /user", "GET /v0/user", execute + "*", true},
		{"GET /user", "GET /v0/user", "arn:aws:execute-api:us-east-1:*:api/*/GET/user", true},
		{"GET /user", "GET /v0/user", "", true},
		{"GET /user", "GET /v0/user", execute + "prod/GET/user", false},
		{"GET /user", "GET /v0/user", execute + "*/POST/user", false},
		{"GET /user", "GET /v0/user", execute + "*/GET/users", false},
		{"GET /user", "GET /v0/user", "arn:aws:execute-api:us-east-1:000000000000:other/*/GET/user", false},
		{"GET /user", "GET /v0/user", "arn:aws:execute-api:eu-west-1:000000000000:api/*/GET/user", false},
		{"GET /user", "GET /v0/user", "arn:aws:execute-api:us-east-1:111111111111:api/*/GET/user", false},
		// A parameter stands as an asterisk, whatever the request has there.
		{"GET /user/{id}", "GET /v0/user/42", execute + "*/GET/user/*", true},
		{"GET /user/{id}", "GET /v0/user/42", execute + "*/GET/user/{id}", false},
		{"GET /user/{id}", "GET /v0/user/42", execute + "*/GET/user/42", false},
		{"GET /{proxy+}", "GET /v0/a/b", execute + "*/GET/*", true},
		{"GET /{proxy+}", "GET /v0/a/b", execute + "*/GET/{proxy+}", false},
		// So does ANY, and its name does not match.
		{"ANY /user", "GET /v0/user", execute + "*/*/user", true},
		{"ANY /user", "GET /v0/user", execute + "v0/ANY/user", false},
		{"ANY /user", "GET /v0/user", execute + "*/GET/user", false},
	} {
		h := newHouse(t)
		h.function(permit(c.pattern))
		method, path := c.route[:len(c.route)-len(afterSpace(c.route))-1], afterSpace(c.route)
		h.deploy(hello(method, path))
		a := h.get(afterSpace(c.request))
		if (a.Code == 200) != c.allowed {
			_, what, mend := a.why()
			t.Errorf("%s with %q: %d (%s; %s)", c.route, c.pattern, a.Code, what, mend)
		}
	}
}

func afterSpace(s string) string {
	for i := range s {
		if s[i] == ' ' {
			return s[i+1:]
		}
	}
	return ""
}

func TestMissingPermissionNamesTheCommandThatMendsIt(t *testing.T) {
	h := newHouse(t)
	h.function()
	h.deploy(hello("ANY", "/users/{id}"))
	h.get("/v0/users/1").expect(500, errServer, internal).because("permission",
		"aws lambda add-permission --region us-east-1 --function-name hello --statement-id apigateway-api"+
			" --action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn '"+execute+"v0/*/users/*'")
	if h.invoker.count() != 0 {
		t.Error("the function was invoked")
	}
	h.function(permit(execute + "v0/*/users/*"))
	h.get("/v0/users/1").expect(200, "", "Hello, World!")
}

func TestPermissionIsAskedAgainAfterEachChange(t *testing.T) {
	h := newHouse(t)
	h.deploy(hello("GET", "/a"))
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "does not exist")
	for range 3 {
		h.function(permit(execute + "*/GET/a"))
		h.get("/v0/a").expect(200, "", "Hello, World!")
		h.get("/v0/a").expect(200, "", "Hello, World!")
		h.function(permit(execute + "*/GET/b"))
		h.get("/v0/a").expect(500, errServer, internal).because("permission", "the nearest is", "SourceArn")
	}
	deny := permit("")
	deny.Effect = policy.Deny
	h.function(permit(""), deny)
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "denies")
}

func TestSourceAccount(t *testing.T) {
	h := newHouse(t)
	h.deploy(hello("GET", "/a"))
	s := permit("")
	s.Condition = policy.Condition{"StringEquals": {"AWS:SourceAccount": {"111111111111"}}}
	h.function(s)
	h.get("/v0/a").expect(500, errServer, internal)
	s.Condition = policy.Condition{"StringEquals": {"AWS:SourceAccount": {account}}}
	h.function(s)
	h.get("/v0/a").expect(200, "", "Hello, World!")
}

// A function's policy may speak of the time too, and what it says then holds for
// what has been decided before.
func TestPermissionsForAWhile(t *testing.T) {
	h := newHouse(t)
	h.deploy(hello("GET", "/a"))
	until := policy.Condition{"DateGreaterThan": {"aws:CurrentTime": {houseTime.Add(time.Minute).UTC().Format(time.RFC3339)}}}
	deny := permit("")
	deny.Effect, deny.Condition = policy.Deny, until
	h.function(permit(""), deny)
	h.get("/v0/a").expect(200, "", "Hello, World!")
	h.clock.Advance(2 * time.Minute)
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "denies")
}

func TestAliasHasAPolicyOfItsOwn(t *testing.T) {
	h := newHouse(t)
	s := permit("")
	d := hello("GET", "/a")
	d.Resources[0].Methods["GET"] = proxyTo(helloARN + ":live")
	h.deploy(d)
	h.function(s)
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "--qualifier live")
	s.Resource = []string{helloARN + ":live"}
	h.put(execution.FunctionKey(account, region, "hello"), execution.Function{Account: account, Region: region, Name: "hello",
		Policies: map[string]execution.ResourcePolicy{"live": {Document: policy.Document{Version: policy.Version2012, Statement: []policy.Statement{s}}}}})
	h.get("/v0/a").expect(200, "", "Hello, World!")
	if ref := h.invoker.last(t).Function; ref.Qualifier != "live" {
		t.Errorf("%+v", ref)
	}
}

// TestCredentials: the role alone decides, however the function's own policy
// stands.
func TestCredentials(t *testing.T) {
	const roleARN = "arn:aws:iam::000000000000:role/gateway"
	trust := func(service string) policy.Document {
		return policy.Document{Version: policy.Version2012, Statement: []policy.Statement{{
			Effect: policy.Allow, Principal: &policy.Principal{Kinds: map[string][]string{"Service": {service}}}, Action: []string{"sts:AssumeRole"}}}}
	}
	may := func(action, resource string) map[string]policy.Document {
		return map[string]policy.Document{"invoke": {Version: policy.Version2012, Statement: []policy.Statement{{
			Effect: policy.Allow, Action: []string{action}, Resource: []string{resource}}}}}
	}
	h := newHouse(t)
	h.function(permit(""))
	d := hello("GET", "/a")
	d.Resources[0].Methods["GET"].Integration.Credentials = roleARN
	h.deploy(d)
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "role/gateway does not exist")

	role := policy.Role{Account: account, Name: "gateway", ARN: roleARN, Trust: trust("lambda.amazonaws.com"), Inline: may("lambda:*", helloARN)}
	put := func() { h.put(policy.RoleKey(account, "gateway"), role) }
	put()
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "trust policy")
	role.Trust = trust("apigateway.amazonaws.com")
	put()
	h.get("/v0/a").expect(200, "", "Hello, World!")
	role.Inline = may("lambda:GetFunction", "*")
	put()
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "lambda:InvokeFunction")
	role.Inline = may("lambda:InvokeFunction", helloARN)
	put()
	h.function() // without a policy
	h.get("/v0/a").expect(200, "", "Hello, World!")

	// A policy that speaks of the time is asked again as time passes.
	role.Inline["invoke"].Statement[0].Condition = policy.Condition{"DateLessThan": {"aws:CurrentTime": {"2020-05-15T06:01:10Z"}}}
	put()
	h.get("/v0/a").expect(200, "", "Hello, World!")
	h.clock.Advance(1e9)
	h.get("/v0/a").expect(500, errServer, internal).because("permission", "CurrentTime")
}

func TestCallersCredentialsAreRefused(t *testing.T) {
	h := newHouse(t)
	h.function(permit(""))
	d := hello("GET", "/a")
	d.Resources[0].Methods["GET"].Integration.Credentials = "arn:aws:iam::*:user/*"
	h.deploy(d)
	h.get("/v0/a").expect(500, errServer, internal).because("method request", "caller's credentials")
}

// TestClosedDoors: what guards access and is not built refuses everybody, and
// no function is invoked.
func TestClosedDoors(t *testing.T) {
	const unauthorised = `{"message":"Unauthorized"}`
	method := func(change func(*plan.Method)) func(*plan.Deployment, *plan.RestAPI) {
		return func(d *plan.Deployment, _ *plan.RestAPI) { change(d.Resources[0].Methods["GET"]) }
	}
	for _, c := range []struct {
		name            string
		shut            func(*plan.Deployment, *plan.RestAPI)
		status          int
		errorType, body string
		step, word      string
	}{
		{"authorizer", method(func(m *plan.Method) { m.AuthorizationType = "CUSTOM" }), 401, "UnauthorizedException", unauthorised, "authorizer", "CUSTOM"},
		{"user pool", method(func(m *plan.Method) { m.AuthorizationType = "COGNITO_USER_POOLS" }), 401, "UnauthorizedException", unauthorised, "authorizer", "COGNITO_USER_POOLS"},
		{"unknown kind", method(func(m *plan.Method) { m.AuthorizationType = "none" }), 401, "UnauthorizedException", unauthorised, "authorizer", "none"},
		{"IAM", method(func(m *plan.Method) { m.AuthorizationType = "AWS_IAM" }), 403, errToken, noToken, "authorizer", "AWS_IAM"},
		{"API key", method(func(m *plan.Method) { m.APIKeyRequired = true }), 403, errForbid, forbids, "API key", "API keys"},
		{"resource policy", func(d *plan.Deployment, _ *plan.RestAPI) { d.ResourcePolicy = "{}" }, 403, "AccessDeniedException",
			`{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:api/v0/GET/a"}`, "resource policy", "resource policies"},
		{"private", func(d *plan.Deployment, _ *plan.RestAPI) { d.EndpointType = "PRIVATE" }, 403, errForbid, forbids, "resource policy", "private APIs"},
		{"disabled endpoint", func(_ *plan.Deployment, a *plan.RestAPI) { a.DisableExecuteAPI = true }, 403, errForbid, forbids, "resource policy", "disableExecuteApiEndpoint"},
		{"web ACL", func(_ *plan.Deployment, a *plan.RestAPI) { a.Stages["v0"].WebACLARN = "arn:aws:wafv2:x" }, 403, errForbid, forbids, "resource policy", "web ACLs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.function(permit(""))
			d := hello("GET", "/a")
			c.shut(&d, &plan.RestAPI{Stages: map[string]*plan.Stage{"v0": {}}})
			h.deploy(d, func(a *plan.RestAPI) { c.shut(&plan.Deployment{Resources: d.Resources}, a) })
			h.do("GET", "/v0/a", "", "Authorization", "Bearer token", "x-api-key", "key").
				expect(c.status, c.errorType, c.body).because(c.step, c.word)
			if h.invoker.count() != 0 {
				t.Error("the function was invoked")
			}
		})
	}
}
