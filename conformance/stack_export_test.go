package conformance

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func TestWhatOneStackExportsAnotherImports(t *testing.T) {
	export := uniqueName("export")
	exporter := newStack(t, `{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
		"Outputs": {"Name": {"Value": {"Ref": "Bucket"}, "Export": {"Name": "`+export+`"}}}}`)
	importing := `{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}, "Outputs": {"Got": {"Value": {"Fn::ImportValue": "` + export + `"}}}}`
	importer := newStack(t, importing)
	if got, want := importer.output("Got"), exporter.physical("Bucket"); got != want {
		t.Errorf("%q was imported, want %q", got, want)
	}
	imports, err := cloudFormation().ListImports(t.Context(), &cloudformation.ListImportsInput{ExportName: &export})
	if err != nil || len(imports.Imports) != 1 || imports.Imports[0] != importer.name {
		t.Errorf("%+v %v", imports, err)
	}

	// What is imported can neither be exported twice nor be taken away.
	_, err = cloudFormation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &exporter.name,
		TemplateBody: aws.String(`{"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}`)})
	if err == nil {
		exporter.rest()
		exporter.wantStatus(types.StackStatusUpdateRollbackComplete)
	} else {
		wantFault(t, err, "ValidationError", "Export "+export+" cannot be deleted as it is in use by "+importer.name)
	}
	_, err = cloudFormation().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: &exporter.name})
	wantFault(t, err, "ValidationError", "Export "+export+" cannot be deleted as it is in use by "+importer.name)

	importer.delete()
	exporter.delete()
	exporter.wantStatus(types.StackStatusDeleteComplete)
}

func TestAnImportOfWhatNobodyExportsFails(t *testing.T) {
	s := func() string {
		in := &cloudformation.CreateStackInput{StackName: aws.String(uniqueName("stack")),
			TemplateBody: aws.String(`{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::ImportValue": "nobodys"}}}}}`)}
		_, err := cloudFormation().CreateStack(t.Context(), in)
		if err != nil {
			wantFault(t, err, "ValidationError", "No export named nobodys found")
			return ""
		}
		return *in.StackName
	}()
	if s == "" {
		return
	}
	failed := &stack{t, s, s}
	t.Cleanup(func() { cloudFormation().DeleteStack(cleanup(), &cloudformation.DeleteStackInput{StackName: &s}) })
	failed.rest()
	failed.wantStatus(types.StackStatusRollbackComplete)
}
