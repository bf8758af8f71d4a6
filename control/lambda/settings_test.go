package lambda

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

func TestDeadLettersNeedARoleThatMaySend(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	to := func(arn string) *lambda.UpdateFunctionConfigurationRequest {
		return &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), DeadLetterConfig: &lambda.DeadLetterConfig{TargetArn: &arn}}
	}
	const queue, topic = "arn:aws:sqs:us-east-1:000000000000:dead", "arn:aws:sns:us-east-1:000000000000:dead"
	_, err := f.UpdateFunctionConfiguration(f.ctx, to(queue))
	expectFault(t, err, "InvalidParameterValueException", "The provided execution role does not have permissions to call SendMessage on SQS")
	_, err = f.UpdateFunctionConfiguration(f.ctx, to(topic))
	expectFault(t, err, "InvalidParameterValueException", "The provided execution role does not have permissions to call Publish on SNS")
	f.permitRole("sqs:SendMessage")
	if out := must(f.UpdateFunctionConfiguration(f.ctx, to(queue))); *out.DeadLetterConfig.TargetArn != queue {
		t.Errorf("target: %+v", out.DeadLetterConfig)
	}
	if out := must(f.UpdateFunctionConfiguration(f.ctx, to(""))); out.DeadLetterConfig != nil {
		t.Errorf("target: %+v", out.DeadLetterConfig)
	}
	_, err = f.UpdateFunctionConfiguration(f.ctx, to("arn:aws:s3:::bucket"))
	expectFault(t, err, "InvalidParameterValueException", "The provided dead letter target arn:aws:s3:::bucket is invalid: it must be the ARN of a queue of Amazon SQS or a topic of Amazon SNS.")
	_, err = f.UpdateFunctionConfiguration(f.ctx, to(queue+".fifo"))
	expectFault(t, err, "InvalidParameterValueException", "The provided dead letter target "+queue+".fifo is invalid: it must be a standard queue or topic.")
}

func TestDestinationsNeedARoleThatMaySend(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	put := func(d *lambda.DestinationConfig) (*lambda.FunctionEventInvokeConfig, error) {
		return f.PutFunctionEventInvokeConfig(f.ctx, &lambda.PutFunctionEventInvokeConfigRequest{FunctionName: new("fn"), DestinationConfig: d})
	}
	const bus, bucket = "arn:aws:events:us-east-1:000000000000:event-bus/default", "arn:aws:s3:::results"
	_, err := put(&lambda.DestinationConfig{OnSuccess: &lambda.OnSuccess{Destination: new(bus)}})
	expectFault(t, err, "InvalidParameterValueException", "The function's execution role does not have permissions to call PutEvents on "+bus)
	f.permitRole("events:PutEvents", "s3:PutObject")
	const fifo = "arn:aws:sns:us-east-1:000000000000:results.fifo"
	_, err = put(&lambda.DestinationConfig{OnFailure: &lambda.OnFailure{Destination: new(fifo)}})
	expectFault(t, err, "InvalidParameterValueException", "The destination ARN "+fifo+" is invalid.")
	must(put(&lambda.DestinationConfig{OnSuccess: &lambda.OnSuccess{Destination: new(bus)}, OnFailure: &lambda.OnFailure{Destination: new(bucket)}}))
	_, err = put(&lambda.DestinationConfig{OnSuccess: &lambda.OnSuccess{Destination: new(bucket)}})
	expectFault(t, err, "InvalidParameterValueException", "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination="+bucket+"), onFailure=null) is invalid.")
}

func TestSnapStartIsForSomeRuntimes(t *testing.T) {
	f := newFixture(t)
	r := f.request("fn")
	r.Runtime, r.SnapStart = new("python3.9"), &lambda.SnapStart{ApplyOn: new("PublishedVersions")}
	_, err := f.CreateFunction(f.ctx, r)
	expectFault(t, err, "InvalidParameterValueException", "python3.9 is not supported for SnapStart enabled functions.")
	r.Runtime = new("java21")
	if out := must(f.CreateFunction(f.ctx, r)); *out.SnapStart.ApplyOn != "PublishedVersions" || *out.SnapStart.OptimizationStatus != "Off" {
		t.Errorf("$LATEST: %+v", out.SnapStart)
	}
	if v := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("fn")})); *v.SnapStart.OptimizationStatus != "On" {
		t.Errorf("version 1: %+v", v.SnapStart)
	}
	_, err = f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), Runtime: new("nodejs22.x")})
	expectFault(t, err, "InvalidParameterValueException", "nodejs22.x is not supported for SnapStart enabled functions.")
}

