package lambda

import (
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
)

func TestAddPermissionStatements(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	resource := `"Resource":"arn:aws:lambda:us-east-1:000000000000:function:hello"`
	tests := []struct {
		in   lambda.AddPermissionRequest
		want string
	}{
		{lambda.AddPermissionRequest{Principal: new("apigateway.amazonaws.com"), SourceArn: new("arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/")},
			`{"Sid":"s0","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction",` + resource + `,"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/"}}}`},
		{lambda.AddPermissionRequest{Principal: new("*"), SourceAccount: new("111111111111")},
			`{"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction",` + resource + `,"Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"}}}`},
		{lambda.AddPermissionRequest{Principal: new("111111111111")},
			`{"Sid":"s2","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"lambda:InvokeFunction",` + resource + `}`},
	}
	for i, test := range tests {
		test.in.FunctionName, test.in.Action = new("hello"), new("lambda:InvokeFunction")
		test.in.StatementId = new("s" + string(rune('0'+i)))
		out := must(f.AddPermission(f.ctx, &test.in))
		if *out.Statement != test.want {
			t.Errorf("got  %s\nwant %s", *out.Statement, test.want)
		}
	}
	p := must(f.GetPolicy(f.ctx, &lambda.GetPolicyRequest{FunctionName: new("hello")}))
	if want := `{"Version":"2012-10-17","Id":"default","Statement":[` + tests[0].want + "," + tests[1].want + "," + tests[2].want + `]}`; *p.Policy != want {
		t.Errorf("got  %s\nwant %s", *p.Policy, want)
	}
}

func TestPermissionFaults(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	arn := "arn:aws:lambda:us-east-1:000000000000:function:hello"
	add := func(qualifier *string, sid, principal string) error {
		_, err := f.AddPermission(f.ctx, &lambda.AddPermissionRequest{FunctionName: new("hello"), Qualifier: qualifier, StatementId: &sid, Principal: &principal, Action: new("lambda:InvokeFunction")})
		return err
	}
	remove := func(name, sid string) error {
		_, err := f.RemovePermission(f.ctx, &lambda.RemovePermissionRequest{FunctionName: &name, StatementId: &sid})
		return err
	}
	expectFault(t, add(new("$LATEST"), "a", "s3.amazonaws.com"), "InvalidParameterValueException", "We currently do not support adding policies for $LATEST.")
	expectFault(t, add(nil, "a", "example"), "InvalidParameterValueException", "The provided principal was invalid. Please check the principal and try again.")
	expectFault(t, add(new("nobody"), "a", "s3.amazonaws.com"), "ResourceNotFoundException", "Cannot find alias arn: "+arn+":nobody")
	expectFault(t, add(new("42"), "a", "s3.amazonaws.com"), "ResourceNotFoundException", "Function not found: "+arn+":42")
	expectFault(t, remove("hello", "a"), "ResourceNotFoundException", "No policy is associated with the given resource.")
	expectFault(t, remove("nobody", "a"), "ResourceNotFoundException", "No policy found for: arn:aws:lambda:us-east-1:000000000000:function:nobody")
	if err := add(nil, "a", "s3.amazonaws.com"); err != nil {
		t.Fatal(err)
	}
	expectFault(t, add(nil, "a", "s3.amazonaws.com"), "ResourceConflictException", "The statement id (a) provided already exists. Please provide a new statement id, or remove the existing statement.")
	expectFault(t, remove("hello", "b"), "ResourceNotFoundException", "Statement b is not found in resource policy.")
	if err := remove("hello", "a"); err != nil {
		t.Fatal(err)
	}
	_, err := f.GetPolicy(f.ctx, &lambda.GetPolicyRequest{FunctionName: new("hello")})
	expectFault(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
	_, err = f.GetPolicy(f.ctx, &lambda.GetPolicyRequest{FunctionName: new("nobody")})
	expectFault(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}

func TestAnAuthTypeIsForURLsOnly(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	_, err := f.AddPermission(f.ctx, &lambda.AddPermissionRequest{
		FunctionName: new("fn"), StatementId: new("s"), Action: new("lambda:InvokeFunction"), Principal: new("*"), FunctionUrlAuthType: new("NONE"),
	})
	expectFault(t, err, "InvalidParameterValueException", "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
}
