package resource

import (
	"archive/zip"
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

type function struct {
	client Lambda
	all    Clients
}

func functionType(c Clients) *Type {
	f := function{c.Lambda, c}
	return &Type{
		Name: "AWS::Lambda::Function",
		Properties: Properties{
			"Architectures": {Kind: List},
			"Code": {Kind: Object, Required: true, Members: Properties{
				"ImageUri": {}, "S3Bucket": {}, "S3Key": {}, "S3ObjectVersion": {}, "ZipFile": {},
			}.missing("SourceKMSKeyArn", "S3ObjectStorageMode")},
			"CodeSigningConfigArn": {},
			"DeadLetterConfig":     {Kind: Object, Members: Properties{"TargetArn": {}}},
			"Description":          {},
			"Environment":          {Kind: Object, Members: Properties{"Variables": {Kind: Map}}},
			"EphemeralStorage":     {Kind: Object, Members: Properties{"Size": {Kind: Integer, Required: true}}},
			"FunctionName":         {Replace: true},
			"Handler":              {},
			"ImageConfig": {Kind: Object, Members: Properties{
				"Command": {Kind: List}, "EntryPoint": {Kind: List}, "WorkingDirectory": {},
			}},
			"Layers": {Kind: List},
			"LoggingConfig": {Kind: Object, Members: Properties{
				"ApplicationLogLevel": {}, "LogFormat": {}, "LogGroup": {}, "SystemLogLevel": {},
			}},
			"MemorySize":                   {Kind: Integer},
			"PackageType":                  {Replace: true},
			"RecursiveLoop":                {},
			"ReservedConcurrentExecutions": {Kind: Integer},
			"Role":                         {Required: true},
			"Runtime":                      {},
			"RuntimeManagementConfig":      {Kind: Object, Members: Properties{"RuntimeVersionArn": {}, "UpdateRuntimeOn": {Required: true}}},
			"SnapStart":                    {Kind: Object, Members: Properties{"ApplyOn": {Required: true}}},
			"Tags":                         tags(),
			"Timeout":                      {Kind: Integer},
			"TracingConfig":                {Kind: Object, Members: Properties{"Mode": {}}},
			"VpcConfig": {Kind: Object, Members: Properties{
				"Ipv6AllowedForDualStack": {Kind: Boolean},
				"SecurityGroupIds":        {Kind: List, Empty: true}, "SubnetIds": {Kind: List, Empty: true},
			}},
		}.missing(
			"CapacityProviderConfig", "DurableConfig", "FileSystemConfigs", "FunctionScalingConfig", "KmsKeyArn",
			"PublishToLatestPublished", "TenancyConfig",
		),
		Attributes:  []string{"Arn", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus"},
		Identifiers: []string{"FunctionName"},
		Named: func(r *Request) string {
			if name := r.text("FunctionName"); name != "" {
				return name
			}
			return generateName(r, 64)
		},
		Find: f.find, Create: f.create, Update: f.update, Delete: f.delete,
	}
}

func (f function) find(ctx context.Context, r *Request) ([]string, error) {
	_, err := f.client.GetFunction(ctx, &lambda.GetFunctionRequest{FunctionName: &r.PhysicalID})
	if err != nil {
		return nil, gone(err)
	}
	return []string{r.PhysicalID}, nil
}

func (f function) create(ctx context.Context, r *Request) (*Outcome, error) {
	code, err := functionCode(r)
	if err != nil {
		return nil, err
	}
	in := &lambda.CreateFunctionRequest{Tags: r.allTags(), Code: code}
	if err := fill(in, r.Properties, append(beside(), "Code", "Tags")...); err != nil {
		return nil, err
	}
	if in.PackageType == nil && code.ImageUri != nil {
		in.PackageType = new("Image")
	}
	in.FunctionName = &r.PhysicalID
	made, err := f.client.CreateFunction(ctx, in)
	if err != nil {
		return nil, err
	}
	out := functionOutcome(r.PhysicalID, made)
	if err := settled(ctx, f.all, r.PhysicalID); err != nil {
		return out, err
	}
	return out, f.complete(ctx, r)
}

// beside are the properties that are set by operations of their own.
func beside() []string {
	return []string{"RecursiveLoop", "ReservedConcurrentExecutions", "RuntimeManagementConfig"}
}

// complete sets what has operations of its own, as far as it has changed.
func (f function) complete(ctx context.Context, r *Request) error {
	if r.changed("ReservedConcurrentExecutions") {
		if err := f.reserve(ctx, r); err != nil {
			return err
		}
	}
	if r.changed("RecursiveLoop") {
		in := &lambda.PutFunctionRecursionConfigRequest{FunctionName: &r.PhysicalID, RecursiveLoop: new("Terminate")}
		if given := r.text("RecursiveLoop"); given != "" {
			in.RecursiveLoop = &given
		}
		if _, err := f.client.PutFunctionRecursionConfig(ctx, in); err != nil {
			return err
		}
	}
	if r.changed("RuntimeManagementConfig") {
		in := &lambda.PutRuntimeManagementConfigRequest{FunctionName: &r.PhysicalID, UpdateRuntimeOn: new("Auto")}
		if given := r.Properties.Get("RuntimeManagementConfig"); given != nil {
			if err := fill(in, given); err != nil {
				return err
			}
		}
		if _, err := f.client.PutRuntimeManagementConfig(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func functionOutcome(name string, c *lambda.FunctionConfiguration) *Outcome {
	snap := aws.Value(c.SnapStart)
	return &Outcome{PhysicalID: name, Attributes: map[string]string{
		"Arn": aws.Value(c.FunctionArn), "SnapStartResponse.ApplyOn": aws.Value(snap.ApplyOn), "SnapStartResponse.OptimizationStatus": aws.Value(snap.OptimizationStatus),
	}}
}

func (f function) reserve(ctx context.Context, r *Request) error {
	if r.Properties.Get("ReservedConcurrentExecutions") == nil {
		_, err := f.client.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyRequest{FunctionName: &r.PhysicalID})
		return err
	}
	in := &lambda.PutFunctionConcurrencyRequest{FunctionName: &r.PhysicalID}
	only := template.NewMap(template.Pos{}, template.F("ReservedConcurrentExecutions", r.Properties.Get("ReservedConcurrentExecutions")))
	if err := fill(in, only); err != nil {
		return err
	}
	_, err := f.client.PutFunctionConcurrency(ctx, in)
	return err
}

// functionCode returns the code; text in the template becomes a package whose
// one file is named as AWS names it.
func functionCode(r *Request) (*lambda.FunctionCode, error) {
	code := &lambda.FunctionCode{}
	if err := fill(code, r.Properties.Get("Code"), "ZipFile"); err != nil {
		return nil, err
	}
	text := r.Properties.At("Code", "ZipFile")
	if text == nil {
		return code, nil
	}
	var name string
	switch runtime := r.text("Runtime"); {
	case strings.HasPrefix(runtime, "python"):
		name = "index.py"
	case strings.HasPrefix(runtime, "nodejs"):
		name = "index.js"
	default:
		return nil, aws.Faultf(400, "InvalidParameterValueException", "ZipFile can only be used when Runtime is set to either of nodejs, python. (Runtime is %q)", runtime)
	}
	if len(text.Text) > 4<<20 {
		return nil, aws.Faultf(400, "InvalidParameterValueException", "ZipFile is larger than 4 MB")
	}
	var err error
	code.ZipFile, err = zipFile(name, text.Text)
	return code, err
}

// zipFile packs one file. Its time is fixed, so that the same text is the same
// package, with the same CodeSha256.
func zipFile(name, text string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	h.SetMode(0o644)
	file, err := w.CreateHeader(h)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write([]byte(text)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (f function) update(ctx context.Context, r *Request) (*Outcome, error) {
	have, err := f.client.GetFunction(ctx, &lambda.GetFunctionRequest{FunctionName: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	out := functionOutcome(r.PhysicalID, have.Configuration)
	if err := f.sign(ctx, r); err != nil {
		return out, err
	}
	if err := f.configure(ctx, r); err != nil {
		return out, err
	}
	if r.changed("Code") || r.changed("Architectures") || r.changed("Runtime") {
		code, err := functionCode(r)
		if err != nil {
			return out, err
		}
		in := &lambda.UpdateFunctionCodeRequest{
			FunctionName: &r.PhysicalID, ZipFile: code.ZipFile, ImageUri: code.ImageUri,
			S3Bucket: code.S3Bucket, S3Key: code.S3Key, S3ObjectVersion: code.S3ObjectVersion,
		}
		for _, a := range items(r.Properties.Get("Architectures")) {
			in.Architectures = append(in.Architectures, a.Text)
		}
		if in.Architectures == nil && r.changed("Architectures") {
			in.Architectures = []string{"x86_64"}
		}
		if _, err := f.client.UpdateFunctionCode(ctx, in); err != nil {
			return out, err
		}
	}
	if err := settled(ctx, f.all, r.PhysicalID); err != nil {
		return out, err
	}
	if err := f.complete(ctx, r); err != nil {
		return out, err
	}
	return out, retag(ctx, f.client, r, out.Attributes["Arn"])
}

// sign attaches the code signing configuration, or detaches the one that was.
func (f function) sign(ctx context.Context, r *Request) error {
	if !r.changed("CodeSigningConfigArn") {
		return nil
	}
	if arn := r.text("CodeSigningConfigArn"); arn != "" {
		_, err := f.client.PutFunctionCodeSigningConfig(ctx, &lambda.PutFunctionCodeSigningConfigRequest{FunctionName: &r.PhysicalID, CodeSigningConfigArn: &arn})
		return err
	}
	_, err := f.client.DeleteFunctionCodeSigningConfig(ctx, &lambda.DeleteFunctionCodeSigningConfigRequest{FunctionName: &r.PhysicalID})
	return err
}

// configure sets the configuration. What is no longer in the properties goes
// back to what it is by default.
func (f function) configure(ctx context.Context, r *Request) error {
	in := &lambda.UpdateFunctionConfigurationRequest{
		FunctionName: &r.PhysicalID, Description: new(""), Timeout: new(int32(3)), MemorySize: new(int32(128)),
		Environment: &lambda.Environment{Variables: map[string]string{}}, EphemeralStorage: &lambda.EphemeralStorage{Size: new(int32(512))},
		TracingConfig: &lambda.TracingConfig{Mode: new("PassThrough")},
	}
	if r.Previous.Get("DeadLetterConfig") != nil {
		in.DeadLetterConfig = &lambda.DeadLetterConfig{TargetArn: new("")}
	}
	if r.Previous.Get("ImageConfig") != nil {
		in.ImageConfig = &lambda.ImageConfig{}
	}
	if r.Previous.Get("Layers") != nil {
		in.Layers = []string{}
	}
	if r.Previous.Get("SnapStart") != nil {
		in.SnapStart = &lambda.SnapStart{ApplyOn: new("None")}
	}
	if r.Previous.Get("LoggingConfig") != nil {
		in.LoggingConfig = &lambda.LoggingConfig{LogFormat: new("Text"), LogGroup: new("/aws/lambda/" + r.PhysicalID)}
	}
	if err := fill(in, r.Properties, append(beside(), "Code", "CodeSigningConfigArn", "Tags", "FunctionName", "Architectures", "PackageType")...); err != nil {
		return err
	}
	_, err := f.client.UpdateFunctionConfiguration(ctx, in)
	return err
}

// retag sets the tags of a resource of Lambda's.
func retag(ctx context.Context, client Lambda, r *Request, arn string) error {
	set, remove := r.changedTags()
	if len(remove) > 0 {
		slices.Sort(remove)
		if _, err := client.UntagResource(ctx, &lambda.UntagResourceRequest{Resource: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &lambda.TagResourceRequest{Resource: &arn, Tags: set}); err != nil {
			return err
		}
	}
	return nil
}

func (f function) delete(ctx context.Context, r *Request) error {
	_, err := f.client.DeleteFunction(ctx, &lambda.DeleteFunctionRequest{FunctionName: &r.PhysicalID})
	return gone(err)
}