func TestEnforcedSignaturesRefuseCode(t *testing.T) {
	f := newFixture(t)
	publishers := &lambda.AllowedPublishers{SigningProfileVersionArns: []string{"arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/1"}}
	signing := must(f.CreateCodeSigningConfig(f.ctx, &lambda.CreateCodeSigningConfigRequest{AllowedPublishers: publishers})).CodeSigningConfig
	arn := signing.CodeSigningConfigArn
	r := f.request("fn")
	r.CodeSigningConfigArn = arn
	must(f.CreateFunction(f.ctx, r))
	policy := func(p string) {
		must(f.UpdateCodeSigningConfig(f.ctx, &lambda.UpdateCodeSigningConfigRequest{CodeSigningConfigArn: arn, CodeSigningPolicies: &lambda.CodeSigningPolicies{UntrustedArtifactOnDeployment: &p}}))
	}
	policy("Enforce")
	refused := func(err error) {
		t.Helper()
		if f := aws.AsFault(err); f == nil || f.Code != "CodeVerificationFailedException" || f.Status != 400 || !strings.Contains(f.Message, *arn) {
			t.Errorf("got %v", err)
		}
	}
	update := &lambda.UpdateFunctionCodeRequest{FunctionName: new("fn"), ZipFile: packed(t, map[string]string{"a": ""})}
	_, err := f.UpdateFunctionCode(f.ctx, update)
	refused(err)
	_, err = f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), Layers: []string{"arn:aws:lambda:us-east-1:000000000000:layer:l:1"}})
	refused(err)
	r = f.request("other")
	r.CodeSigningConfigArn = arn
	_, err = f.CreateFunction(f.ctx, r)
	refused(err)
	if n := len(f.store.Blobs().List(codePrefix)); n != 1 {
		t.Errorf("%d packages are stored", n)
	}
	policy("Warn")
	must(f.UpdateFunctionCode(f.ctx, update))
	_, err = f.DeleteCodeSigningConfig(f.ctx, &lambda.DeleteCodeSigningConfigRequest{CodeSigningConfigArn: arn})
	if !aws.HasCode(err, "ResourceConflictException") {
		t.Errorf("deleting what is attached: %v", err)
	}
	must(f.TagResource(f.ctx, &lambda.TagResourceRequest{Resource: arn, Tags: map[string]string{"a": "b"}}))
	if tags := must(f.ListTags(f.ctx, &lambda.ListTagsRequest{Resource: arn})).Tags; tags["a"] != "b" {
		t.Errorf("tags: %v", tags)
	}
}

func TestALayerOutlivesItsVersionInFunctions(t *testing.T) {
	f := newFixture(t)
	publish := func() *lambda.PublishLayerVersionResponse {
		return must(f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{
			LayerName: new("library"), Content: &lambda.LayerVersionContentInput{ZipFile: packed(t, map[string]string{"python/a.py": "A = 1"})},
		}))
	}
	layer := publish()
	f.create("fn")
	use := func(layers ...string) {
		must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), Layers: layers}))
	}
	use(*layer.LayerVersionArn)
	stored := func() int { // once all that has been dropped has had its time
		for _, blob := range f.store.Blobs().List(layerCodePrefix) {
			f.deleteUnused(f.ctx, blob)
		}
		return len(f.store.Blobs().List(layerCodePrefix))
	}
	must(f.DeleteLayerVersion(f.ctx, &lambda.DeleteLayerVersionRequest{LayerName: new("library"), VersionNumber: layer.Version}))
	if stored() != 1 {
		t.Error("a layer that a function has is gone with its version")
	}
	f.collectPackages(f.ctx)
	if stored() != 1 {
		t.Error("a start has collected a layer that a function has")
	}
	use()
	if out := must(f.GetFunctionConfiguration(f.ctx, &lambda.GetFunctionConfigurationRequest{FunctionName: new("fn")})); len(out.Layers) != 1 {
		t.Errorf("layers that were not mentioned: %v", out.Layers)
	}
	must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), Layers: []string{}}))
	if stored() != 0 {
		t.Error("a layer that nobody has stays")
	}
	if next := publish(); *next.Version != 2 {
		t.Errorf("version %d comes after 1 was deleted", *next.Version)
	}
	if stored() != 1 {
		t.Error("a published layer is gone")
	}
}

