package conformance

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// failing is a template whose last resource cannot come about: its package is
// in no bucket.
func failing(bucket, role string) string {
	return `
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: ` + bucket + `}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ` + role + `
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}
  Function:
    Type: AWS::Lambda::Function
    DependsOn: Bucket
    Properties: {Runtime: python3.13, Handler: index.handler, Role: !GetAtt Role.Arn, Code: {S3Bucket: !Ref Bucket, S3Key: missing.zip}}
`
}

func TestACreationThatFailsLeavesNothing(t *testing.T) {
	bucket, role := uniqueName("b"), uniqueName("r")
	s := createStack(t, failing(bucket, role))
	s.wantStatus(types.StackStatusRollbackComplete)
	if got := s.failures(); !strings.Contains(got, "Function: ") || !strings.Contains(got, "S3 Error Code: NoSuchKey") {
		t.Errorf("the events say\n%s", got)
	}
	if _, err := s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err == nil {
		t.Error("the bucket is still there")
	}
	_, err := iamClient().GetRole(t.Context(), &iam.GetRoleInput{RoleName: &role})
	wantFault(t, err, "NoSuchEntity", "cannot be found")

	// Such a stack can only be deleted.
	_, err = cloudFormation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &s.name, TemplateBody: aws.String(failing(bucket, role)), Capabilities: allCapabilities})
	wantFault(t, err, "ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated.")
	s.delete()
	s.wantStatus(types.StackStatusDeleteComplete)
}

func TestACreationThatFailsCanKeepWhatItMade(t *testing.T) {
	bucket := uniqueName("b")
	s := createStack(t, failing(bucket, uniqueName("r")), func(in *cloudformation.CreateStackInput) { in.OnFailure = types.OnFailureDoNothing })
	s.wantStatus(types.StackStatusCreateFailed)
	if _, err := s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
		t.Error(err)
	}
	s.delete()
	s.wantStatus(types.StackStatusDeleteComplete)
}

func TestAnUpdateThatFailsLeavesEverythingAsItWas(t *testing.T) {
	s := newStack(t, apiTemplate)
	broken := strings.Replace(apiTemplate, "Default: hello", "Default: broken", 1) // the function changes first
	broken = strings.Replace(broken, "Outputs:\n", `  Broken:
    Type: AWS::Lambda::Function
    DependsOn: Stage
    Properties: {Runtime: python3.13, Handler: index.handler, Role: !GetAtt Role.Arn, Code: {S3Bucket: `+uniqueName("none")+`, S3Key: k}}
Outputs:
`, 1)
	s.update(broken)
	s.wantStatus(types.StackStatusUpdateRollbackComplete)
	if got := s.failures(); !strings.Contains(got, "Broken: ") {
		t.Errorf("the events say\n%s", got)
	}
	(&restAPI{t: t, id: s.output("Api")}).get("/v0/").want(t, http.StatusOK, "hello")
	s.update(strings.Replace(apiTemplate, "Default: hello", "Default: mended", 1))
	s.wantStatus(types.StackStatusUpdateComplete)
}

func TestWhatIsNotSupportedFailsTheDeploymentNamingItself(t *testing.T) {
	for _, c := range []struct{ name, template, thing, line string }{
		{"a resource type", "Resources:\n  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}\n  Robot:\n    Type: AWS::RoboMaker::Robot\n", "AWS::RoboMaker::Robot", "line 4"},
		{"a property", "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n    Properties:\n      Nonsense: 1\n", "Nonsense", "line 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := uniqueName("stack")
			_, err := cloudFormation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &c.template})
			said := ""
			if err != nil {
				said = err.Error()
			} else {
				s := &stack{t, name, name}
				t.Cleanup(func() { cloudFormation().DeleteStack(cleanup(), &cloudformation.DeleteStackInput{StackName: &name}) })
				s.rest()
				said = s.failures()
			}
			if !strings.Contains(said, c.thing) || !strings.Contains(said, c.line) {
				t.Errorf("it says %q, want %s and %s", said, c.thing, c.line)
			}
		})
	}
}
