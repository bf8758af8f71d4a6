package sam

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func TestTransform(t *testing.T) {
	for _, name := range []string{"hello", "request", "lambda"} {
		body, err := os.ReadFile("testdata/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		root, err := template.Read(string(body))
		if err != nil {
			t.Fatal(err)
		}
		out, err := Transform(root, Options{Region: "us-east-1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := template.New(out); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(out.JSON()), "", "  "); err != nil {
			t.Fatal(err)
		}
		golden := "testdata/" + name + ".json"
		if *rewrite {
			if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	const prefix = "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: "
	function := func(more string) string {
		return "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      InlineCode: x\n" + more
	}
	for name, c := range map[string]struct{ body, want string }{
		"type":            {"Resources:\n  T: {Type: AWS::Serverless::SimpleTable}\n", "1. Resource with id [T] is invalid. lamgate does not support the type AWS::Serverless::SimpleTable (line 2, column 13)"},
		"property":        {function("      TenancyConfig: {}\n"), "1. Resource with id [F] is invalid. lamgate does not support the property TenancyConfig of AWS::Serverless::Function (line 6, column 7)"},
		"unknown":         {function("      Colour: blue\n"), "1. Resource with id [F] is invalid. property Colour not defined for resource of type AWS::Serverless::Function (line 6, column 7)"},
		"event":           {function("      Events: {E: {Type: SQS}}\n"), "1. Resource with id [F] is invalid. Event with id [E] is invalid. lamgate does not support the event type SQS (line 6, column 26)"},
		"auth of event":   {function("      Events: {E: {Type: Api, Properties: {Path: /, Method: get, Auth: {}}}}\n"), "1. Resource with id [F] is invalid. Event with id [E] is invalid. lamgate does not support the property Auth of an Api event (line 6, column 66)"},
		"auth of api":     {"Resources:\n  A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Auth: {}}}\n", "1. Resource with id [A] is invalid. lamgate does not support the property Auth of AWS::Serverless::Api (line 2, column 62)"},
		"twice":           {function("      Events:\n        A: {Type: Api, Properties: {Path: /, Method: get}}\n        B: {Type: Api, Properties: {Path: /, Method: GET}}\n"), `1. Resource with id [F] is invalid. Event with id [B] is invalid. API method "get" defined multiple times for path "/". (line 8, column 9)`},
		"no such api":     {function("      Events: {E: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref X}}}\n"), "1. Resource with id [F] is invalid. Event with id [E] is invalid. RestApiId must be a valid reference to an 'AWS::Serverless::Api' in same template. (line 6, column 77)"},
		"no such policy":  {function("      Policies: [FooPolicy: {}]\n"), "1. Resource with id [F] is invalid. There is no policy template FooPolicy (line 6, column 18)"},
		"no value":        {function("      Policies: [SQSPollerPolicy: {}]\n"), "1. Resource with id [F] is invalid. Following required parameters of template 'SQSPollerPolicy' don't have values: [QueueName] (line 6, column 18)"},
		"no such managed": {function("      Policies: [Everything]\n"), "1. Resource with id [F] is invalid. lamgate does not know the managed policy Everything (line 6, column 18)"},
		"code":            {"Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: ./src}\n", "1. Resource with id [F] is invalid. 'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter. (line 4, column 27)"},
		"globals":         {"Globals: {Foo: {}}\nResources: {}\n", "1. 'Globals' section is invalid. 'Foo' is not supported. Must be one of the following values - ['Api', 'CapacityProvider', 'Function', 'HttpApi', 'LayerVersion', 'SimpleTable', 'StateMachine', 'WebSocketApi'] (line 1, column 11)"},
		"layer":           {"Resources:\n  L: {Type: AWS::Serverless::LayerVersion, Properties: {RetentionPolicy: Keep}}\n", "2. Resource with id [L] is invalid. Missing required property 'ContentUri'. (line 2, column 3) Resource with id [L] is invalid. 'RetentionPolicy' must be one of the following options: ['Retain', 'Delete']. (line 2, column 74)"},
		"queue to make":   {function("      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}\n"), "1. Resource with id [F] is invalid. lamgate does not make the SQS of OnFailure: it has no such service. Give its ARN as Destination (line 6, column 47)"},
		"bucket":          {function("      EventInvokeConfig: {DestinationConfig: {OnSuccess: {Type: S3Bucket, Destination: x}}}\n"), "1. Resource with id [F] is invalid. 'Type: S3Bucket' is not a supported Destination type (line 6, column 65)"},
		"dead letters":    {function("      DeadLetterQueue: {Type: Kinesis, TargetArn: x}\n"), "1. Resource with id [F] is invalid. 'DeadLetterQueue' requires Type of ['SQS', 'SNS']. (line 6, column 31)"},
		"provisioned":     {function("      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}\n"), "1. Resource with id [F] is invalid. To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function (line 6, column 37)"},
		"URL":             {function("      FunctionUrlConfig: {Cors: {}}\n"), "1. Resource with id [F] is invalid. AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE. (line 6, column 26)"},
		"image":           {function("      ImageUri: x\n"), "1. Resource with id [F] is invalid. 'ImageUri' needs the PackageType Image. (line 6, column 17)"},
		"all at once":     {function("      KmsKeyArn: []\n      Colour: blue\n"), "2. Resource with id [F] is invalid. lamgate does not support the property KmsKeyArn of AWS::Serverless::Function (line 6, column 7) Resource with id [F] is invalid. property Colour not defined for resource of type AWS::Serverless::Function (line 7, column 7)"},
	} {
		t.Run(name, func(t *testing.T) {
			root, err := template.Read(c.body)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Transform(root, Options{})
			f := aws.AsFault(err)
			if f == nil {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(c.want, strings.TrimPrefix(f.Message, prefix)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every policy template makes a document with a value for each parameter.
func TestPolicyTemplates(t *testing.T) {
	for name, p := range policyTemplates() {
		values := template.NewMap(template.Pos{})
		for parameter := range strings.FieldsSeq(p.parameters) {
			values.Fields = append(values.Fields, template.F(parameter, template.NewString(template.Pos{}, "value-of-"+parameter)))
		}
		text := p.document(template.Pos{}, values).JSON()
		for parameter := range strings.FieldsSeq(p.parameters) {
			if !strings.Contains(text, "value-of-"+parameter) {
				t.Errorf("%s does not use %s", name, parameter)
			}
		}
		if strings.Contains(text, "@") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func FuzzTransform(f *testing.F) {
	body, err := os.ReadFile("testdata/hello.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(body))
	f.Fuzz(func(t *testing.T, body string) {
		root, err := template.Read(body)
		if err != nil {
			return
		}
		out, err := Transform(root, Options{})
		if err != nil {
			if aws.AsFault(err) == nil {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		if _, err := template.New(out); err != nil && aws.AsFault(err) == nil {
			t.Fatalf("not a fault: %v", err)
		}
	})
}