func TestForeignLayersNeedAPermission(t *testing.T) {
	f := newFixture(t)
	owner := aws.WithCaller(f.ctx, aws.Caller{Account: "222222222222", Region: "us-east-1", ARN: "arn:aws:iam::222222222222:root"})
	layer := must(f.PublishLayerVersion(owner, &lambda.PublishLayerVersionRequest{
		LayerName: new("shared"), Content: &lambda.LayerVersionContentInput{ZipFile: packed(t, map[string]string{"a": ""})},
	}))
	get := &lambda.GetLayerVersionByArnRequest{Arn: layer.LayerVersionArn}
	refused := "User: arn:aws:iam::000000000000:root is not authorized to perform: lambda:GetLayerVersion on resource: " + *layer.LayerVersionArn +
		" because no resource-based policy allows the lambda:GetLayerVersion action"
	_, err := f.GetLayerVersionByArn(f.ctx, get)
	expectFault(t, err, "AccessDeniedException", refused)
	r := f.request("fn")
	r.Layers = []string{*layer.LayerVersionArn}
	_, err = f.CreateFunction(f.ctx, r)
	expectFault(t, err, "AccessDeniedException", refused)
	must(f.AddLayerVersionPermission(owner, &lambda.AddLayerVersionPermissionRequest{
		LayerName: new("shared"), VersionNumber: layer.Version, StatementId: new("s"), Action: new(readLayerAction), Principal: new("000000000000"),
	}))
	must(f.GetLayerVersionByArn(f.ctx, get))
	must(f.CreateFunction(f.ctx, r))
	_, err = f.DeleteLayerVersion(f.ctx, &lambda.DeleteLayerVersionRequest{LayerName: layer.LayerArn, VersionNumber: layer.Version})
	expectFault(t, err, "AccessDeniedException", "")
}

func TestListLayers(t *testing.T) {
	f := newFixture(t)
	publish := func(name string, runtimes ...string) {
		must(f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{
			LayerName: &name, CompatibleRuntimes: runtimes, Content: &lambda.LayerVersionContentInput{ZipFile: packed(t, map[string]string{"a": ""})},
		}))
	}
	publish("a", "python3.13")
	for range 10 {
		publish("a", "nodejs22.x")
	}
	publish("b", "python3.13")
	list := func(in lambda.ListLayersRequest) (text string) {
		for _, l := range must(f.ListLayers(f.ctx, &in)).Layers {
			_, version, _ := strings.Cut(*l.LatestMatchingVersion.LayerVersionArn, "layer:")
			text += version + " "
		}
		return text
	}
	if got := list(lambda.ListLayersRequest{}); got != "a:11 b:1 " {
		t.Errorf("all: %s", got)
	}
	if got := list(lambda.ListLayersRequest{CompatibleRuntime: new("python3.13")}); got != "a:1 b:1 " {
		t.Errorf("of Python: %s", got)
	}
	if got := list(lambda.ListLayersRequest{CompatibleArchitecture: new("arm64")}); got != "" {
		t.Errorf("for arm64: %s", got)
	}
	page := must(f.ListLayerVersions(f.ctx, &lambda.ListLayerVersionsRequest{LayerName: new("a"), MaxItems: new(int32(3))}))
	if len(page.LayerVersions) != 3 || *page.LayerVersions[0].Version != 11 || page.NextMarker == nil {
		t.Errorf("versions: %+v", page)
	}
}

