package cloudformation_test

import (
	"slices"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/cloudformation"
)

func (h *house) changeSet(kind, stack, name, body string) (*api.DescribeChangeSetOutput, error) {
	h.t.Helper()
	out, err := h.CreateChangeSet(h.ctx, &api.CreateChangeSetInput{StackName: &stack, ChangeSetName: &name, ChangeSetType: &kind, TemplateBody: &body})
	if err != nil {
		return nil, err
	}
	return h.DescribeChangeSet(h.ctx, &api.DescribeChangeSetInput{ChangeSetName: out.Id, IncludePropertyValues: new(true)})
}

// What `aws cloudformation deploy` does.
func TestDeployByChangeSets(t *testing.T) {
	h := build(t)
	cs, err := h.changeSet("CREATE", "s", "first", oneGroup)
	if err != nil {
		t.Fatal(err)
	}
	if *cs.Status != "CREATE_COMPLETE" || *cs.ExecutionStatus != "AVAILABLE" || len(cs.Changes) != 1 || *cs.Changes[0].ResourceChange.Action != "Add" {
		t.Errorf("change set is %+v", cs)
	}
	if st := h.stack("s"); *st.StackStatus != "REVIEW_IN_PROGRESS" || *st.StackStatusReason != "User Initiated" {
		t.Errorf("stack is in %s", *st.StackStatus)
	}
	if _, err := h.ExecuteChangeSet(h.ctx, &api.ExecuteChangeSetInput{ChangeSetName: cs.ChangeSetId}); err != nil {
		t.Fatal(err)
	}
	h.must(h.stack("s"), "CREATE_COMPLETE") // at the first look

	_, err = h.ExecuteChangeSet(h.ctx, &api.ExecuteChangeSetInput{ChangeSetName: cs.ChangeSetId})
	refused(t, err, "InvalidChangeSetStatus", "ChangeSet ["+*cs.ChangeSetId+"] cannot be executed in its current execution status of [EXECUTE_COMPLETE]")

	again, err := h.changeSet("UPDATE", "s", "second", oneGroup)
	if err != nil {
		t.Fatal(err)
	}
	if *again.Status != "FAILED" || *again.ExecutionStatus != "UNAVAILABLE" ||
		*again.StatusReason != "The submitted information didn't contain changes. Submit different information to create a change set." {
		t.Errorf("change set is %s: %s", *again.Status, *again.StatusReason)
	}
	_, err = h.ExecuteChangeSet(h.ctx, &api.ExecuteChangeSetInput{ChangeSetName: again.ChangeSetId})
	refused(t, err, "InvalidChangeSetStatus", "ChangeSet ["+*again.ChangeSetId+"] cannot be executed in its current status of [FAILED]")

	third, err := h.changeSet("UPDATE", "s", "third", strings.Replace(oneGroup, "Default: lines", "Default: words", 1))
	if err != nil {
		t.Fatal(err)
	}
	c := third.Changes[0].ResourceChange
	if *c.Action != "Modify" || *c.Replacement != "True" || *c.PolicyAction != "ReplaceAndDelete" || !slices.Equal(c.Scope, []string{"Properties"}) ||
		*c.Details[0].Target.Name != "LogGroupName" || *c.Details[0].Target.RequiresRecreation != "Always" || *c.Details[0].CausingEntity != "Name" {
		t.Errorf("change is %+v", c)
	}
	if _, err := h.ExecuteChangeSet(h.ctx, &api.ExecuteChangeSetInput{ChangeSetName: new("third"), StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	h.must(h.stack("s"), "UPDATE_COMPLETE")
	// Executing one deletes the others.
	_, err = h.DescribeChangeSet(h.ctx, &api.DescribeChangeSetInput{ChangeSetName: again.ChangeSetId})
	refused(t, err, "ChangeSetNotFound", "ChangeSet ["+*again.ChangeSetId+"] does not exist")
	h.cleared("s")
}

func TestCreationWhileInReview(t *testing.T) {
	h := build(t)
	cs, err := h.changeSet("CREATE", "s", "first", oneGroup)
	if err != nil {
		t.Fatal(err)
	}
	st := h.create("s", oneGroup)
	h.must(st, "CREATE_COMPLETE")
	if *st.StackId != *cs.StackId {
		t.Error("the stack is another one")
	}
	cs, err = h.DescribeChangeSet(h.ctx, &api.DescribeChangeSetInput{ChangeSetName: cs.ChangeSetId})
	if err != nil || *cs.ExecutionStatus != "OBSOLETE" {
		t.Errorf("change set is %s, %v", *cs.ExecutionStatus, err)
	}
	_, err = h.changeSet("CREATE", "s", "again", oneGroup)
	refused(t, err, "ValidationError", "Stack [s] already exists and cannot be created again with the changeSet [again].")
}

func TestWordsForWhatIsNotThere(t *testing.T) {
	h := build(t)
	none := new("none")
	for name, c := range map[string]struct {
		call          func() error
		code, message string
	}{
		"stacks": {func() error { _, err := h.DescribeStacks(h.ctx, &api.DescribeStacksInput{StackName: none}); return err }, "ValidationError", "Stack with id none does not exist"},
		"events": {func() error {
			_, err := h.DescribeStackEvents(h.ctx, &api.DescribeStackEventsInput{StackName: none})
			return err
		}, "ValidationError", "Stack [none] does not exist"},
		"template": {func() error { _, err := h.GetTemplate(h.ctx, &api.GetTemplateInput{StackName: none}); return err }, "ValidationError", "Stack with id none does not exist"},
		"no stack": {func() error { _, err := h.GetTemplate(h.ctx, &api.GetTemplateInput{}); return err }, "ValidationError", "StackName is required if ChangeSetName is not specified."},
		"set only": {func() error { _, err := h.GetTemplate(h.ctx, &api.GetTemplateInput{ChangeSetName: none}); return err }, "ValidationError", "StackName is a required parameter."},
		"set": {func() error {
			_, err := h.DescribeChangeSet(h.ctx, &api.DescribeChangeSetInput{ChangeSetName: none, StackName: none})
			return err
		}, "ValidationError", "Stack [none] does not exist"},
		"delete": {func() error {
			_, err := h.DeleteChangeSet(h.ctx, &api.DeleteChangeSetInput{ChangeSetName: none, StackName: none})
			return err
		}, "ValidationError", "Stack [none] does not exist"},
		"delete 2": {func() error {
			_, err := h.DeleteChangeSet(h.ctx, &api.DeleteChangeSetInput{ChangeSetName: none})
			return err
		}, "ValidationError", "StackName must be specified if ChangeSetName is not specified as an ARN."},
		"update": {func() error { _, err := h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: none}); return err }, "ValidationError", "Stack [none] does not exist"},
		"s3 url": {func() error {
			_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: none, TemplateURL: new("s3://b/k")})
			return err
		}, "ValidationError", "S3 error: Domain name specified in b is not a valid S3 domain"},
		"other url": {func() error {
			_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: none, TemplateURL: new("https://example.com/b/k")})
			return err
		}, "ValidationError", "TemplateURL must be a supported URL."},
		"parameter": {func() error {
			_, err := h.changeSet("CREATE", "none", "c", "Parameters: {Input: {Type: String}}\n"+"Resources: {A: {Type: AWS::Logs::LogGroup}}")
			return err
		}, "ValidationError", "Parameters: [Input] must have values"},
		"inline": {func() error {
			_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: none, TemplateBody: new(strings.Repeat("#", 51201))})
			return err
		}, "ValidationError", "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.call(), c.code, c.message) })
	}
}

