package policy

import (
	"strings"
	"testing"
	"time"
)

const (
	account  = "111122223333"
	stranger = "444455556666"
	function = "arn:aws:lambda:us-east-1:111122223333:function:hello"
	role     = "arn:aws:iam::111122223333:role/team/worker"
	session  = "arn:aws:sts::111122223333:assumed-role/worker/one"
)

var worker = Subject{ARN: session, RoleARN: role, Account: account, UserID: "AROAEXAMPLE:one", Tags: map[string]string{"team": "blue"}}

func parse(t testing.TB, kind Kind, text string) *Document {
	t.Helper()
	d, err := Parse(kind, text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return &d
}

// statements wraps statements, given as JSON, in a policy.
func statements(texts ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(texts, ",") + `]}`
}

func TestIdentityPolicies(t *testing.T) {
	for _, test := range []struct {
		name, policy     string
		action, resource string
		want             Outcome
		because          string // part of the explanation
	}{
		{
			"exact", `{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"` + function + `"}`,
			"lambda:InvokeFunction", function, Allowed, "statement 1 of it allows",
		},
		{
			"actions are compared without case", `{"Effect":"Allow","Action":"LAMBDA:invoke*","Resource":"*"}`,
			"lambda:InvokeFunction", function, Allowed, "",
		},
		{
			"resources are compared with case", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:lambda:us-east-1:111122223333:function:Hello"}`,
			"lambda:InvokeFunction", function, ImplicitDeny, `its Resource is "arn:aws:lambda:us-east-1:111122223333:function:Hello"`,
		},
		{
			"a question mark is one character", `{"Effect":"Allow","Action":"s3:?etObject","Resource":"arn:aws:s3:::b/????"}`,
			"s3:GetObject", "arn:aws:s3:::b/k1é2", Allowed, "",
		},
		{
			"a qualifier is not the function", `{"Effect":"Allow","Action":"lambda:*","Resource":"` + function + `"}`,
			"lambda:InvokeFunction", function + ":live", ImplicitDeny, "the nearest is statement 1",
		},
		{
			"NotAction allows the rest", `{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}`,
			"s3:GetObject", "arn:aws:s3:::b/k", Allowed, "",
		},
		{
			"NotAction leaves out", `{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}`,
			"iam:PassRole", role, ImplicitDeny, "NotAction",
		},
		{
			"NotResource leaves out", `{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::secret/*"}`,
			"s3:GetObject", "arn:aws:s3:::secret/k", ImplicitDeny, "NotResource",
		},
		{
			"Deny wins, wherever it stands",
			`{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"NoDelete","Effect":"Deny","Action":"s3:Delete*","Resource":"*"},{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
			"s3:DeleteObject", "arn:aws:s3:::b/k", ExplicitDeny, "statement 2 (NoDelete) of it denies",
		},
		{
			"nothing near", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`,
			"sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q", ImplicitDeny, "no statement speaks of it in it",
		},
		{
			"the wrong action on the right resource is near", `{"Effect":"Allow","Action":"lambda:GetFunction","Resource":"` + function + `"}`,
			"lambda:InvokeFunction", function, ImplicitDeny, `its Action is "lambda:GetFunction", not lambda:InvokeFunction`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := Evaluate(Request{Subject: worker, Action: test.action, Resource: test.resource},
				Source{Identity, "it", parse(t, Identity, statements(test.policy))})
			check(t, d, test.want, test.because)
		})
	}
}

func check(t *testing.T, d Decision, want Outcome, because string) {
	t.Helper()
	what, mend := d.Explain()
	if d.Outcome != want {
		t.Errorf("outcome is %d, want %d: %s", d.Outcome, want, what)
	}
	if !strings.Contains(what, because) {
		t.Errorf("explained as %q, want a mention of %q", what, because)
	}
	if d.Allowed() != (mend == "") {
		t.Errorf("outcome %d comes with the advice %q", d.Outcome, mend)
	}
}

