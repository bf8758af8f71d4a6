package conformance

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// letGatewaysLog gives the account the role by which API Gateway writes logs,
// and back, after the test, the one that it had.
func letGatewaysLog(t testing.TB) {
	t.Helper()
	before, err := apiGateway().GetAccount(t.Context(), &apigateway.GetAccountInput{})
	if err != nil {
		t.Fatal("get account: ", err)
	}
	role := newRole(t, trustIn("apigateway.amazonaws.com"), `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
		"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents", "logs:GetLogEvents", "logs:FilterLogEvents"]}]}`)
	assign := func(ctx context.Context, role string) {
		t.Helper()
		_, err := apiGateway().UpdateAccount(ctx, &apigateway.UpdateAccountInput{PatchOperations: []apitypes.PatchOperation{setting("/cloudwatchRoleArn", role)}})
		if err != nil {
			t.Error("update account: ", err)
		}
	}
	// After newRole, so that the role is taken from the account before it goes.
	t.Cleanup(func() { assign(cleanup(), aws.ToString(before.CloudwatchRoleArn)) })
	assign(t.Context(), role)
}

// newLogGroup creates a log group and removes it after the test.
func newLogGroup(t testing.TB) (name, arn string) {
	t.Helper()
	name = uniqueName("/conformance/api")
	if _, err := logs().CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs().DeleteLogGroup(cleanup(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &name}) })
	return name, "arn:aws:logs:" + region + ":" + account + ":log-group:" + name
}

// logged returns the messages in a log group so far, if it is there.
func logged(t testing.TB, group string) (messages []string) {
	t.Helper()
	out, err := logs().FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil
	}
	for _, e := range must(t, out, err).Events {
		messages = append(messages, strings.TrimSuffix(aws.ToString(e.Message), "\n"))
	}
	return messages
}
