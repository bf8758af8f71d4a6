package conformance

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

// An API before a function, as small as it gets.
const apiTemplate = `
Parameters:
  Greeting:
    Type: String
    Default: hello
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          GREETING: !Ref Greeting
      Code:
        ZipFile: |
          import os
          def handler(event, context):
              return {"statusCode": 200, "body": os.environ["GREETING"]}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: !Sub "${AWS::StackName}-api"
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration:
        Type: AWS_PROXY
        IntegrationHttpMethod: POST
        Uri: !Sub "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations"
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Method
    Properties:
      RestApiId: !Ref Api
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: v0
Outputs:
  Api:
    Value: !Ref Api
  Function:
    Value: !GetAtt Function.Arn
`

func TestAStackBringsAnAPIAboutAndTakesItAway(t *testing.T) {
	s := newStack(t, apiTemplate)
	a, function := &restAPI{t: t, id: s.output("Api")}, s.output("Function")
	a.get("/v0/").want(t, http.StatusOK, "hello")
	s.delete()
	s.wantStatus(types.StackStatusDeleteComplete)
	a.get("/v0/").wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
	_, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &function})
	wantFault(t, err, "ResourceNotFoundException", "Function not found")
	_, err = cloudFormation().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &s.name})
	wantFault(t, err, "ValidationError", "Stack with id "+s.name+" does not exist")
}

func TestAStacksEventsTellItsStory(t *testing.T) {
	s := newStack(t, `{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}`)
	var story []string
	for _, e := range s.events() {
		story = append(story, aws.ToString(e.LogicalResourceId)+" "+string(e.ResourceStatus)+" "+aws.ToString(e.ResourceStatusReason))
	}
	slices.Reverse(story)
	want := []string{
		s.name + " CREATE_IN_PROGRESS User Initiated",
		"Bucket CREATE_IN_PROGRESS ",
		"Bucket CREATE_IN_PROGRESS Resource creation Initiated",
		"Bucket CREATE_COMPLETE ",
		s.name + " CREATE_COMPLETE ",
	}
	if diff := cmp.Diff(want, story); diff != "" {
		t.Error(diff)
	}
}

func TestNoTwoStacksHaveOneName(t *testing.T) {
	s := newStack(t, `{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}`)
	_, err := cloudFormation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &s.name, TemplateBody: aws.String(`{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}`)})
	wantFault(t, err, "AlreadyExistsException", "Stack ["+s.name+"] already exists")
}

func TestIntrinsicFunctionsAreResolved(t *testing.T) {
	s := newStack(t, `
Parameters:
  Environment: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: "a,b,c"}
Mappings:
  Sizes:
    prod: {Size: large}
    test: {Size: small}
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
  IsTest: !Not [!Condition IsProd]
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Never: {Type: AWS::S3::Bucket, Condition: IsTest}
Outputs:
  Sub: {Value: !Sub ["${Who} in ${AWS::Region}", {Who: !Ref Environment}]}
  Join: {Value: !Join ["-", !Ref Names]}
  Select: {Value: !Select [1, !Ref Names]}
  Split: {Value: !Join ["+", !Split [".", "1.2.3"]]}
  Map: {Value: !FindInMap [Sizes, !Ref Environment, Size]}
  If: {Value: !If [IsProd, "yes", "no"]}
  Base64: {Value: !Base64 text}
  Account: {Value: !Ref AWS::AccountId}
  Partition: {Value: !Sub "${AWS::Partition}.${AWS::URLSuffix}"}
  Long: {Value: {"Fn::Join": ["", ["x", {"Ref": "AWS::StackName"}]]}}
  Literal: {Value: !Sub "${!Literal}"}
  Hidden: {Condition: IsTest, Value: hidden}
`)
	got := map[string]string{}
	for _, o := range s.describe().Outputs {
		got[*o.OutputKey] = *o.OutputValue
	}
	want := map[string]string{
		"Sub": "prod in us-east-1", "Join": "a-b-c", "Select": "b", "Split": "1+2+3", "Map": "large", "If": "yes", "Base64": "dGV4dA==",
		"Account": account, "Partition": "aws.amazonaws.com", "Long": "x" + s.name, "Literal": "${Literal}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAParameterThatMustNotBeEchoedIsNot(t *testing.T) {
	s := newStack(t, `
Parameters:
  Secret: {Type: String, NoEcho: true}
  Kind: {Type: String, AllowedValues: [a, b], Default: a}
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
`, func(in *cloudformation.CreateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Secret"), ParameterValue: aws.String("hunter2")}}
	})
	got := map[string]string{}
	for _, p := range s.describe().Parameters {
		got[*p.ParameterKey] = *p.ParameterValue
	}
	if diff := cmp.Diff(map[string]string{"Secret": "****", "Kind": "a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsWrongWithATemplateIsSaidInAWSsWords(t *testing.T) {
	for _, c := range []struct{ name, template, message string }{
		{"broken YAML", "Resources: [", "Template format error: YAML not well-formed."},
		{"broken JSON", `{"Resources": {"A": `, "Template format error: JSON not well-formed."},
		{"no resources", `{"Parameters": {}}`, "Template format error: At least one Resources member must be defined."},
		{"a resource that is no object", `{"Resources": {"A": "B"}}`, "Template format error:"},
		{"a resource without type", `{"Resources": {"A": {"Properties": {}}}}`, "Template format error: [/Resources/A] Every Resources object must contain a Type member."},
		{"an unknown key of a resource", `{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Invalid": 1}}}`, "Invalid template resource property 'Invalid'"},
		{"an unresolved Ref", `{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Nowhere"}}}}}`,
			"Template format error: Unresolved resource dependencies [Nowhere] in the Resources block of the template"},
		{"a cycle", `{"Resources": {"A": {"Type": "AWS::S3::Bucket", "DependsOn": "B"}, "B": {"Type": "AWS::S3::Bucket", "DependsOn": "A"}}}`,
			"Circular dependency between resources: [A, B]"},
		{"a null output", `{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}, "Outputs": {"O": {"Value": null}}}`,
			"[/Outputs/O/Value] 'null' values are not allowed in templates"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := cloudFormation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String(uniqueName("stack")), TemplateBody: &c.template})
			wantFault(t, err, "ValidationError", c.message)
		})
	}
}

