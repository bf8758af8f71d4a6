package cloudformation_test

import (
	"slices"
	"strings"
	"testing"

	agapi "github.com/lamgate/lamgate/api/apigateway"
	api "github.com/lamgate/lamgate/api/cloudformation"
	iamapi "github.com/lamgate/lamgate/api/iam"
	lambdaapi "github.com/lamgate/lamgate/api/lambda"
)

const oneGroup = `
Parameters:
  Name: {Type: String, Default: lines}
  Days: {Type: Number, Default: 7}
Resources:
  Group:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Ref Name
      RetentionInDays: !Ref Days
`

func TestFailedCreationLeavesNothing(t *testing.T) {
	h := build(t)
	body := read(t, "proxy.yaml") + "\n"
	body = strings.Replace(body, "DeploymentId: !Ref Deployment", "DeploymentId: nowhere", 1)
	st := h.create("broken", body)
	h.must(st, "ROLLBACK_COMPLETE")
	if left := h.inventory(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	events := h.events("broken")
	for _, want := range []string{
		"Stage CREATE_FAILED Resource handler returned message: ",
		"broken ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Stage]. Rollback requested by user.",
		"Api DELETE_COMPLETE",
		"broken ROLLBACK_COMPLETE",
	} {
		if !slices.ContainsFunc(events, func(e string) bool { return strings.HasPrefix(e, want) }) {
			t.Errorf("no event %q in %q", want, events)
		}
	}
	// AWS: a stack that was rolled back can only be deleted.
	_, err := h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: new("broken"), TemplateBody: new(oneGroup)})
	refused(t, err, "ValidationError", "Stack:"+*st.StackId+" is in ROLLBACK_COMPLETE state and can not be updated.")
}

func TestFailureToCreateByWish(t *testing.T) {
	body := "Resources:\n  A: {Type: AWS::Logs::LogGroup}\n  B: {Type: AWS::S3::Bucket, DependsOn: A, Properties: {BucketName: NOT-A-NAME}}\n"
	t.Run("stay", func(t *testing.T) {
		h := build(t)
		if _, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: new("s"), TemplateBody: &body, OnFailure: new("DO_NOTHING")}); err != nil {
			t.Fatal(err)
		}
		h.must(h.settled("s"), "CREATE_FAILED")
		if n := len(h.inventory()); n != 1 {
			t.Errorf("there is %q", h.inventory())
		}
		// The next update makes what is missing.
		h.must(h.update("s", strings.Replace(body, "NOT-A-NAME", "a-name", 1)), "UPDATE_COMPLETE")
		h.cleared("s")
	})
	t.Run("delete", func(t *testing.T) {
		h := build(t)
		out, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: new("s"), TemplateBody: &body, OnFailure: new("DELETE")})
		if err != nil {
			t.Fatal(err)
		}
		h.must(h.settled(*out.StackId), "DELETE_COMPLETE")
	})
}

func TestUpdateInPlace(t *testing.T) {
	h := build(t)
	name, body := "s", read(t, "proxy.yaml")
	h.must(h.create(name, body), "CREATE_COMPLETE")
	before := h.physical(name)
	h.must(h.update(name, strings.NewReplacer("Hello, World!", "Bye", "MemorySize: 256", "MemorySize: 512", "colour: blue", "shape: round", "MayInvoke", "CanInvoke").Replace(body)), "UPDATE_COMPLETE")
	after := h.physical(name)
	for id, physical := range before {
		if after[id] != physical {
			t.Errorf("%s was replaced: %s, now %s", id, physical, after[id])
		}
	}
	f, err := h.lambda.GetFunction(h.ctx, &lambdaapi.GetFunctionRequest{FunctionName: new("greeter")})
	if err != nil {
		t.Fatal(err)
	}
	if *f.Configuration.MemorySize != 512 {
		t.Errorf("memory is %d", *f.Configuration.MemorySize)
	}
	stage, err := h.gateway.GetStage(h.ctx, &agapi.GetStageRequest{RestApiId: new(after["Api"]), StageName: new("v0")})
	if err != nil {
		t.Fatal(err)
	}
	if len(stage.Variables) != 1 || stage.Variables["shape"] != "round" {
		t.Errorf("variables are %v", stage.Variables)
	}
	policies, err := h.iam.ListRolePolicies(h.ctx, &iamapi.ListRolePoliciesRequest{RoleName: new(after["ApiRole"])})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(policies.PolicyNames, []string{"CanInvoke"}) {
		t.Errorf("policies are %q", policies.PolicyNames)
	}
	_, err = h.UpdateStack(h.ctx, &api.UpdateStackInput{StackName: &name, UsePreviousTemplate: new(true), Capabilities: []string{"CAPABILITY_IAM"}})
	refused(t, err, "ValidationError", "No updates are to be performed.")
	h.cleared(name)
}

