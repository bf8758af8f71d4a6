package lambda

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

func TestCreateFunctionAnswersPendingAndIsActive(t *testing.T) {
	f := newFixture(t)
	created := f.create("hello")
	if *created.State != "Pending" || *created.StateReasonCode != "Creating" || created.LastUpdateStatus != nil {
		t.Errorf("created in state %s (%s)", *created.State, *created.StateReasonCode)
	}
	got := must(f.GetFunction(f.ctx, &lambda.GetFunctionRequest{FunctionName: new("hello")}))
	c := got.Configuration
	if *c.State != "Active" || *c.LastUpdateStatus != "Successful" {
		t.Errorf("then in state %s, %s", *c.State, *c.LastUpdateStatus)
	}
	if *c.RevisionId == *created.RevisionId {
		t.Error("the revision did not move on with the state")
	}
	if *c.FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:hello" {
		t.Error(*c.FunctionArn)
	}
	if *c.MemorySize != 128 || *c.Timeout != 3 || *c.EphemeralStorage.Size != 512 || *c.TracingConfig.Mode != "PassThrough" || *c.Version != "$LATEST" {
		t.Errorf("defaults: %+v", c)
	}
	if c.Environment != nil || got.Tags != nil || got.Concurrency != nil {
		t.Error("members that AWS leaves out are there")
	}
	if *c.LastModified != "2026-03-04T05:06:07.000+0000" {
		t.Error(*c.LastModified)
	}
	if !strings.HasPrefix(*got.Code.Location, "http://host/code/") || *got.Code.RepositoryType != "S3" {
		t.Error(*got.Code.Location)
	}
}

func TestCreateFunctionRefusals(t *testing.T) {
	f := newFixture(t)
	f.create("taken")
	tests := []struct {
		name          string
		change        func(*lambda.CreateFunctionRequest)
		code, message string
	}{
		{"taken name", func(r *lambda.CreateFunctionRequest) { r.FunctionName = new("taken") },
			"ResourceConflictException", "Function already exist: taken"},
		{"long name", func(r *lambda.CreateFunctionRequest) { r.FunctionName = new(strings.Repeat("a", 65)) },
			"InvalidParameterValueException", "1 validation error detected: Value '" + strings.Repeat("a", 65) + "' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"other region", func(r *lambda.CreateFunctionRequest) {
			r.FunctionName = new("arn:aws:lambda:ap-southeast-1:000000000000:function:x")
		}, "ResourceNotFoundException", "Functions from 'ap-southeast-1' are not reachable in this region ('us-east-1')"},
		{"other account", func(r *lambda.CreateFunctionRequest) {
			r.FunctionName = new("arn:aws:lambda:us-east-1:111111111111:function:x")
		}, "AccessDeniedException", ""},
		{"unknown runtime", func(r *lambda.CreateFunctionRequest) { r.Runtime = new("PYTHON3.9") },
			"InvalidParameterValueException", "Value PYTHON3.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2] or be a valid ARN"},
		{"runtime that the host lacks", func(r *lambda.CreateFunctionRequest) { r.Runtime = new("ruby3.4") },
			"InvalidParameterValueException", "lamgate cannot run ruby3.4 on this host: it has no Ruby"},
		{"role that is not there", func(r *lambda.CreateFunctionRequest) { r.Role = new("arn:aws:iam::000000000000:role/nobody") },
			"InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."},
		{"not a ZIP file", func(r *lambda.CreateFunctionRequest) { r.Code.ZipFile = []byte("this is not a zipfile") },
			"InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again."},
		{"empty ZIP file", func(r *lambda.CreateFunctionRequest) { r.Code.ZipFile = packed(t, nil) },
			"InvalidParameterValueException", "Uploaded file must be a non-empty zip"},
		{"path escape", func(r *lambda.CreateFunctionRequest) { r.Code.ZipFile = packed(t, map[string]string{"a/../../b": ""}) },
			"InvalidParameterValueException", `Could not unzip uploaded file. Please check your file, then try to upload again. (its entry "a/../../b": its name leads out of the package)`},
		{"path escape by backslash", func(r *lambda.CreateFunctionRequest) { r.Code.ZipFile = packed(t, map[string]string{`..\b`: ""}) },
			"InvalidParameterValueException", `Could not unzip uploaded file. Please check your file, then try to upload again. (its entry "..\\b": its name leads out of the package)`},
		{"zip bomb", func(r *lambda.CreateFunctionRequest) { r.Code.ZipFile = bomb(t) },
			"InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"},
		{"too large a ZIP file", func(r *lambda.CreateFunctionRequest) { r.Code.ZipFile = make([]byte, 50<<20+1) },
			"RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes"},
		{"missing bucket", func(r *lambda.CreateFunctionRequest) {
			r.Code = &lambda.FunctionCode{S3Bucket: new("none"), S3Key: new("k")}
		}, "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist"},
		{"missing key", func(r *lambda.CreateFunctionRequest) {
			r.Code = &lambda.FunctionCode{S3Bucket: new("empty"), S3Key: new("k")}
		}, "InvalidParameterValueException", "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist."},
		{"reserved variable", func(r *lambda.CreateFunctionRequest) {
			r.Environment = &lambda.Environment{Variables: map[string]string{"AWS_REGION": "x", "MINE": "y"}}
		}, "InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION"},
		{"layer that is not there", func(r *lambda.CreateFunctionRequest) {
			r.Layers = []string{"arn:aws:lambda:us-east-1:000000000000:layer:library:1"}
		}, "InvalidParameterValueException", "Layer version arn:aws:lambda:us-east-1:000000000000:layer:library:1 does not exist."},
		{"VPC", func(r *lambda.CreateFunctionRequest) {
			r.VpcConfig = &lambda.VpcConfig{SubnetIds: []string{"subnet-1"}}
		},
			"InvalidParameterValueException", "lamgate does not support VpcConfig yet."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := f.request("fresh")
			test.change(r)
			_, err := f.CreateFunction(f.ctx, r)
			expectFault(t, err, test.code, test.message)
		})
	}
	if n := len(f.store.Blobs().List(codePrefix)); n != 1 {
		t.Errorf("%d packages are stored, want that of the one function", n)
	}
}

