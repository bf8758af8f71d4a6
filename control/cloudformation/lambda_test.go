package cloudformation_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	api "github.com/lamgate/lamgate/api/cloudformation"
	lambdaapi "github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/image"
)

// pictures are container images that are there as soon as they are asked for,
// but for those that are broken.
type pictures struct{}

func (pictures) Describe(_ context.Context, reference, _ string) (*image.Description, error) {
	return &image.Description{Resolved: reference + "@sha256:1", Digest: "sha256:" + reference}, nil
}

func (pictures) Open(_ context.Context, i execution.Image, _ string) (*image.Tree, error) {
	if strings.Contains(i.URI, "broken") {
		return nil, &image.Problem{Reason: image.InvalidImage, Fault: aws.Faultf(400, "InvalidParameterValueException", "its second layer is no archive")}
	}
	return new(image.Tree), nil
}

// prompt provides concurrency as soon as it is asked for.
type prompt struct{}

func (prompt) Provisioned(execution.FunctionRef) (execution.Allocation, bool) {
	return execution.Allocation{Status: "READY"}, true
}

// without returns a template without the lines that hold any of the words.
func without(body string, words ...string) string {
	var kept []string
	for line := range strings.SplitSeq(body, "\n") {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) }) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestWhatLambdaHasBeside(t *testing.T) {
	h := build(t)
	h.put("packages", "code.zip", packed(t, "index.py", "def handler(e, c): return 1"))
	h.put("packages", "layer.zip", packed(t, "python/library.py", "A = 1"))
	before := h.inventory()
	body := read(t, "lambda.yaml")
	st := h.create("beside", body)
	h.must(st, "CREATE_COMPLETE")
	want := map[string]string{
		"Layer":   `arn:aws:lambda:us-east-1:000000000000:layer:library:1`,
		"Unnamed": `arn:aws:lambda:us-east-1:000000000000:layer:Unnamed:1`,
		"Url":     `https://[a-z0-9]{32}\.lambda-url\.us-east-1\.on\.aws/`,
		"UrlOf":   `arn:aws:lambda:us-east-1:000000000000:function:beside-Other-[A-Za-z0-9]{12}:live`,
		"Later":   `sealed\|\$LATEST`,
		"Signing": `csc-[a-z0-9]{17}`,
		"Snap":    `Off`,
		"Image":   `arn:aws:lambda:us-east-1:000000000000:function:beside-Other-[A-Za-z0-9]{12}`,
	}
	for _, o := range st.Outputs {
		if !regexp.MustCompile("^" + want[*o.OutputKey] + "$").MatchString(*o.OutputValue) {
			t.Errorf("%s is %s", *o.OutputKey, *o.OutputValue)
		}
	}
	get := func(name string) *lambdaapi.FunctionConfiguration {
		c, err := h.lambda.GetFunctionConfiguration(h.ctx, &lambdaapi.GetFunctionConfigurationRequest{FunctionName: &name})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := get("sealed"); len(c.Layers) != 2 || *c.LoggingConfig.SystemLogLevel != "WARN" || !strings.HasSuffix(*c.DeadLetterConfig.TargetArn, ":dead") {
		t.Errorf("the function: %+v", c)
	}
	if c := get("snapped"); *c.SnapStart.ApplyOn != "PublishedVersions" {
		t.Errorf("from a snapshot: %+v", c)
	}

	t.Run("what a template no longer says is undone", func(t *testing.T) {
		less := without(body, "CodeSigningConfigArn", "DeadLetterConfig", "Layers:", "LoggingConfig", "RecursiveLoop", "RuntimeManagementConfig", "SnapStart:",
			"ProvisionedConcurrencyConfig", "InvokeMode", "MaximumRetryAttempts", "ImageConfig", "MaxAge")
		h.must(h.update("beside", less), "UPDATE_COMPLETE")
		c := get("sealed")
		if c.Layers != nil || c.DeadLetterConfig != nil || *c.LoggingConfig.LogFormat != "Text" {
			t.Errorf("the function: %+v", c)
		}
		if c := get("snapped"); *c.SnapStart.ApplyOn != "None" {
			t.Errorf("from a snapshot: %+v", c)
		}
		recursion, err := h.lambda.GetFunctionRecursionConfig(h.ctx, &lambdaapi.GetFunctionRecursionConfigRequest{FunctionName: new("sealed")})
		if err != nil || *recursion.RecursiveLoop != "Terminate" {
			t.Errorf("recursion: %+v, %v", recursion, err)
		}
		signing, err := h.lambda.GetFunctionCodeSigningConfig(h.ctx, &lambdaapi.GetFunctionCodeSigningConfigRequest{FunctionName: new("sealed")})
		if err != nil || signing.CodeSigningConfigArn != nil {
			t.Errorf("signing: %+v, %v", signing, err)
		}
		provisioned, err := h.lambda.ListProvisionedConcurrencyConfigs(h.ctx, &lambdaapi.ListProvisionedConcurrencyConfigsRequest{FunctionName: new("sealed")})
		if err != nil || len(provisioned.ProvisionedConcurrencyConfigs) != 0 {
			t.Errorf("provisioned: %+v, %v", provisioned, err)
		}
		later, err := h.lambda.GetFunctionEventInvokeConfig(h.ctx, &lambdaapi.GetFunctionEventInvokeConfigRequest{FunctionName: new("sealed")})
		if err != nil || later.MaximumRetryAttempts != nil || *later.MaximumEventAgeInSeconds != 600 {
			t.Errorf("later: %+v, %v", later, err)
		}
		url, err := h.lambda.GetFunctionUrlConfig(h.ctx, &lambdaapi.GetFunctionUrlConfigRequest{FunctionName: new("sealed")})
		if err != nil || *url.InvokeMode != "BUFFERED" || url.Cors.MaxAge != nil || len(url.Cors.AllowOrigins) != 1 {
			t.Errorf("URL: %+v, %v", url, err)
		}
		h.must(h.update("beside", body), "UPDATE_COMPLETE")
		if c := get("sealed"); len(c.Layers) != 2 {
			t.Errorf("put back: %+v", c)
		}
	})

	t.Run("an image that cannot be pulled is rolled back", func(t *testing.T) {
		st := h.update("beside", strings.Replace(body, "registry.local/app:1", "registry.local/broken:1", 1))
		h.must(st, "UPDATE_ROLLBACK_COMPLETE")
	})

	if _, err := h.DeleteStack(h.ctx, &api.DeleteStackInput{StackName: new("beside")}); err != nil {
		t.Fatal(err)
	}
	h.must(h.settled(*st.StackId), "DELETE_COMPLETE")
	if left := h.inventory(); !slices.Equal(left, before) {
		t.Errorf("left behind: %q", left)
	}
}