func TestLayersAndCodeHaveOneSizeTogether(t *testing.T) {
	f := newFixture(t)
	large := func(mb int) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		_, err := io.CopyN(must(w.Create("zeros")), zeros{}, int64(mb)<<20)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	var layers []string
	for _, name := range []string{"a", "b"} {
		layers = append(layers, *must(f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{
			LayerName: &name, Content: &lambda.LayerVersionContentInput{ZipFile: large(120)},
		})).LayerVersionArn)
	}
	r := f.request("fn")
	r.Layers = layers
	must(f.CreateFunction(f.ctx, r))
	_, err := f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("fn"), ZipFile: large(11)})
	expectFault(t, err, "InvalidParameterValueException", "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 263192576 bytes.")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Versions that start from a snapshot are not provisioned, by whatever name.
func TestSnapStartIsNotProvisioned(t *testing.T) {
	f := newFixture(t)
	r := f.request("fn")
	r.Runtime, r.Publish = new("java21"), new(true)
	must(f.CreateFunction(f.ctx, r))
	must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), SnapStart: &lambda.SnapStart{ApplyOn: new("PublishedVersions")}}))
	must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("fn")}))
	for name, weights := range map[string]map[string]float64{"one": nil, "mixed": {"2": 0.5}} {
		must(f.CreateAlias(f.ctx, &lambda.CreateAliasRequest{
			FunctionName: new("fn"), Name: &name, FunctionVersion: new("1"), RoutingConfig: &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: weights},
		}))
	}
	provision := func(qualifier string) error {
		_, err := f.PutProvisionedConcurrencyConfig(f.ctx, &lambda.PutProvisionedConcurrencyConfigRequest{FunctionName: new("fn"), Qualifier: &qualifier, ProvisionedConcurrentExecutions: new(int32(1))})
		return err
	}
	const refused = "Provisioned Concurrency is not supported for SnapStart enabled functions."
	expectFault(t, provision("2"), "InvalidParameterValueException", refused)
	expectFault(t, provision("mixed"), "InvalidParameterValueException", refused)
	if err := provision("one"); err != nil {
		t.Fatal(err)
	}
	_, err := f.UpdateAlias(f.ctx, &lambda.UpdateAliasRequest{FunctionName: new("fn"), Name: new("one"), FunctionVersion: new("2")})
	expectFault(t, err, "InvalidParameterValueException", refused)
}