// What would fail to be unpacked at the first invocation is refused at once,
// whichever operation brings it.
func TestPackagesThatCannotBeUnpackedAreRefused(t *testing.T) {
	const link = fs.ModeSymlink | 0o777
	f := newFixture(t)
	f.create("there")
	for _, c := range []struct {
		name    string
		mode    fs.FileMode
		content string
		without bool   // isolation
		hint    string // empty if it is taken
	}{
		{"null", fs.ModeDevice | fs.ModeCharDevice | 0o666, "", false, `(its entry "null": it is neither a file, nor a directory, nor a symbolic link)`},
		{strings.Repeat("a", 600), 0o644, "", false, "a part of its name is longer than 255 bytes)"},
		{"cache", link, "/tmp/cache", false, ""},
		{"cache", link, "../../tmp", false, ""},
		{"cache", link, "", false, "the symbolic link leads nowhere)"},
		{"cache", link, "/tmp/cache", true, `(its entry "cache": the symbolic link leads out of the package, to "/tmp/cache", which without isolation is a place of this host)`},
		{"cache", link, "index.js", true, ""},
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		h := &zip.FileHeader{Name: c.name}
		h.SetMode(c.mode)
		must(must(z.CreateHeader(h)).Write([]byte(c.content)))
		z.Close()
		f.WithoutIsolation = c.without
		r := f.request("fresh" + strconv.Itoa(len(f.store.Blobs().List(codePrefix))))
		r.Code.ZipFile = b.Bytes()
		_, created := f.CreateFunction(f.ctx, r)
		_, updated := f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("there"), ZipFile: b.Bytes()})
		_, published := f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{LayerName: new("layer"), Content: &lambda.LayerVersionContentInput{ZipFile: b.Bytes()}})
		for operation, err := range map[string]error{"CreateFunction": created, "UpdateFunctionCode": updated, "PublishLayerVersion": published} {
			fault := aws.AsFault(err)
			switch {
			case c.hint == "" && err != nil:
				t.Errorf("%s refuses %.10s: %v", operation, c.name, err)
			case c.hint != "" && (fault == nil || fault.Code != "InvalidParameterValueException" || !strings.HasPrefix(fault.Message, cannotUnzip+" (") || !strings.HasSuffix(fault.Message, c.hint)):
				t.Errorf("%s of %.10s: %v", operation, c.name, err)
			}
		}
	}
}