func TestATemplateWithoutItsParametersOrCapabilitiesIsRefused(t *testing.T) {
	create := func(template string, change func(*cloudformation.CreateStackInput)) error {
		in := &cloudformation.CreateStackInput{StackName: aws.String(uniqueName("stack")), TemplateBody: &template}
		change(in)
		_, err := cloudFormation().CreateStack(t.Context(), in)
		return err
	}
	const withParameter = `{"Parameters": {"Input": {"Type": "String", "AllowedValues": ["a"]}}, "Resources": {"A": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}`
	wantFault(t, create(withParameter, func(*cloudformation.CreateStackInput) {}), "ValidationError", "Parameters: [Input] must have values")
	wantFault(t, create(withParameter, func(in *cloudformation.CreateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Input"), ParameterValue: aws.String("b")}}
	}), "ValidationError", "Parameter 'Input' must be one of AllowedValues")
	wantFault(t, create(withParameter, func(in *cloudformation.CreateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Input"), ParameterValue: aws.String("a")}, {ParameterKey: aws.String("Other"), ParameterValue: aws.String("a")}}
	}), "ValidationError", "Parameters: [Other] do not exist in the template")
	wantFault(t, create(apiTemplate, func(*cloudformation.CreateStackInput) {}), "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
}

func TestAValidTemplateIsDescribed(t *testing.T) {
	out, err := cloudFormation().ValidateTemplate(t.Context(), &cloudformation.ValidateTemplateInput{TemplateBody: aws.String(apiTemplate)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Parameters) != 1 || *out.Parameters[0].ParameterKey != "Greeting" || *out.Parameters[0].DefaultValue != "hello" ||
		!slices.Equal(out.Capabilities, []types.Capability{types.CapabilityCapabilityIam}) {
		t.Errorf("%+v", out)
	}
	summary, err := cloudFormation().GetTemplateSummary(t.Context(), &cloudformation.GetTemplateSummaryInput{TemplateBody: aws.String(apiTemplate)})
	if err != nil || !slices.Contains(summary.ResourceTypes, "AWS::Lambda::Function") {
		t.Errorf("%+v %v", summary, err)
	}
}

func TestATemplateComesBackAsItWasGiven(t *testing.T) {
	const body = "# a comment\nResources:\n  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
	s := newStack(t, body)
	out, err := cloudFormation().GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: &s.name})
	if err != nil || strings.TrimSpace(aws.ToString(out.TemplateBody)) != strings.TrimSpace(body) {
		t.Errorf("%q %v", aws.ToString(out.TemplateBody), err)
	}
}

func TestATemplateComesFromABucketByItsURL(t *testing.T) {
	bucket := newBucket(t)
	putObject(t, bucket, "template.json", `{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}`)
	newStack(t, "", func(in *cloudformation.CreateStackInput) {
		in.TemplateBody, in.TemplateURL = nil, aws.String("https://s3.amazonaws.com/"+bucket+"/template.json")
	})
}

func TestWhatIsRetainedOutlivesItsStack(t *testing.T) {
	bucket := uniqueName("kept")
	s := newStack(t, `{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "`+bucket+`"}}}}`)
	t.Cleanup(func() { s3Client().DeleteBucket(cleanup(), &s3.DeleteBucketInput{Bucket: &bucket}) })
	s.delete()
	s.wantStatus(types.StackStatusDeleteComplete)
	if _, err := s3Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
		t.Error(err)
	}
}