func TestUpdateByReplacement(t *testing.T) {
	h := build(t)
	h.must(h.create("s", oneGroup), "CREATE_COMPLETE")
	h.must(h.update("s", strings.Replace(oneGroup, "Default: lines", "Default: words", 1)), "UPDATE_COMPLETE")
	if got := h.inventory(); !slices.Equal(got, []string{"log group words"}) {
		t.Errorf("there is %q", got)
	}
	events := h.events("s")
	made := slices.Index(events, "Group UPDATE_COMPLETE")
	gone := slices.Index(events, "Group DELETE_COMPLETE")
	if made < 0 || gone < made {
		t.Errorf("the old one must go when the new one is there: %q", events)
	}
	t.Run("kept", func(t *testing.T) {
		kept := strings.Replace(oneGroup, "Type: AWS::Logs::LogGroup", "Type: AWS::Logs::LogGroup\n    UpdateReplacePolicy: Retain\n    DeletionPolicy: Retain", 1)
		h.must(h.update("s", strings.Replace(kept, "Default: lines", "Default: words", 1)), "UPDATE_COMPLETE")
		h.must(h.update("s", strings.Replace(kept, "Default: lines", "Default: runes", 1)), "UPDATE_COMPLETE")
		if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("s")}); err != nil {
			t.Fatal(err)
		}
		h.await("s")
		if got := h.inventory(); !slices.Equal(got, []string{"log group runes", "log group words"}) {
			t.Errorf("there is %q", got)
		}
	})
}

// await waits until a stack is gone.
func (h *house) await(name string) {
	h.t.Helper()
	for {
		out, err := h.DescribeStacks(h.ctx, &api.DescribeStacksInput{})
		if err != nil {
			h.t.Fatal(err)
		}
		if !slices.ContainsFunc(out.Stacks, func(st api.Stack) bool { return *st.StackName == name }) {
			return
		}
	}
}