// bomb is a small ZIP file of much.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	f, err := w.Create("zeros")
	if err != nil {
		t.Fatal(err)
	}
	for range 251 {
		if _, err := f.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRetiredRuntimeIsAcceptedWithAWarningUnlessStrict(t *testing.T) {
	f := newFixture(t)
	r := f.request("old")
	r.Runtime = new("python3.7")
	must(f.CreateFunction(f.ctx, r))
	if c := must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: new("old")})); c.StateReason == nil || !strings.Contains(*c.StateReason, "AWS no longer creates") {
		t.Errorf("no warning: %v", c.StateReason)
	}
	f.StrictRuntimes = true
	r.FunctionName = new("older")
	_, err := f.CreateFunction(f.ctx, r)
	expectFault(t, err, "InvalidParameterValueException", "The runtime parameter of python3.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.")
}

func TestFunctionNameForms(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	for _, name := range []string{
		"hello", "function:hello", "000000000000:function:hello", "us-east-1:000000000000:function:hello",
		"arn:aws:lambda:us-east-1:000000000000:function:hello", "hello:$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:hello:$LATEST",
	} {
		if _, err := f.GetFunction(f.ctx, &lambda.GetFunctionRequest{FunctionName: &name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := f.GetFunction(f.ctx, &lambda.GetFunctionRequest{FunctionName: new("hello:1"), Qualifier: new("2")})
	expectFault(t, err, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.")
	_, err = f.GetFunction(f.ctx, &lambda.GetFunctionRequest{FunctionName: new("hello"), Qualifier: new("7")})
	expectFault(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:hello:7")
	other := aws.WithCaller(f.ctx, aws.Caller{Account: "111111111111", Region: "us-east-1"})
	_, err = f.GetFunction(other, &lambda.GetFunctionRequest{FunctionName: new("hello")})
	expectFault(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:111111111111:function:hello")
}

func TestListFunctionsPages(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"a", "b", "c"} {
		f.create(name)
	}
	first := must(f.ListFunctions(f.ctx, &lambda.ListFunctionsRequest{MaxItems: new(int32(2))}))
	if len(first.Functions) != 2 || first.NextMarker == nil || first.Functions[0].State != nil {
		t.Fatalf("first page: %d functions, marker %v", len(first.Functions), first.NextMarker)
	}
	second := must(f.ListFunctions(f.ctx, &lambda.ListFunctionsRequest{Marker: first.NextMarker}))
	if len(second.Functions) != 1 || *second.Functions[0].FunctionName != "c" || second.NextMarker != nil {
		t.Fatalf("second page: %+v", second)
	}
}

func TestDeleteFunction(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	if _, err := f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: new("hello")}); err != nil {
		t.Fatal(err)
	}
	_, err := f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: new("hello")})
	expectFault(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:hello")
	_, err = f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: new("hello"), Qualifier: new("alias")})
	expectFault(t, err, "InvalidParameterValueException", "Deletion of aliases is not currently supported.")
}

func TestReplacedPackagesGoOnceNobodyUnpacksThem(t *testing.T) {
	f := newFixture(t)
	f.create("hello")
	update := func() {
		must(f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("hello"), ZipFile: packed(t, map[string]string{"app.py": "x"})}))
	}
	update()
	if n := len(f.store.Blobs().List(codePrefix)); n != 2 {
		t.Fatalf("%d packages right after the update, want both", n)
	}
	// As after a restart: what no function refers to is collected.
	f.collectPackages(f.ctx)
	if n := len(f.store.Blobs().List(codePrefix)); n != 1 {
		t.Fatalf("%d packages after collecting, want 1", n)
	}
	must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("hello")}))
	update()
	f.collectPackages(f.ctx)
	if n := len(f.store.Blobs().List(codePrefix)); n != 2 {
		t.Fatalf("%d packages, want the version's and the latest", n)
	}
}

func TestEnvironmentIsReplacedOrLeft(t *testing.T) {
	f := newFixture(t)
	if c := f.create("hello"); c.Environment != nil {
		t.Errorf("without one it is %v", c.Environment)
	}
	for _, test := range []struct {
		given *lambda.Environment
		want  int
	}{
		{&lambda.Environment{Variables: map[string]string{"ONE": "1"}}, 1},
		{nil, 1},
		{&lambda.Environment{}, 0},
		{&lambda.Environment{Variables: map[string]string{}}, 0},
	} {
		c := must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("hello"), Environment: test.given}))
		if c.Environment == nil || len(c.Environment.Variables) != test.want {
			t.Errorf("given %v it is %v", test.given, c.Environment)
		}
	}
}