func TestCapabilities(t *testing.T) {
	h := build(t)
	role := "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]}\n"
	named := role + "      RoleName: named\n"
	_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: new("s"), TemplateBody: &role})
	refused(t, err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
	_, err = h.CreateStack(h.ctx, &api.CreateStackInput{StackName: new("s"), TemplateBody: &named, Capabilities: []string{"CAPABILITY_IAM"}})
	refused(t, err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
	serverless := read(t, "sam.yaml")
	_, err = h.CreateStack(h.ctx, &api.CreateStackInput{StackName: new("s"), TemplateBody: &serverless, Capabilities: []string{"CAPABILITY_IAM"}})
	refused(t, err, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
	cs, err := h.changeSet("CREATE", "s", "c", serverless)
	if err != nil {
		t.Fatal(err)
	}
	if *cs.Status != "FAILED" || *cs.StatusReason != "Requires capabilities : [CAPABILITY_IAM]" {
		t.Errorf("change set is %s: %s", *cs.Status, *cs.StatusReason)
	}
	v, err := h.ValidateTemplate(h.ctx, &api.ValidateTemplateInput{TemplateBody: &role})
	if err != nil || !slices.Equal(v.Capabilities, []string{"CAPABILITY_IAM"}) || *v.CapabilitiesReason != "The following resource(s) require capabilities: [AWS::IAM::Role]" {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := h.ValidateTemplate(h.ctx, &api.ValidateTemplateInput{TemplateBody: &serverless}); err != nil {
		t.Error(err)
	}
}

// What CDK's client says with every deployment.
func TestAStandardDeployment(t *testing.T) {
	h := build(t)
	in := api.CreateChangeSetInput{
		StackName: new("s"), ChangeSetName: new("c"), ChangeSetType: new("CREATE"), TemplateBody: new(oneGroup),
		IncludeNestedStacks: new(true), DeploymentConfig: &api.DeploymentConfig{Mode: new("STANDARD")},
	}
	made, err := h.CreateChangeSet(h.ctx, &in)
	if err != nil {
		t.Fatal(err)
	}
	if cs, err := h.DescribeChangeSet(h.ctx, &api.DescribeChangeSetInput{ChangeSetName: made.Id}); err != nil || !*cs.IncludeNestedStacks {
		t.Errorf("%+v, %v", cs, err)
	}
	if out, err := h.GetTemplate(h.ctx, &api.GetTemplateInput{StackName: new("s")}); err != nil || out.TemplateBody != nil {
		t.Errorf("the template of a stack in review: %+v, %v", out, err)
	}
	for _, c := range []api.DeploymentConfig{{Mode: new("EXPRESS")}, {DisableRollback: new(true)}} {
		in.ChangeSetName, in.DeploymentConfig = new("other"), &c
		_, err := h.CreateChangeSet(h.ctx, &in)
		refused(t, err, "ValidationError", "lamgate does not support the parameter DeploymentConfig")
		_, err = h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("s"), DeploymentConfig: &c})
		refused(t, err, "ValidationError", "lamgate does not support the parameter DeploymentConfig")
	}
}

// Whatever lamgate lacks fails before anything is made, with its line.
func TestWhatIsNotSupportedIsRefused(t *testing.T) {
	h := build(t)
	for name, c := range map[string]struct{ body, message string }{
		"type": {"Resources:\n  Q:\n    Type: AWS::SQS::Queue\n", "Resources.Q.Type: lamgate does not support the resource type AWS::SQS::Queue (line 3, column 11)"},
		"property": {"Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      WebsiteConfiguration: {IndexDocument: i}\n",
			"Resources.B.Properties.WebsiteConfiguration (line 5, column 7): lamgate does not support the property WebsiteConfiguration"},
		"key of one's own": {"Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketEncryption: {ServerSideEncryptionConfiguration: [{ServerSideEncryptionByDefault: {SSEAlgorithm: 'aws:kms', KMSMasterKeyID: k}}]}\n",
			"Resources.B.Properties.BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID (line 5, column 120): lamgate does not support the property KMSMasterKeyID"},
		"network": {"Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: {ZipFile: x}\n      Role: r\n      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: []}\n",
			"Resources.F.Properties.VpcConfig.SubnetIds (line 7, column 30): lamgate does not support the property SubnetIds but as an empty list"},
		"unknown property": {"Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      Colour: blue\n",
			"Resources.B.Properties.Colour (line 5, column 7): Encountered unsupported property Colour"},
		"in a branch": {"Conditions: {C: !Equals [a, a]}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: !If [C, {Colour: blue}, {}]\n",
			"Resources.B.Properties.Colour (line 5, column 26): Encountered unsupported property Colour"},
		"type of a value": {"Resources:\n  G:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      RetentionInDays: week\n",
			"Resources.G.Properties.RetentionInDays (line 5, column 24): Value of property RetentionInDays must be of type Integer"},
		"required": {"Resources:\n  P:\n    Type: AWS::Lambda::Permission\n    Properties: {Action: a, Principal: p}\n",
			"Resources.P.Properties (line 4, column 17): Property FunctionName cannot be empty."},
		"value": {"Resources:\n  G:\n    Type: AWS::Logs::LogGroup\n    Properties: {LogGroupClass: DELIVERY}\n",
			`Resources.G.Properties.LogGroupClass (line 4, column 33): lamgate does not support the value "DELIVERY" of LogGroupClass (it supports STANDARD)`},
		"attribute": {"Resources:\n  G: {Type: AWS::Logs::LogGroup}\nOutputs: {O: {Value: !GetAtt G.Colour}}\n",
			"Template error: resource G does not support attribute type Colour in Fn::GetAtt (line 3, column 22)"},
		"circle": {"Resources:\n  A: {Type: AWS::Logs::LogGroup, DependsOn: B}\n  B: {Type: AWS::Logs::LogGroup, DependsOn: A}\n",
			"Circular dependency between resources: [A, B]"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.changeSet("CREATE", "s", "c", c.body)
			refused(t, err, "ValidationError", c.message)
		})
	}
	if keys := h.documents(); len(keys) > 0 {
		t.Errorf("left behind: %q", keys)
	}
}

