package conformance

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/google/go-cmp/cmp"
)

func TestAPermissionIsAStatementOfTheFunctionsPolicy(t *testing.T) {
	f := newFunction(t, greeter)
	source := "arn:aws:execute-api:us-east-1:" + account + ":mnh1xmpli7/default/GET/"
	out, err := lambdaClient().AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: &f.name, StatementId: aws.String("apigateway-get"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"), SourceArn: &source})
	if err != nil {
		t.Fatal(err)
	}
	statement := map[string]any{
		"Sid": "apigateway-get", "Effect": "Allow", "Principal": map[string]any{"Service": "apigateway.amazonaws.com"},
		"Action": "lambda:InvokeFunction", "Resource": f.arn, "Condition": map[string]any{"ArnLike": map[string]any{"AWS:SourceArn": source}},
	}
	if diff := cmp.Diff(statement, decode(t, *out.Statement)); diff != "" {
		t.Error(diff)
	}
	policy, err := lambdaClient().GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: &f.name})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"Version": "2012-10-17", "Id": "default", "Statement": []any{statement}}
	if diff := cmp.Diff(want, decode(t, *policy.Policy)); diff != "" {
		t.Error(diff)
	}
}

func TestPermissionsAreAddedAndRemovedOneByOne(t *testing.T) {
	f := newFunction(t, greeter)
	add := func(id string) error {
		_, err := lambdaClient().AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: &f.name, StatementId: &id,
			Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("s3.amazonaws.com")})
		return err
	}
	remove := func(id string) error {
		_, err := lambdaClient().RemovePermission(t.Context(), &lambda.RemovePermissionInput{FunctionName: &f.name, StatementId: &id})
		return err
	}
	for _, id := range []string{"one", "two"} {
		if err := add(id); err != nil {
			t.Fatal(err)
		}
	}
	wantFault(t, add("one"), "ResourceConflictException", "The statement id (one) provided already exists. Please provide a new statement id, or remove the existing statement.")
	wantFault(t, remove("three"), "ResourceNotFoundException", "Statement three is not found in resource policy.")
	if err := remove("one"); err != nil {
		t.Fatal(err)
	}
	out, err := lambdaClient().GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: &f.name})
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(*out.Policy), &policy); err != nil || len(policy.Statement) != 1 || policy.Statement[0].Sid != "two" {
		t.Errorf("%s %v", *out.Policy, err)
	}
	if err := remove("two"); err != nil {
		t.Fatal(err)
	}
	_, err = lambdaClient().GetPolicy(t.Context(), &lambda.GetPolicyInput{FunctionName: &f.name})
	wantFault(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}

func TestWhatIsWrongWithAPermissionIsSaidInAWSsWords(t *testing.T) {
	f := newFunction(t, greeter)
	add := func(change func(*lambda.AddPermissionInput)) error {
		in := &lambda.AddPermissionInput{FunctionName: &f.name, StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("s3.amazonaws.com")}
		change(in)
		_, err := lambdaClient().AddPermission(t.Context(), in)
		return err
	}
	wantFault(t, add(func(in *lambda.AddPermissionInput) { in.StatementId = aws.String("example.com") }),
		"ValidationException", "1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint")
	wantFault(t, add(func(in *lambda.AddPermissionInput) { in.Principal = aws.String("nobody.example") }),
		"InvalidParameterValueException", "The provided principal was invalid. Please check the principal and try again.")
	wantFault(t, add(func(in *lambda.AddPermissionInput) { in.Qualifier = aws.String("$LATEST") }),
		"InvalidParameterValueException", "We currently do not support adding policies for $LATEST.")
	wantFault(t, add(func(in *lambda.AddPermissionInput) { in.FunctionName = aws.String("doesnotexist") }),
		"ResourceNotFoundException", "Function not found: "+functionARN("doesnotexist"))
	wantFault(t, add(func(in *lambda.AddPermissionInput) { in.Qualifier = aws.String("42") }),
		"ResourceNotFoundException", "Function not found: "+f.arn+":42")
}