func TestPrincipals(t *testing.T) {
	root := Subject{ARN: "arn:aws:iam::111122223333:root", Account: account}
	for _, test := range []struct {
		name, principal string
		subject         Subject
		want            Outcome
		delegated       bool
	}{
		{"everyone", `"*"`, Subject{}, Allowed, false},
		{"everyone, in the long form", `{"AWS":"*"}`, Subject{}, Allowed, false},
		{"a service", `{"Service":"apigateway.amazonaws.com"}`, Service("apigateway.amazonaws.com"), Allowed, false},
		{"another service", `{"Service":"apigateway.amazonaws.com"}`, Service("events.amazonaws.com"), ImplicitDeny, false},
		{"a service is nobody's account", `{"AWS":"111122223333"}`, Service("apigateway.amazonaws.com"), ImplicitDeny, false},
		{"an account, its root", `{"AWS":"111122223333"}`, root, Allowed, false},
		{"an account, one of its roles", `{"AWS":"arn:aws:iam::111122223333:root"}`, worker, Allowed, true},
		{"another account", `{"AWS":"444455556666"}`, worker, ImplicitDeny, false},
		{"a role", `{"AWS":"` + role + `"}`, worker, Allowed, false},
		{"a role without its path is another role", `{"AWS":"arn:aws:iam::111122223333:role/worker"}`, worker, ImplicitDeny, false},
		{"a session", `{"AWS":["111122223333","` + session + `"]}`, worker, Allowed, false},
		{"anonymous is in no account", `{"AWS":"111122223333"}`, Subject{}, ImplicitDeny, false},
		{"federated", `{"Federated":"accounts.google.com"}`, Subject{Federated: "accounts.google.com"}, Allowed, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := parse(t, Resource, statements(`{"Effect":"Allow","Principal":`+test.principal+`,"Action":"lambda:InvokeFunction","Resource":"*"}`))
			d := doc.Evaluate(Request{Subject: test.subject, Action: "lambda:InvokeFunction", Resource: function})
			check(t, d, test.want, "")
			if d.Delegated != test.delegated {
				t.Errorf("delegated is %v", d.Delegated)
			}
		})
	}
}

func TestNotPrincipalMustNameTheAccountTheRoleAndTheSession(t *testing.T) {
	for _, test := range []struct {
		names string
		want  Outcome
	}{
		{`["` + session + `","` + role + `","111122223333"]`, Allowed},
		{`["` + role + `","111122223333"]`, ExplicitDeny},
		{`["` + session + `","` + role + `"]`, ExplicitDeny},
	} {
		doc := parse(t, Resource, statements(
			`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`,
			`{"Effect":"Deny","NotPrincipal":{"AWS":`+test.names+`},"Action":"*","Resource":"*"}`))
		check(t, doc.Evaluate(Request{Subject: worker, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}), test.want, "")
	}
}

// A policy of one kind must not be taken for one of another: without a
// principal, a resource's policy would speak of everyone.
func TestKindsAreNotConfused(t *testing.T) {
	withPrincipal := Document{Version: Version2012, Statement: []Statement{{Effect: Allow, Principal: &Principal{Everyone: true}, Action: []string{"*"}, Resource: []string{"*"}}}}
	without := Document{Version: Version2012, Statement: []Statement{{Effect: Allow, Action: []string{"*"}, Resource: []string{"*"}}}}
	trust := Document{Version: Version2012, Statement: []Statement{{Effect: Allow, Principal: &Principal{Everyone: true}, Action: []string{"*"}}}}
	r := Request{Subject: worker, Action: "sts:AssumeRole", Resource: role}
	for _, test := range []struct {
		kind Kind
		doc  *Document
		want Outcome
	}{
		{Identity, &without, Allowed}, {Resource, &without, ImplicitDeny}, {Trust, &without, ImplicitDeny},
		{Identity, &withPrincipal, ImplicitDeny}, {Resource, &withPrincipal, Allowed}, {Trust, &withPrincipal, Allowed},
		{Identity, &trust, ImplicitDeny}, {Resource, &trust, ImplicitDeny}, {Trust, &trust, Allowed},
	} {
		d := Evaluate(r, Source{test.kind, "it", test.doc})
		check(t, d, test.want, "")
	}
}

// The permission that API Gateway needs, as AddPermission writes it.
func TestPermissionOfAnAPI(t *testing.T) {
	doc := parse(t, Resource, statements(`{
		"Sid":"api","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},
		"Action":"lambda:InvokeFunction","Resource":"`+function+`",
		"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:111122223333:abc123/*/GET/users/*"}}}`))
	ask := func(source string) Decision {
		return doc.Evaluate(Request{
			Subject: Service("apigateway.amazonaws.com"), Action: "lambda:InvokeFunction", Resource: function,
			Context: Context{"aws:SourceArn": {source}},
		})
	}
	check(t, ask("arn:aws:execute-api:us-east-1:111122223333:abc123/prod/GET/users/{id}"), Allowed, "statement 1 (api) of the resource policy")
	check(t, ask("arn:aws:execute-api:us-east-1:111122223333:abc123/prod/POST/users/{id}"), ImplicitDeny,
		`but its Condition wants ArnLike AWS:SourceArn "arn:aws:execute-api:us-east-1:111122223333:abc123/*/GET/users/*"; the request has "arn:aws:execute-api:us-east-1:111122223333:abc123/prod/POST/users/{id}"`)
	d := doc.Evaluate(Request{Subject: Service("apigateway.amazonaws.com"), Action: "lambda:InvokeFunction", Resource: function})
	check(t, d, ImplicitDeny, "the request has no AWS:SourceArn")
}

