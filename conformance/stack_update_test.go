package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestAnUpdateChangesInPlaceWhatCanBe(t *testing.T) {
	s := newStack(t, apiTemplate)
	function, api := s.output("Function"), s.output("Api")
	s.update(apiTemplate, func(in *cloudformation.UpdateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Greeting"), ParameterValue: aws.String("goodbye")}}
	})
	s.wantStatus(types.StackStatusUpdateComplete)
	if s.output("Function") != function || s.output("Api") != api {
		t.Error("the function or the API was replaced")
	}
	(&restAPI{t: t, id: api}).get("/v0/").want(t, http.StatusOK, "goodbye")
}

func TestAnUpdateReplacesWhatMustBe(t *testing.T) {
	name := uniqueName("f")
	named := strings.Replace(apiTemplate, "      Runtime: python3.13\n", "      Runtime: python3.13\n      FunctionName: "+name+"\n", 1)
	s := newStack(t, apiTemplate)
	before := s.physical("Function")
	s.update(named)
	s.wantStatus(types.StackStatusUpdateComplete)
	if got := s.physical("Function"); got != name {
		t.Errorf("the function is %s, want %s", got, name)
	}
	_, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &before})
	wantFault(t, err, "ResourceNotFoundException", "Function not found")

	// The deployment is a snapshot, and still names the function that is gone.
	a := &restAPI{t: t, id: s.output("Api")}
	a.get("/v0/").wantInternalError(t)
	a.deploy("v0")
	a.get("/v0/").want(t, http.StatusOK, "hello")
}

func TestAnUpdateAddsAndRemoves(t *testing.T) {
	a, b := uniqueName("a"), uniqueName("b")
	bucket := func(logical, name string) string {
		return `{"Resources": {"` + logical + `": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "` + name + `"}}}}`
	}
	s := newStack(t, bucket("A", a))
	s.update(bucket("B", b))
	s.wantStatus(types.StackStatusUpdateComplete)
	if _, err := s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &b}); err != nil {
		t.Error(err)
	}
	if _, err := s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &a}); err == nil {
		t.Error("the bucket that was taken out is still there")
	}
}

func TestAnUpdateThatChangesNothingIsRefused(t *testing.T) {
	const body = `{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}`
	s := newStack(t, body)
	_, err := cloudFormation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &s.name, TemplateBody: aws.String(body)})
	wantFault(t, err, "ValidationError", "No updates are to be performed.")
}

func TestAParameterKeepsItsPreviousValue(t *testing.T) {
	s := newStack(t, apiTemplate, func(in *cloudformation.CreateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Greeting"), ParameterValue: aws.String("salut")}}
	})
	s.update(strings.Replace(apiTemplate, "StageName: v0", "StageName: v1", 1), func(in *cloudformation.UpdateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Greeting"), UsePreviousValue: aws.Bool(true)}}
	})
	s.wantStatus(types.StackStatusUpdateComplete)
	a := &restAPI{t: t, id: s.output("Api")}
	a.get("/v1/").want(t, http.StatusOK, "salut")
	a.get("/v0/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
}

func TestAStackThatDoesNotExistCannotBeUpdated(t *testing.T) {
	_, err := cloudFormation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String(uniqueName("none")), TemplateBody: aws.String(apiTemplate), Capabilities: allCapabilities})
	wantFault(t, err, "ValidationError", "does not exist")
}
