package policy_test

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/state/statetest"
)

const (
	account  = "111122223333"
	roleARN  = "arn:aws:iam::111122223333:role/team/worker"
	function = "arn:aws:lambda:us-east-1:111122223333:function:hello"
)

func document(t *testing.T, kind policy.Kind, statement string) policy.Document {
	t.Helper()
	d, err := policy.Parse(kind, `{"Version":"2012-10-17","Statement":`+statement+`}`)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func worker(t *testing.T) policy.Role {
	return policy.Role{
		Account: account, Name: "worker", Path: "/team/", ID: "AROAEXAMPLE", ARN: roleARN,
		Trust: document(t, policy.Trust, `{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}`),
		Inline: map[string]policy.Document{
			"call": document(t, policy.Identity, `{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"`+function+`"}`),
		},
	}
}

func open(t *testing.T) (state.Documents, *policy.Roles) {
	docs := statetest.Open(t).Documents()
	roles := policy.NewRoles(docs, func(key string, err error) { t.Errorf("%s: %v", key, err) })
	t.Cleanup(roles.Close)
	return docs, roles
}

func TestRolesFollowTheStore(t *testing.T) {
	docs, roles := open(t)
	ask := func() policy.Decision { return roles.Allows(roleARN, "lambda:InvokeFunction", function, nil) }
	expect := func(d policy.Decision, allowed bool, because string) {
		t.Helper()
		what, _ := d.Explain()
		if d.Allowed() != allowed || !strings.Contains(what, because) {
			t.Errorf("allowed is %v because %q, want %v and a mention of %q", d.Allowed(), what, allowed, because)
		}
	}
	expect(ask(), false, "the role "+roleARN+" does not exist")

	before := roles.Generation()
	if err := state.Create(t.Context(), docs, policy.RoleKey(account, "worker"), worker(t)); err != nil {
		t.Fatal(err)
	}
	if roles.Generation() == before {
		t.Error("a new role did not change the generation")
	}
	expect(ask(), true, "statement 1 of the inline policy call of role worker allows")
	expect(roles.Allows(roleARN, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q", nil), false, "no statement speaks of it")
	expect(roles.Allows("arn:aws:iam::111122223333:role/worker", "lambda:InvokeFunction", function, nil), false, "does not exist")

	change := func(f func(*policy.Role)) {
		t.Helper()
		if _, err := state.Update(t.Context(), docs, policy.RoleKey(account, "worker"), func(r *policy.Role) error { f(r); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	change(func(r *policy.Role) { r.Attached = []string{"arn:aws:iam::aws:policy/AmazonSQSFullAccess"} })
	expect(roles.Allows(roleARN, "sqs:SendMessage", "arn:aws:sqs:us-east-1:111122223333:q", nil), true, "AmazonSQSFullAccess")

	// A customer's policy as a boundary: both must allow.
	limit := policy.ManagedPolicy{
		Account: account, Name: "limit", ARN: "arn:aws:iam::111122223333:policy/limit", DefaultVersion: "v1",
		Versions: map[string]policy.Document{
			"v1": document(t, policy.Identity, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`),
			"v2": document(t, policy.Identity, `{"Effect":"Allow","Action":"lambda:*","Resource":"*"}`),
		},
	}
	key := policy.ManagedPolicyKey(account, "limit")
	if err := state.Create(t.Context(), docs, key, limit); err != nil {
		t.Fatal(err)
	}
	change(func(r *policy.Role) { r.BoundaryARN = limit.ARN })
	expect(ask(), false, "the permissions boundary "+limit.ARN)
	if _, err := state.Update(t.Context(), docs, key, func(p *policy.ManagedPolicy) error { p.DefaultVersion = "v2"; return nil }); err != nil {
		t.Fatal(err)
	}
	expect(ask(), true, "")

	if err := state.Remove[policy.Role](t.Context(), docs, policy.RoleKey(account, "worker"), nil); err != nil {
		t.Fatal(err)
	}
	expect(ask(), false, "does not exist")
}

func TestMayAssume(t *testing.T) {
	docs, roles := open(t)
	if err := state.Create(t.Context(), docs, policy.RoleKey(account, "worker"), worker(t)); err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string]bool{"apigateway.amazonaws.com": true, "lambda.amazonaws.com": false} {
		if d := roles.MayAssume(roleARN, policy.Service(service), nil); d.Allowed() != want {
			what, _ := d.Explain()
			t.Errorf("%s: %s", service, what)
		}
	}
}

func TestAuthorize(t *testing.T) {
	docs, roles := open(t)
	if err := state.Create(t.Context(), docs, policy.RoleKey(account, "worker"), worker(t)); err != nil {
		t.Fatal(err)
	}
	const other = "arn:aws:lambda:us-east-1:111122223333:function:other"
	const abroad = "arn:aws:lambda:us-east-1:444455556666:function:f"
	byRole := document(t, policy.Resource, `{"Effect":"Allow","Principal":{"AWS":"`+roleARN+`"},"Action":"lambda:*","Resource":"*"}`)
	byAccount := document(t, policy.Resource, `{"Effect":"Allow","Principal":{"AWS":"`+account+`"},"Action":"lambda:*","Resource":"*"}`)
	deny := document(t, policy.Resource, `{"Effect":"Deny","Principal":"*","Action":"lambda:*","Resource":"*"}`)
	worker := roles.Subject(aws.Caller{Account: account, ARN: "arn:aws:sts::111122223333:assumed-role/worker/s"})
	if worker.RoleARN != roleARN {
		t.Fatalf("the session's role is %q", worker.RoleARN)
	}
	formerly := worker
	formerly.UserID = "AROAANOTHER:s"
	root := policy.CallerSubject(aws.Caller{Account: account, ARN: "arn:aws:iam::111122223333:root"})
	for _, test := range []struct {
		name     string
		subject  policy.Subject
		resource string
		theirs   *policy.Document
		want     bool
	}{
		{"its own policy suffices", worker, function, nil, true},
		{"of a role that was, by another's policy", formerly, function, nil, false},
		{"neither allows", worker, other, nil, false},
		{"the resource's suffices", worker, other, &byRole, true},
		{"the resource's leaves it to the account", worker, other, &byAccount, false},
		{"the resource's denies", worker, function, &deny, false},
		{"abroad both must: the resource's alone", worker, abroad, &byRole, false},
		{"abroad both must: its own alone", worker, abroad, nil, false},
		{"root at home", root, other, nil, true},
		{"root abroad", root, abroad, nil, false},
		{"root abroad, invited", root, abroad, &byAccount, true},
		{"root denied", root, function, &deny, false},
		{"anonymous", policy.Subject{}, function, nil, false},
		{"anonymous, invited by role only", policy.Subject{}, function, &byRole, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := roles.Authorize(policy.Request{Subject: test.subject, Action: "lambda:InvokeFunction", Resource: test.resource}, test.theirs)
			if d.Allowed() != test.want {
				what, _ := d.Explain()
				t.Error(what)
			}
		})
	}
}

func TestAWSManagedPolicies(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range policy.AWSManagedPolicies() {
		if seen[p.ARN] {
			t.Errorf("%s is there twice", p.ARN)
		}
		seen[p.ARN] = true
		text, err := p.Default().MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := policy.Parse(policy.Identity, string(text)); err != nil {
			t.Errorf("%s: %v", p.ARN, err)
		}
		if found, ok := policy.AWSManagedPolicy(p.ARN); !ok || found.ID != p.ID || p.CreatedUnix <= 0 {
			t.Errorf("%s is not found by its ARN, or has no date", p.ARN)
		}
	}
	if !seen["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"] {
		t.Error("the most common of all is missing")
	}
	if _, ok := policy.AWSManagedPolicy("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"); ok {
		t.Error("found without its path")
	}
}
