package lambda

import (
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
)

func TestPublishVersion(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	name := new("hello")
	latest := must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: name}))

	_, err := f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: name, RevisionId: new("wrong")})
	expectFault(t, err, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	_, err = f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: name, CodeSha256: new("wrong")})
	expectFault(t, err, "InvalidParameterValueException", "CodeSHA256 (wrong) is different from current CodeSHA256 in $LATEST ("+*latest.CodeSha256+"). Please try again with the CodeSHA256 in $LATEST.")

	v1 := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: name, Description: new("first"), RevisionId: latest.RevisionId}))
	if *v1.Version != "1" || *v1.Description != "first" || *v1.FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:hello:1" || *v1.State != "Active" {
		t.Errorf("%+v", v1)
	}
	again := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: name}))
	if *again.Version != "1" || *again.RevisionId != *v1.RevisionId {
		t.Errorf("an unchanged function got version %s", *again.Version)
	}
	must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: name, MemorySize: new(int32(256))}))
	v2 := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: name}))
	if *v2.Version != "2" || *v2.MemorySize != 256 {
		t.Errorf("%+v", v2)
	}
	old := must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: name, Qualifier: new("1")}))
	if *old.MemorySize != 128 {
		t.Error("a published version changed")
	}
	list := must(f.ListVersionsByFunction(f.ctx, &lambda.ListVersionsByFunctionRequest{FunctionName: name})).Versions
	if len(list) != 3 || *list[0].FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:hello:$LATEST" || *list[2].Version != "2" {
		t.Errorf("%+v", list)
	}
	must(f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: name, Qualifier: new("2")}))
	must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: name, MemorySize: new(int32(512))}))
	if v := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: name})); *v.Version != "3" {
		t.Errorf("the number of a deleted version was used again: %s", *v.Version)
	}
}

func TestUpdateFunctionCodeAnswersInProgress(t *testing.T) {
	f := newFixture(t)
	before := f.create("hello")
	in := &lambda.UpdateFunctionCodeRequest{FunctionName: new("hello"), ZipFile: packed(t, map[string]string{"app.py": "y"})}
	out := must(f.UpdateFunctionCode(f.ctx, in))
	if *out.LastUpdateStatus != "InProgress" || *out.LastUpdateStatusReasonCode != "Creating" || *out.CodeSha256 == *before.CodeSha256 {
		t.Errorf("%+v", out)
	}
	in.Publish, in.ZipFile = new(true), packed(t, map[string]string{"app.py": "z"})
	if v := must(f.UpdateFunctionCode(f.ctx, in)); *v.Version != "1" || *v.State != "Pending" {
		t.Errorf("%+v", v)
	}
	in.DryRun, in.ZipFile = new(true), packed(t, map[string]string{"app.py": "dry"})
	dry := must(f.UpdateFunctionCode(f.ctx, in))
	if now := must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: new("hello")})); *now.CodeSha256 == *dry.CodeSha256 {
		t.Error("a dry run changed the code")
	}
}