func TestFailedUpdateReturns(t *testing.T) {
	h := build(t)
	name, body := "s", read(t, "proxy.yaml")
	st := h.create(name, body)
	h.must(st, "CREATE_COMPLETE")
	before := h.physical(name)
	broken := strings.NewReplacer(
		"MemorySize: 256", "MemorySize: 512", "Path: '/'\n      Policies", "Path: '/apis/'\n      Policies",
		"DeploymentId: !Ref Deployment", "DeploymentId: !Join ['', [!Ref Deployment, x]]",
	).Replace(body)
	st = h.update(name, broken)
	h.must(st, "UPDATE_ROLLBACK_COMPLETE")
	after := h.physical(name)
	for id, physical := range before {
		if after[id] != physical {
			t.Errorf("%s was %s, is %s", id, physical, after[id])
		}
	}
	f, err := h.lambda.GetFunction(h.ctx, &lambdaapi.GetFunctionRequest{FunctionName: new("greeter")})
	if err != nil {
		t.Fatal(err)
	}
	if *f.Configuration.MemorySize != 256 {
		t.Errorf("memory is %d", *f.Configuration.MemorySize)
	}
	text, err := h.GetTemplate(h.ctx, &api.GetTemplateInput{StackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	if *text.TemplateBody != body {
		t.Error("the stack's template is that of the failed update")
	}
	h.cleared(name)
	if keys := h.documents(); len(keys) != 2 {
		t.Errorf("documents: %q, want a deleted stack and its template", keys)
	}
}

func TestCustomNamedResourceIsNotReplaced(t *testing.T) {
	h := build(t)
	body := "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: named\n      Path: /a/\n      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]}\n"
	h.must(h.create("s", body), "CREATE_COMPLETE")
	h.must(h.update("s", strings.Replace(body, "/a/", "/b/", 1)), "UPDATE_ROLLBACK_COMPLETE")
	want := "R UPDATE_FAILED CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename named and update the stack again."
	if events := h.events("s"); !slices.Contains(events, want) {
		t.Errorf("no event %q in %q", want, events)
	}
}

func TestSomebodyElsesResourceIsNotTaken(t *testing.T) {
	h := build(t)
	h.put("theirs", "k", "v")
	h.must(h.create("s", "Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {BucketName: theirs}}\n"), "ROLLBACK_COMPLETE")
	want := `B CREATE_FAILED Resource handler returned message: "Resource of type 'AWS::S3::Bucket' with identifier 'theirs' already exists."`
	if events := h.events("s"); !slices.ContainsFunc(events, func(e string) bool { return strings.HasPrefix(e, want) }) {
		t.Errorf("no event %q in %q", want, events)
	}
	if got := h.inventory(); !slices.Equal(got, []string{"bucket theirs"}) {
		t.Errorf("there is %q", got)
	}
}

func TestDeletionThatFails(t *testing.T) {
	h := build(t)
	st := h.create("s", "Resources:\n  B: {Type: AWS::S3::Bucket, Properties: {BucketName: full}}\n  G: {Type: AWS::Logs::LogGroup}\n")
	h.must(st, "CREATE_COMPLETE")
	h.put("full", "k", "v")
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	st = h.settled("s")
	h.must(st, "DELETE_FAILED")
	if *st.StackStatusReason != "The following resource(s) failed to delete: [B]. " {
		t.Errorf("reason is %q", *st.StackStatusReason)
	}
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("s"), RetainResources: []string{"B"}}); err != nil {
		t.Fatal(err)
	}
	h.await("s")
	if got := h.inventory(); !slices.Equal(got, []string{"bucket full"}) {
		t.Errorf("there is %q", got)
	}
}

func TestExportsAndImports(t *testing.T) {
	h := build(t)
	exporter := "Resources:\n  G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: shared}}\nOutputs:\n  O: {Value: !Ref G, Export: {Name: group}}\n"
	importer := "Resources:\n  G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub ['of-${x}', {x: !ImportValue group}]}}\n"
	_, err := h.CreateStack(h.ctx, &api.CreateStackInput{StackName: new("in"), TemplateBody: &importer})
	refused(t, err, "ValidationError", "No export named group found. (line 2, column 82)")
	h.must(h.create("out", exporter), "CREATE_COMPLETE")
	h.must(h.create("in", importer), "CREATE_COMPLETE")
	if got := h.physical("in")["G"]; got != "of-shared" {
		t.Errorf("group is %s", got)
	}
	imports, err := h.ListImports(h.ctx, &api.ListImportsInput{ExportName: new("group")})
	if err != nil || !slices.Equal(imports.Imports, []string{"in"}) {
		t.Errorf("imports: %v, %v", imports, err)
	}
	exports, err := h.ListExports(h.ctx, &api.ListExportsInput{})
	if err != nil || len(exports.Exports) != 1 || *exports.Exports[0].Value != "shared" {
		t.Errorf("exports: %v, %v", exports, err)
	}
	_, err = h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("out")})
	refused(t, err, "ValidationError", "Export group cannot be deleted as it is in use by in")
	h.must(h.create("other", strings.Replace(exporter, "shared", "second", 1)), "ROLLBACK_COMPLETE")
	h.must(h.update("out", strings.Replace(exporter, "shared", "renamed", 1)), "UPDATE_ROLLBACK_COMPLETE")
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("in")}); err != nil {
		t.Fatal(err)
	}
	h.await("in")
	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("out")}); err != nil {
		t.Fatal(err)
	}
}