func TestVariables(t *testing.T) {
	for _, test := range []struct {
		name, statement, resource string
		context                   Context
		want                      Outcome
	}{
		{"in a resource", `"Resource":"arn:aws:s3:::b/${aws:userid}/*"`, "arn:aws:s3:::b/AROAEXAMPLE:one/k", nil, Allowed},
		{"another's", `"Resource":"arn:aws:s3:::b/${aws:userid}/*"`, "arn:aws:s3:::b/AROAEXAMPLE:two/k", nil, ImplicitDeny},
		{"of a tag", `"Resource":"arn:aws:s3:::b/${aws:PrincipalTag/Team}/*"`, "arn:aws:s3:::b/blue/k", nil, Allowed},
		{"without a value", `"Resource":"arn:aws:s3:::b/${s3:prefix}/*"`, "arn:aws:s3:::b//k", nil, ImplicitDeny},
		{"with a default", `"Resource":"arn:aws:s3:::b/${s3:prefix, 'none'}/*"`, "arn:aws:s3:::b/none/k", nil, Allowed},
		{"a value's wildcards are text", `"Resource":"arn:aws:s3:::b/${s3:prefix}/k"`, "arn:aws:s3:::b/x/k", Context{"s3:prefix": {"*"}}, ImplicitDeny},
		{"a value that is a wildcard", `"Resource":"arn:aws:s3:::b/${s3:prefix}/k"`, "arn:aws:s3:::b/*/k", Context{"s3:prefix": {"*"}}, Allowed},
		{"a literal wildcard", `"Resource":"arn:aws:s3:::b/${*}"`, "arn:aws:s3:::b/x", nil, ImplicitDeny},
		{"the literal itself", `"Resource":"arn:aws:s3:::b/${*}${?}${$}"`, "arn:aws:s3:::b/*?$", nil, Allowed},
		{"of two values", `"Resource":"arn:aws:s3:::b/${s3:prefix}"`, "arn:aws:s3:::b/a", Context{"s3:prefix": {"a", "b"}}, ImplicitDeny},
		{"what the caller sends cannot be a wildcard", `"Resource":"arn:aws:s3:::b/${s3:prefix}"`, "arn:aws:s3:::b/a", Context{"s3:prefix": {"\xff"}}, ImplicitDeny},
		{"in a condition", `"Resource":"*","Condition":{"StringEquals":{"s3:prefix":"home/${aws:PrincipalTag/team}*"}}`, "arn:aws:s3:::b", Context{"s3:prefix": {"home/blue*"}}, Allowed},
		{"not in what cannot be resolved", `"NotResource":"arn:aws:s3:::b/${s3:prefix}"`, "arn:aws:s3:::b/a", nil, ImplicitDeny},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := parse(t, Identity, statements(`{"Effect":"Allow","Action":"s3:*",`+test.statement+`}`))
			d := Evaluate(Request{Subject: worker, Action: "s3:GetObject", Resource: test.resource, Context: test.context}, Source{Identity, "it", doc})
			check(t, d, test.want, "")
		})
	}
	t.Run("the version before them takes them for text", func(t *testing.T) {
		doc := parse(t, Identity, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:userid}"}}`)
		d := Evaluate(Request{Subject: worker, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/${aws:userid}"}, Source{Identity, "it", doc})
		check(t, d, Allowed, "")
	})
	t.Run("a Deny that cannot be resolved stands", func(t *testing.T) {
		doc := parse(t, Identity, statements(`{"Effect":"Allow","Action":"*","Resource":"*"}`, `{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/${s3:prefix}"}`))
		d := Evaluate(Request{Subject: worker, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/a"}, Source{Identity, "it", doc})
		check(t, d, ExplicitDeny, "")
	})
}

func TestTheTimeOfARequest(t *testing.T) {
	doc := parse(t, Identity, statements(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"NumericLessThan":{"aws:EpochTime":"1893456000"}}}`))
	ask := func(at time.Time) Decision {
		return Evaluate(Request{Subject: worker, Action: "s3:GetObject", Resource: "arn:aws:s3:::b", Time: at}, Source{Identity, "it", doc})
	}
	check(t, ask(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)), Allowed, "")
	check(t, ask(time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)), ImplicitDeny, "DateGreaterThan")
	check(t, ask(time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC)), ImplicitDeny, "NumericLessThan")
	check(t, ask(time.Time{}), ImplicitDeny, "the request has no aws:")
}
