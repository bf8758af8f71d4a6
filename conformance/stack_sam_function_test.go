package conformance

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const samFunctionTemplate = `
Transform: AWS::Serverless-2016-10-31
Parameters:
  Bucket: {Type: String}
Resources:
  Library:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: {Bucket: !Ref Bucket, Key: layer.zip}
      RetentionPolicy: Delete
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: |
        import shared
        def handler(event, context):
            return {"statusCode": 200, "body": shared.NAME + " " + context.function_version}
      AutoPublishAlias: live
      EventInvokeConfig: {MaximumRetryAttempts: 0}
      FunctionUrlConfig: {AuthType: NONE}
      Layers: [!Ref Library]
Outputs:
  Url: {Value: !GetAtt HelloUrl.FunctionUrl}
  Function: {Value: !Ref Hello}
  Library: {Value: !Ref Library}
`

func TestASAMFunctionWithAURLAndALayer(t *testing.T) {
	bucket := newBucket(t)
	putObject(t, bucket, "layer.zip", string(archive(t, map[string]string{"python/shared.py": "NAME = 'shared'"})))
	s := newStack(t, samFunctionTemplate, func(in *cloudformation.CreateStackInput) {
		in.Parameters = []types.Parameter{{ParameterKey: aws.String("Bucket"), ParameterValue: &bucket}}
	})
	(&functionURL{t, s.output("Url")}).ask(http.MethodGet, "", "").want(t, http.StatusOK, "shared 1")
	out, err := lambdaClient().GetFunctionEventInvokeConfig(t.Context(), &lambda.GetFunctionEventInvokeConfigInput{
		FunctionName: aws.String(s.output("Function")), Qualifier: aws.String("live"),
	})
	if n := aws.ToInt32(must(t, out, err).MaximumRetryAttempts); n != 0 {
		t.Errorf("%d attempts more", n)
	}
	layer := s.output("Library")
	s.delete()
	_, err = lambdaClient().GetLayerVersionByArn(t.Context(), &lambda.GetLayerVersionByArnInput{Arn: &layer})
	wantFault(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}
