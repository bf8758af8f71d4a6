package conformance

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func functionARN(name string) string {
	return "arn:aws:lambda:" + region + ":" + account + ":function:" + name
}

func TestAFunctionIsDescribedAsItWasMade(t *testing.T) {
	f := newFunction(t, greeter, func(in *lambda.CreateFunctionInput) {
		in.Description = aws.String("greets")
		in.MemorySize = aws.Int32(256)
		in.Environment = &types.Environment{Variables: map[string]string{"GREETING": "hi"}}
		in.Tags = map[string]string{"team": "blue"}
	})
	out, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name})
	if err != nil {
		t.Fatal(err)
	}
	c := out.Configuration
	if aws.ToString(c.FunctionArn) != functionARN(f.name) || c.State != types.StateActive || c.LastUpdateStatus != types.LastUpdateStatusSuccessful ||
		aws.ToString(c.Version) != "$LATEST" || aws.ToInt32(c.MemorySize) != 256 || aws.ToString(c.Description) != "greets" ||
		c.Environment.Variables["GREETING"] != "hi" || c.PackageType != types.PackageTypeZip || c.Architectures[0] != types.ArchitectureX8664 {
		t.Errorf("configuration %+v", c)
	}
	if aws.ToString(c.CodeSha256) == "" || c.CodeSize == 0 || aws.ToString(c.RevisionId) == "" || aws.ToString(c.LastModified) == "" {
		t.Errorf("code %q of %d bytes, revision %q of %q", aws.ToString(c.CodeSha256), c.CodeSize, aws.ToString(c.RevisionId), aws.ToString(c.LastModified))
	}
	if out.Tags["team"] != "blue" {
		t.Errorf("tags %v", out.Tags)
	}
	if out.Code == nil || aws.ToString(out.Code.RepositoryType) != "S3" {
		t.Fatalf("code %+v", out.Code)
	}
	response, err := http.Get(aws.ToString(out.Code.Location))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || !strings.HasPrefix(string(body), "PK") {
		t.Errorf("the package is no archive: %.20q %v", body, err)
	}
}

func TestAFunctionIsFoundByEachOfItsNames(t *testing.T) {
	f := newFunction(t, greeter)
	for _, name := range []string{f.name, f.name + ":$LATEST", account + ":function:" + f.name, f.arn, f.arn + ":$LATEST"} {
		out, err := lambdaClient().GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil || aws.ToString(out.FunctionName) != f.name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatClientsAlwaysAskOfAFunctionIsAnswered(t *testing.T) {
	f := newFunction(t, greeter)
	concurrency, err := lambdaClient().GetFunctionConcurrency(t.Context(), &lambda.GetFunctionConcurrencyInput{FunctionName: &f.name})
	if err != nil || concurrency.ReservedConcurrentExecutions != nil {
		t.Errorf("concurrency %v %v", concurrency, err)
	}
	signing, err := lambdaClient().GetFunctionCodeSigningConfig(t.Context(), &lambda.GetFunctionCodeSigningConfigInput{FunctionName: &f.name})
	if err != nil || signing.CodeSigningConfigArn != nil {
		t.Errorf("code signing %v %v", signing, err)
	}
}

func TestNewCodeAndNewConfigurationAreLiveAtTheNextInvocation(t *testing.T) {
	f := newFunction(t, greeter)
	if got := string(f.invoke(`{}`).Payload); !strings.Contains(got, "hello") {
		t.Fatal(got)
	}
	before, err := lambdaClient().GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &f.name})
	if err != nil {
		t.Fatal(err)
	}
	updated, err := lambdaClient().UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.name,
		Environment: &types.Environment{Variables: map[string]string{"GREETING": "bonjour"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.invoke(`{}`).Payload); !strings.Contains(got, "bonjour") {
		t.Error(got)
	}
	if aws.ToString(updated.RevisionId) == aws.ToString(before.RevisionId) {
		t.Error("the revision stayed")
	}
	f.wait(t)
	code, err := lambdaClient().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &f.name,
		ZipFile: archive(t, map[string]string{"index.py": "def handler(event, context):\n    return 'new code'\n"})})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.invoke(`{}`).Payload); got != `"new code"` {
		t.Error(got)
	}
	if aws.ToString(code.CodeSha256) == aws.ToString(before.CodeSha256) {
		t.Error("CodeSha256 stayed")
	}
}

// wait waits until an update has been carried out.
func (f *function) wait(t *testing.T) {
	t.Helper()
	if err := lambda.NewFunctionUpdatedV2Waiter(lambdaClient()).Wait(t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name}, give); err != nil {
		t.Fatal(err)
	}
}

func TestADeletedFunctionIsNotFound(t *testing.T) {
	f := newFunction(t, greeter)
	if _, err := lambdaClient().DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: &f.name}); err != nil {
		t.Fatal(err)
	}
	_, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name})
	wantFault(t, err, "ResourceNotFoundException", "Function not found: "+f.arn)
	_, err = lambdaClient().DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: &f.name})
	wantFault(t, err, "ResourceNotFoundException", "Function not found: "+f.arn)
	_, err = lambdaClient().Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &f.name})
	wantFault(t, err, "ResourceNotFoundException", "Function not found: "+f.arn)
}