func TestSecretParameter(t *testing.T) {
	h := build(t)
	body := strings.Replace(oneGroup, "Name: {Type: String,", "Name: {NoEcho: true, Type: String,", 1)
	st := h.create("s", body)
	h.must(st, "CREATE_COMPLETE")
	for _, p := range st.Parameters {
		if shown := *p.ParameterValue; *p.ParameterKey == "Name" && shown != "****" {
			t.Errorf("the secret is shown: %s", shown)
		}
	}
}

func TestTemplateFromS3(t *testing.T) {
	h := build(t)
	h.put("templates", "dir/t.yaml", oneGroup)
	for _, url := range []string{
		"https://s3.us-east-1.amazonaws.com/templates/dir/t.yaml",
		"https://s3.amazonaws.com/templates/dir/t.yaml",
		"https://templates.s3.us-east-1.amazonaws.com/dir/t.yaml",
		"https://templates.s3.amazonaws.com/dir/t.yaml",
		"http://127.0.0.1:4566/templates/dir/t.yaml",
		"http://localhost:4566/templates/dir/t.yaml",
		"http://templates.s3.localhost:4566/dir/t.yaml",
		"http://templates.s3.localhost.localstack.cloud:4566/dir/t.yaml",
	} {
		if _, err := h.GetTemplateSummary(h.ctx, &api.GetTemplateSummaryInput{TemplateURL: &url}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	_, err := h.GetTemplateSummary(h.ctx, &api.GetTemplateSummaryInput{TemplateURL: new("http://127.0.0.1:4566/templates/none")})
	if err == nil || !strings.Contains(err.Error(), "S3 error: The specified key does not exist.") {
		t.Errorf("got %v", err)
	}
}

func TestNameOfADeletedStack(t *testing.T) {
	h := build(t)
	st := h.create("s", oneGroup)
	_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: new("s"), TemplateBody: new(oneGroup)})
	refused(t, err, "AlreadyExistsException", "Stack [s] already exists")
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	h.await("s")
	h.must(h.stack(*st.StackId), "DELETE_COMPLETE")
	h.must(h.create("s", oneGroup), "CREATE_COMPLETE")
	if again := h.stack("s"); *again.StackId == *st.StackId {
		t.Error("the new stack has the old one's ID")
	}
	h.must(h.stack(*st.StackId), "DELETE_COMPLETE")
	_, err = h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: st.StackId, TemplateBody: new(oneGroup)})
	refused(t, err, "ValidationError", "Stack:"+*st.StackId+" is in DELETE_COMPLETE state and can not be updated.")
}

func TestTerminationProtection(t *testing.T) {
	h := build(t)
	st := h.create("s", oneGroup)
	if _, err := h.UpdateTerminationProtection(h.ctx, &api.UpdateTerminationProtectionInput{StackName: new("s"), EnableTerminationProtection: new(true)}); err != nil {
		t.Fatal(err)
	}
	_, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: st.StackId})
	refused(t, err, "ValidationError", "Stack [s] cannot be deleted while TerminationProtection is enabled")
}
