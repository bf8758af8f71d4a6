package conformance

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// changeSet creates a change set and waits until it can be judged.
func changeSet(t *testing.T, stackName, template string, kind types.ChangeSetType) *cloudformation.DescribeChangeSetOutput {
	t.Helper()
	created, err := cloudFormation().CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{
		StackName: &stackName, ChangeSetName: aws.String(uniqueName("set")), ChangeSetType: kind, TemplateBody: &template, Capabilities: allCapabilities,
	})
	if err != nil {
		t.Fatal("create change set:", err)
	}
	t.Cleanup(func() {
		cloudFormation().DeleteStack(cleanup(), &cloudformation.DeleteStackInput{StackName: created.StackId})
	})
	var out *cloudformation.DescribeChangeSetOutput
	eventually(t, "the change set is made", func() bool {
		got, err := cloudFormation().DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: created.Id})
		out = must(t, got, err)
		return out.Status == types.ChangeSetStatusCreateComplete || out.Status == types.ChangeSetStatusFailed
	})
	return out
}

func execute(t *testing.T, set *cloudformation.DescribeChangeSetOutput) *stack {
	t.Helper()
	if _, err := cloudFormation().ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: set.ChangeSetId}); err != nil {
		t.Fatal("execute change set:", err)
	}
	s := &stack{t, *set.StackName, *set.StackId}
	s.rest()
	return s
}

// aBucket is a template of a bucket with a tag.
func aBucket(name, tag string) string {
	return `{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "` + name + `", "Tags": [{"Key": "k", "Value": "` + tag + `"}]}}}}`
}

func TestAChangeSetTellsWhatItWouldDoAndDoesIt(t *testing.T) {
	name, bucket := uniqueName("stack"), uniqueName("b")
	set := changeSet(t, name, aBucket(bucket, "1"), types.ChangeSetTypeCreate)
	if set.Status != types.ChangeSetStatusCreateComplete || set.ExecutionStatus != types.ExecutionStatusAvailable || len(set.Changes) != 1 ||
		set.Changes[0].ResourceChange.Action != types.ChangeActionAdd || *set.Changes[0].ResourceChange.LogicalResourceId != "Bucket" {
		t.Fatalf("%+v", set)
	}
	review, err := cloudFormation().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil || review.Stacks[0].StackStatus != types.StackStatusReviewInProgress {
		t.Errorf("%+v %v", review, err)
	}
	if _, err := s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err == nil {
		t.Error("there is a bucket before the change set was executed")
	}
	execute(t, set).wantStatus(types.StackStatusCreateComplete)

	set = changeSet(t, name, aBucket(bucket, "2"), types.ChangeSetTypeUpdate)
	if c := set.Changes[0].ResourceChange; len(set.Changes) != 1 || c.Action != types.ChangeActionModify || c.Replacement != types.ReplacementFalse {
		t.Errorf("%+v", set.Changes)
	}
	execute(t, set).wantStatus(types.StackStatusUpdateComplete)

	set = changeSet(t, name, aBucket(bucket+"x", "2"), types.ChangeSetTypeUpdate)
	if c := set.Changes[0].ResourceChange; len(set.Changes) != 1 || c.Action != types.ChangeActionModify || c.Replacement != types.ReplacementTrue {
		t.Errorf("%+v", set.Changes)
	}
}

func TestAChangeSetThatWouldChangeNothingFails(t *testing.T) {
	body := aBucket(uniqueName("b"), "1")
	s := newStack(t, body)
	set := changeSet(t, s.name, body, types.ChangeSetTypeUpdate)
	if set.Status != types.ChangeSetStatusFailed ||
		aws.ToString(set.StatusReason) != "The submitted information didn't contain changes. Submit different information to create a change set." {
		t.Errorf("%s: %s", set.Status, aws.ToString(set.StatusReason))
	}
	_, err := cloudFormation().ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: set.ChangeSetId})
	wantFault(t, err, "InvalidChangeSetStatus", "cannot be executed in its current status of [FAILED]")
}

func TestADeletedChangeSetIsNotFound(t *testing.T) {
	set := changeSet(t, uniqueName("stack"), aBucket(uniqueName("b"), "1"), types.ChangeSetTypeCreate)
	if _, err := cloudFormation().DeleteChangeSet(t.Context(), &cloudformation.DeleteChangeSetInput{ChangeSetName: set.ChangeSetId}); err != nil {
		t.Fatal(err)
	}
	_, err := cloudFormation().DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: set.ChangeSetName, StackName: set.StackName})
	wantFault(t, err, "ChangeSetNotFound", "ChangeSet ["+*set.ChangeSetName+"] does not exist")
}

func TestAChangeSetOfAStackThatDoesNotExistSaysSo(t *testing.T) {
	_, err := cloudFormation().DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: aws.String("set"), StackName: aws.String("somestack")})
	wantFault(t, err, "ValidationError", "Stack [somestack] does not exist")
	_, err = cloudFormation().DeleteChangeSet(t.Context(), &cloudformation.DeleteChangeSetInput{ChangeSetName: aws.String("set")})
	wantFault(t, err, "ValidationError", "StackName must be specified if ChangeSetName is not specified as an ARN.")
}

func TestAStackThatExistsIsNotCreatedByAChangeSet(t *testing.T) {
	body := aBucket(uniqueName("b"), "1")
	s := newStack(t, body)
	_, err := cloudFormation().CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: &s.name, ChangeSetName: aws.String("again"), ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: &body})
	wantFault(t, err, "ValidationError", "Stack ["+s.name+"] already exists and cannot be created again with the changeSet [again].")
}

func TestAChangeSetsTemplateIsValidatedAtOnce(t *testing.T) {
	_, err := cloudFormation().CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String(uniqueName("stack")), ChangeSetName: aws.String("set"),
		ChangeSetType: types.ChangeSetTypeCreate, TemplateBody: aws.String(strings.Repeat("[", 100))})
	wantFault(t, err, "ValidationError", "Template format error: YAML not well-formed.")
}