func TestNoTwoFunctionsHaveOneName(t *testing.T) {
	f := newFunction(t, greeter)
	_, err := lambdaClient().CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: &f.name, Runtime: types.RuntimePython313, Handler: aws.String("index.handler"),
		Role: aws.String(functionRole(t)), Code: &types.FunctionCode{ZipFile: archive(t, map[string]string{"index.py": greeter})}})
	wantFault(t, err, "ResourceConflictException", "Function already exist: "+f.name)
}

func TestWhatIsWrongWithANewFunctionIsSaidInAWSsWords(t *testing.T) {
	for _, c := range []struct {
		name          string
		change        func(*lambda.CreateFunctionInput)
		code, message string
	}{
		{"a role that is no ARN", func(in *lambda.CreateFunctionInput) { in.Role = aws.String("r1") },
			"ValidationException", "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint"},
		{"a runtime that there is not", func(in *lambda.CreateFunctionInput) { in.Runtime = "cobol85" },
			"InvalidParameterValueException", "Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set"},
		{"a runtime in capitals", func(in *lambda.CreateFunctionInput) { in.Runtime = "PYTHON3.13" },
			"InvalidParameterValueException", "Value PYTHON3.13 at 'runtime'"},
		{"two architectures", func(in *lambda.CreateFunctionInput) {
			in.Architectures = []types.Architecture{types.ArchitectureX8664, types.ArchitectureArm64}
		}, "ValidationException", "at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1"},
		{"a package that is no archive", func(in *lambda.CreateFunctionInput) { in.Code = &types.FunctionCode{ZipFile: []byte("not a zip")} },
			"InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"a bucket that there is not", func(in *lambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{S3Bucket: aws.String(uniqueName("none")), S3Key: aws.String("k")}
		}, "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
		{"an environment above 4 KB", func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"LARGE": strings.Repeat("x", 4096)}}
		}, "InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit."},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &lambda.CreateFunctionInput{FunctionName: aws.String(uniqueName("f")), Runtime: types.RuntimePython313, Handler: aws.String("index.handler"),
				Role: aws.String(functionRole(t)), Code: &types.FunctionCode{ZipFile: archive(t, map[string]string{"index.py": greeter})}}
			c.change(in)
			_, err := lambdaClient().CreateFunction(t.Context(), in)
			wantFault(t, err, c.code, c.message)
		})
	}
}

func TestAQualifierThatContradictsTheNameIsRefused(t *testing.T) {
	_, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f:1"), Qualifier: aws.String("2")})
	wantFault(t, err, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
}

func TestAnotherRegionsFunctionIsOutOfReach(t *testing.T) {
	_, err := lambdaClient().GetFunction(t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("arn:aws:lambda:eu-west-1:" + account + ":function:f")})
	wantFault(t, err, "ResourceNotFoundException", "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')")
}

func TestAPackageFromABucketBecomesAFunction(t *testing.T) {
	bucket := newBucket(t)
	putObject(t, bucket, "code.zip", string(archive(t, map[string]string{"index.py": greeter})))
	f := newFunction(t, "", func(in *lambda.CreateFunctionInput) {
		in.Code = &types.FunctionCode{S3Bucket: &bucket, S3Key: aws.String("code.zip")}
	})
	if got := string(f.invoke(`{}`).Payload); !strings.Contains(got, "hello") {
		t.Error(got)
	}
	_, err := lambdaClient().UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &f.name, S3Bucket: &bucket, S3Key: aws.String("missing.zip")})
	wantFault(t, err, "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.")
}

func TestARuntimePastItsEndIsServedAllTheSame(t *testing.T) {
	f := newFunction(t, greeter, func(in *lambda.CreateFunctionInput) { in.Runtime = types.RuntimePython37 })
	if got := string(f.invoke(`{}`).Payload); !strings.Contains(got, "hello") {
		t.Error(got)
	}
}

func TestANodeFunctionAnswers(t *testing.T) {
	for _, c := range []struct{ name, file, source string }{
		{"an async handler", "index.js", `exports.handler = async (event) => ({ got: event.value });`},
		{"a callback", "index.js", `exports.handler = (event, context, callback) => callback(null, { got: event.value });`},
		{"a module", "index.mjs", `export const handler = async (event) => ({ got: event.value });`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFunction(t, "", func(in *lambda.CreateFunctionInput) {
				in.Runtime = types.RuntimeNodejs22x
				in.Code = &types.FunctionCode{ZipFile: archive(t, map[string]string{c.file: c.source})}
			})
			if got := string(f.invoke(`{"value": 42}`).Payload); got != `{"got":42}` {
				t.Error(got)
			}
		})
	}
}