func TestProvisionedConcurrencyIsTold(t *testing.T) {
	f := newFixture(t)
	r := f.request("fn")
	r.Publish = new(true)
	must(f.CreateFunction(f.ctx, r))
	put := func(n int32) error {
		_, err := f.PutProvisionedConcurrencyConfig(f.ctx, &lambda.PutProvisionedConcurrencyConfigRequest{FunctionName: new("fn"), Qualifier: new("1"), ProvisionedConcurrentExecutions: &n})
		return err
	}
	if err := put(3); err != nil {
		t.Fatal(err)
	}
	get := func() *lambda.GetProvisionedConcurrencyConfigResponse {
		return must(f.GetProvisionedConcurrencyConfig(f.ctx, &lambda.GetProvisionedConcurrencyConfigRequest{FunctionName: new("fn"), Qualifier: new("1")}))
	}
	if p := get(); *p.Status != "IN_PROGRESS" || *p.AllocatedProvisionedConcurrentExecutions != 0 {
		t.Errorf("at first: %+v", p)
	}
	f.Provisioner = provisioner{Requested: 3, Allocated: 2, Available: 1, Status: "FAILED", Reason: "FUNCTION_ERROR_INIT_FAILURE"}
	if p := get(); *p.Status != "FAILED" || *p.StatusReason != "FUNCTION_ERROR_INIT_FAILURE" || *p.AllocatedProvisionedConcurrentExecutions != 2 || *p.AvailableProvisionedConcurrentExecutions != 1 {
		t.Errorf("as the execution plane says: %+v", p)
	}
	reserve := func(n int32) error {
		_, err := f.PutFunctionConcurrency(f.ctx, &lambda.PutFunctionConcurrencyRequest{FunctionName: new("fn"), ReservedConcurrentExecutions: &n})
		return err
	}
	expectFault(t, reserve(2), "InvalidParameterValueException", "ReservedConcurrentExecutions 2 should not be lower than function's total provisioned concurrency [3].")
	if err := reserve(4); err != nil {
		t.Fatal(err)
	}
	expectFault(t, put(5), "InvalidParameterValueException", "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
	if n := *must(f.GetAccountSettings(f.ctx, nil)).AccountLimit.UnreservedConcurrentExecutions; n != 996 {
		t.Errorf("%d are unreserved", n)
	}
}

type provisioner execution.Allocation

func (p provisioner) Provisioned(execution.FunctionRef) (execution.Allocation, bool) {
	return execution.Allocation(p), true
}

func TestRuntimeManagement(t *testing.T) {
	f := newFixture(t)
	c := f.create("fn")
	put := func(on string, arn *string) (*lambda.PutRuntimeManagementConfigResponse, error) {
		return f.PutRuntimeManagementConfig(f.ctx, &lambda.PutRuntimeManagementConfigRequest{FunctionName: new("fn"), UpdateRuntimeOn: &on, RuntimeVersionArn: arn})
	}
	get := func() *lambda.GetRuntimeManagementConfigResponse {
		return must(f.GetRuntimeManagementConfig(f.ctx, &lambda.GetRuntimeManagementConfigRequest{FunctionName: new("fn")}))
	}
	if m := get(); *m.UpdateRuntimeOn != "Auto" || m.RuntimeVersionArn != nil || !strings.HasSuffix(*m.FunctionArn, ":fn:$LATEST") {
		t.Errorf("at first: %+v", m)
	}
	must(put("Manual", c.RuntimeVersionConfig.RuntimeVersionArn))
	if m := get(); *m.UpdateRuntimeOn != "Manual" || *m.RuntimeVersionArn != *c.RuntimeVersionConfig.RuntimeVersionArn {
		t.Errorf("afterwards: %+v", m)
	}
	_, err := put("Manual", nil)
	expectFault(t, err, "InvalidParameterValueException", "You must specify the RuntimeVersionArn when UpdateRuntimeOn is Manual.")
	_, err = put("Manual", new("arn:aws:lambda:us-east-1::runtime:0"))
	if !aws.HasCode(err, "InvalidParameterValueException") {
		t.Errorf("another version: %v", err)
	}
}

func TestResourcePoliciesAsAWhole(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	at := arn("fn")
	text := `{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"lambda:InvokeFunction","Resource":"` + at + `"}]}`
	out := must(f.PutResourcePolicy(f.ctx, &lambda.PutResourcePolicyRequest{ResourceArn: &at, Policy: &text}))
	got := must(f.GetPolicy(f.ctx, &lambda.GetPolicyRequest{FunctionName: new("fn")}))
	if *got.Policy != text || *got.RevisionId != *out.RevisionId {
		t.Errorf("by the statement: %s", *got.Policy)
	}
	for _, wrong := range []string{`{`, `{}`, strings.Replace(text, at, at+"-other", 1), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"` + at + `"}]}`} {
		if _, err := f.PutResourcePolicy(f.ctx, &lambda.PutResourcePolicyRequest{ResourceArn: &at, Policy: &wrong}); !aws.HasCode(err, "InvalidParameterValueException") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	_, err := f.DeleteResourcePolicy(f.ctx, &lambda.DeleteResourcePolicyRequest{ResourceArn: &at, RevisionId: new("wrong")})
	if !aws.HasCode(err, "PreconditionFailedException") {
		t.Errorf("a wrong revision: %v", err)
	}
	must(f.DeleteResourcePolicy(f.ctx, &lambda.DeleteResourcePolicyRequest{ResourceArn: &at}))
	_, err = f.GetResourcePolicy(f.ctx, &lambda.GetResourcePolicyRequest{ResourceArn: &at})
	expectFault(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}

func TestWhatAnAliasHasGoesWithIt(t *testing.T) {
	f := newFixture(t)
	r := f.request("fn")
	r.Publish = new(true)
	must(f.CreateFunction(f.ctx, r))
	live := new("live")
	must(f.CreateAlias(f.ctx, &lambda.CreateAliasRequest{FunctionName: new("fn"), Name: live, FunctionVersion: new("1")}))
	must(f.PutFunctionEventInvokeConfig(f.ctx, &lambda.PutFunctionEventInvokeConfigRequest{FunctionName: new("fn"), Qualifier: live, MaximumRetryAttempts: new(int32(0))}))
	must(f.PutProvisionedConcurrencyConfig(f.ctx, &lambda.PutProvisionedConcurrencyConfigRequest{FunctionName: new("fn"), Qualifier: live, ProvisionedConcurrentExecutions: new(int32(1))}))
	must(f.DeleteAlias(f.ctx, &lambda.DeleteAliasRequest{FunctionName: new("fn"), Name: live}))
	d := must(state.Load[execution.Function](f.Documents, execution.FunctionKey(aws.DefaultAccount, aws.DefaultRegion, "fn")))
	if len(d.EventInvoke)+len(d.Provisioned)+len(d.Aliases) != 0 {
		t.Errorf("what stays: %+v", d)
	}
}

func TestFunctionURLs(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	out := must(f.CreateFunctionUrlConfig(f.ctx, &lambda.CreateFunctionUrlConfigRequest{
		FunctionName: new("fn"), AuthType: new("AWS_IAM"), InvokeMode: new("RESPONSE_STREAM"),
		Cors: &lambda.Cors{AllowOrigins: []string{"*"}, AllowCredentials: new(true), MaxAge: new(int32(60))},
	}))
	if !strings.HasPrefix(*out.FunctionUrl, "https://") || !strings.HasSuffix(*out.FunctionUrl, ".lambda-url.us-east-1.on.aws/") || len(*out.FunctionUrl) != len("https://")+32+len(".lambda-url.us-east-1.on.aws/") {
		t.Errorf("URL: %s", *out.FunctionUrl)
	}
	got := must(f.GetFunctionUrlConfig(f.ctx, &lambda.GetFunctionUrlConfigRequest{FunctionName: new("fn")}))
	if *got.InvokeMode != "RESPONSE_STREAM" || *got.Cors.MaxAge != 60 || !*got.Cors.AllowCredentials || *got.CreationTime != "2026-03-04T05:06:07.000000Z" {
		t.Errorf("got %+v", got)
	}
	// CORS is replaced as a whole.
	must(f.UpdateFunctionUrlConfig(f.ctx, &lambda.UpdateFunctionUrlConfigRequest{FunctionName: new("fn"), Cors: &lambda.Cors{}}))
	got = must(f.GetFunctionUrlConfig(f.ctx, &lambda.GetFunctionUrlConfigRequest{FunctionName: new("fn")}))
	if got.Cors.MaxAge != nil || got.Cors.AllowOrigins != nil || *got.AuthType != "AWS_IAM" {
		t.Errorf("updated: %+v", got)
	}
}

// The model allows more, which is for capacity providers.
func TestMostMemoryAndStorage(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	change := func(memory, storage int32) (*lambda.FunctionConfiguration, error) {
		return f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), MemorySize: &memory, EphemeralStorage: &lambda.EphemeralStorage{Size: &storage}})
	}
	if out := must(change(10240, 10240)); *out.MemorySize != 10240 || *out.EphemeralStorage.Size != 10240 {
		t.Errorf("%d MB of memory, %d MB of storage", *out.MemorySize, *out.EphemeralStorage.Size)
	}
	_, err := change(10241, 512)
	expectFault(t, err, "InvalidParameterValueException", "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240")
	_, err = change(128, 10241)
	expectFault(t, err, "InvalidParameterValueException", "'EphemeralStorage' value failed to satisfy constraint: Member must have value less than or equal to 10240")
}
