package lambda

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// unsure are documents whose writes fail, or seem to.
type unsure struct {
	state.Documents
	lost atomic.Bool // writes are made, and their answers lost
	full atomic.Bool // writes are refused
	hits atomic.Int32
}

func (u *unsure) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if u.full.Load() {
		u.hits.Add(1)
		return 0, fmt.Errorf("write: %w", state.ErrNoSpace)
	}
	n, err := u.Documents.Put(ctx, key, value, revision)
	if err == nil && u.lost.Load() && !strings.HasPrefix(key, numbersPrefix) {
		return 0, errors.New("the connection broke")
	}
	return n, err
}

func (f *fixture) unsure() *unsure {
	u := &unsure{Documents: f.Documents}
	f.Documents = u
	return u
}

// A write whose answer was lost may have been made: the package that it refers to
// stays.
func TestAWriteThatMayHaveBeenMadeKeepsItsPackage(t *testing.T) {
	f := newFixture(t)
	u := f.unsure()
	whole := func(what string) {
		t.Helper()
		d := must(f.load(execution.FunctionRef{Account: aws.DefaultAccount, Region: aws.DefaultRegion, Name: "fn"}))
		if _, err := f.Blobs.Size(d.Latest.Code.Blob); err != nil {
			t.Errorf("%s: the package: %v", what, err)
		}
	}
	u.lost.Store(true)
	if _, err := f.CreateFunction(f.ctx, f.request("fn")); err == nil {
		t.Fatal("the answer was not lost")
	}
	whole("created")
	update := &lambda.UpdateFunctionCodeRequest{FunctionName: new("fn"), ZipFile: packed(t, map[string]string{"other.py": ""})}
	if _, err := f.UpdateFunctionCode(f.ctx, update); err == nil {
		t.Fatal("the answer was not lost")
	}
	whole("updated")
	layer := &lambda.PublishLayerVersionRequest{LayerName: new("l"), Content: &lambda.LayerVersionContentInput{ZipFile: packed(t, map[string]string{"l.py": ""})}}
	if _, err := f.PublishLayerVersion(f.ctx, layer); err == nil {
		t.Fatal("the answer was not lost")
	}
	layers := must(f.layerVersions(execution.LayersPrefix))
	if len(layers) != 1 {
		t.Fatalf("layers: %v", layers)
	}
	if _, err := f.Blobs.Size(layers[0].Code.Blob); err != nil {
		t.Errorf("the layer's package: %v", err)
	}
	// What was not written leaves nothing: at once where that is sure, and after a
	// while where it is not.
	u.lost.Store(false)
	await := func(what string, want int) {
		t.Helper()
		deadline := time.Now().Add(time.Minute)
		for len(f.Blobs.List(codePrefix)) != want {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d packages, not %d", what, len(f.Blobs.List(codePrefix)), want)
			}
		}
	}
	await("before", 3) // that of the layer, and two of the function
	f.clock.Advance(graceForPackages)
	await("in use", 2)
	_, err := f.CreateFunction(f.ctx, f.request("fn"))
	expectFault(t, err, "ResourceConflictException", "Function already exist: fn")
	u.full.Store(true)
	_, err = f.UpdateFunctionCode(f.ctx, update)
	expectFault(t, err, "InsufficientStorage", aws.AsFault(state.ErrNoSpace).Message)
	await("unsure", 3)
	f.clock.Advance(graceForPackages)
	await("after a while", 2)
}

// However often its state cannot be written, a function does not stay pending.
func TestAnImageThatHasArrivedIsWrittenDownInTheEnd(t *testing.T) {
	f := newFixture(t)
	u := f.unsure()
	images := newImages(map[string]string{"registry/app:1": "sha256:aaaa"})
	f.Images = images
	must(f.CreateFunction(f.ctx, imageRequest("app", "registry/app:1")))
	u.full.Store(true)
	images.come["sha256:aaaa"] <- nil
	for u.hits.Load() < 3 {
		f.clock.Advance(time.Second)
	}
	u.full.Store(false)
	done := make(chan struct{})
	go func() { f.work.Wait(); close(done) }()
	for {
		select {
		case <-done:
			if is := f.settled("app"); *is.State != "Active" {
				t.Errorf("state %s", *is.State)
			}
			return
		default:
			f.clock.Advance(settleAtMost)
		}
	}
}

// Two callers do not both find room for themselves.
func TestReservationsLeaveWhatTheyMust(t *testing.T) {
	f := newFixture(t)
	const callers = 8
	for i := range callers {
		r := f.request(fmt.Sprint("fn", i))
		r.Publish = new(true)
		must(f.CreateFunction(f.ctx, r))
	}
	var wait sync.WaitGroup
	for i := range callers {
		name := new(fmt.Sprint("fn", i))
		wait.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = f.PutFunctionConcurrency(f.ctx, &lambda.PutFunctionConcurrencyRequest{FunctionName: name, ReservedConcurrentExecutions: new(int32(400))})
			} else {
				_, err = f.PutProvisionedConcurrencyConfig(f.ctx, &lambda.PutProvisionedConcurrencyConfigRequest{
					FunctionName: name, Qualifier: new("1"), ProvisionedConcurrentExecutions: new(int32(400)),
				})
			}
			if err != nil && !aws.HasCode(err, "InvalidParameterValueException") {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	settings := must(f.GetAccountSettings(f.ctx, &lambda.GetAccountSettingsRequest{}))
	if n := *settings.AccountLimit.UnreservedConcurrentExecutions; n != 200 {
		t.Errorf("%d are left unreserved", n)
	}
}

// An account may store 75 GB of code in a region, each version counted.
func TestCodeStorageEnds(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	ref := execution.FunctionRef{Account: aws.DefaultAccount, Region: aws.DefaultRegion, Name: "fn"}
	must(f.update(f.ctx, ref, func(d *execution.Function) error {
		d.Latest.Code.Size = maxStored - 1
		return nil
	}))
	zip := packed(t, map[string]string{"other.py": ""})
	_, create := f.CreateFunction(f.ctx, f.request("other"))
	_, update := f.UpdateFunctionCode(f.ctx, &lambda.UpdateFunctionCodeRequest{FunctionName: new("fn"), ZipFile: zip})
	_, publish := f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("fn")})
	_, layer := f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{LayerName: new("l"), Content: &lambda.LayerVersionContentInput{ZipFile: zip}})
	for _, err := range []error{create, update, publish, layer} {
		expectFault(t, err, "CodeStorageExceededException", "Code storage limit exceeded.")
	}
	must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: new("fn"), Timeout: new(int32(9))}))
	// Another region has its own; and what is deleted counts no more.
	elsewhere := aws.WithCaller(f.ctx, aws.Caller{Account: aws.DefaultAccount, Region: "eu-west-1"})
	must(f.CreateFunction(elsewhere, f.request("fn")))
	must(f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: new("fn")}))
	total := func() int64 {
		return *must(f.GetAccountSettings(f.ctx, &lambda.GetAccountSettingsRequest{})).AccountUsage.TotalCodeSize
	}
	if total() != 0 {
		t.Errorf("%d bytes are left", total())
	}
	must(f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{LayerName: new("l"), Content: &lambda.LayerVersionContentInput{ZipFile: zip}}))
	if total() != int64(len(zip)) {
		t.Errorf("a layer of %d bytes counts as %d", len(zip), total())
	}
	must(f.DeleteLayerVersion(f.ctx, &lambda.DeleteLayerVersionRequest{LayerName: new("l"), VersionNumber: new(int64(1))}))
	if total() != 0 {
		t.Errorf("%d bytes are left", total())
	}
}

// Whose a layer is not, they do not change it, whatever they name it by.
func TestOnlyItsOwnerChangesALayer(t *testing.T) {
	f := newFixture(t)
	must(f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{
		LayerName: new("l"), Content: &lambda.LayerVersionContentInput{ZipFile: packed(t, map[string]string{"l.py": ""})},
	}))
	name, one := new("arn:aws:lambda:"+aws.DefaultRegion+":"+aws.DefaultAccount+":layer:l"), new(int64(1))
	grant := func(sid string) *lambda.AddLayerVersionPermissionRequest {
		return &lambda.AddLayerVersionPermissionRequest{LayerName: name, VersionNumber: one, StatementId: &sid, Action: new(readLayerAction), Principal: new("*")}
	}
	ref := layerRef{aws.DefaultAccount, aws.DefaultRegion, "l", 1}
	for what, caller := range map[string]aws.Caller{
		"another account": {Account: "111122223333", Region: aws.DefaultRegion}, "another region": {Account: aws.DefaultAccount, Region: "eu-west-1"},
	} {
		ctx := aws.WithCaller(f.ctx, caller)
		_, err := f.AddLayerVersionPermission(ctx, grant("theirs"))
		expectFault(t, err, "ResourceNotFoundException", noLayerVersion(ref).(*aws.Fault).Message)
		_, err = f.DeleteLayerVersion(ctx, &lambda.DeleteLayerVersionRequest{LayerName: name, VersionNumber: one})
		expectFault(t, err, "AccessDeniedException", "")
		v, err := state.Load[execution.LayerVersion](f.Documents, ref.key())
		if err != nil || len(v.Policy.Document.Statement) != 0 {
			t.Errorf("%s: %+v, %v", what, v, err)
		}
	}
	must(f.AddLayerVersionPermission(f.ctx, grant("mine")))
}

// An alias's URL outlives it, and lets nobody in.
func TestAnAliasLeavesItsURL(t *testing.T) {
	f := newFixture(t)
	r := f.request("fn")
	r.Publish = new(true)
	must(f.CreateFunction(f.ctx, r))
	alias := &lambda.CreateAliasRequest{FunctionName: new("fn"), Name: new("live"), FunctionVersion: new("1")}
	must(f.CreateAlias(f.ctx, alias))
	made := must(f.CreateFunctionUrlConfig(f.ctx, &lambda.CreateFunctionUrlConfigRequest{FunctionName: new("fn"), Qualifier: new("live"), AuthType: new("NONE")}))
	must(f.AddPermission(f.ctx, &lambda.AddPermissionRequest{
		FunctionName: new("fn"), Qualifier: new("live"), StatementId: new("all"), Action: new("lambda:InvokeFunctionUrl"), Principal: new("*"), FunctionUrlAuthType: new("NONE"),
	}))
	must(f.DeleteAlias(f.ctx, &lambda.DeleteAliasRequest{FunctionName: new("fn"), Name: new("live")}))
	get := &lambda.GetFunctionUrlConfigRequest{FunctionName: new("fn"), Qualifier: new("live")}
	if is := must(f.GetFunctionUrlConfig(f.ctx, get)); *is.FunctionUrl != *made.FunctionUrl {
		t.Errorf("the URL is %s", *is.FunctionUrl)
	}
	d := must(f.load(execution.FunctionRef{Account: aws.DefaultAccount, Region: aws.DefaultRegion, Name: "fn"}))
	if len(d.Policies) != 0 {
		t.Errorf("policies: %v", d.Policies)
	}
	must(f.DeleteFunctionUrlConfig(f.ctx, &lambda.DeleteFunctionUrlConfigRequest{FunctionName: new("fn"), Qualifier: new("live")}))
	_, err := f.GetFunctionUrlConfig(f.ctx, get)
	expectFault(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}

// What an alias leads to must be of one role, and stays while it does.
func TestWhatAliasesLeadTo(t *testing.T) {
	f := newFixture(t)
	f.create("fn")
	if err := state.Create(f.ctx, f.Documents, policy.RoleKey(aws.DefaultAccount, "other"), must(state.Load[policy.Role](f.Documents, policy.RoleKey(aws.DefaultAccount, "worker")))); err != nil {
		t.Fatal(err)
	}
	publish := func(change func(*execution.Configuration)) {
		t.Helper()
		ref := execution.FunctionRef{Account: aws.DefaultAccount, Region: aws.DefaultRegion, Name: "fn"}
		must(f.update(f.ctx, ref, func(d *execution.Function) error { change(&d.Latest); return nil }))
		must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: new("fn")}))
	}
	publish(func(*execution.Configuration) {})
	publish(func(c *execution.Configuration) { c.Description = "second" })
	publish(func(c *execution.Configuration) { c.Role = strings.Replace(roleARN, "worker", "other", 1) })
	alias := func(name, version, other string) error {
		_, err := f.CreateAlias(f.ctx, &lambda.CreateAliasRequest{FunctionName: new("fn"), Name: &name, FunctionVersion: &version,
			RoutingConfig: &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{other: 0.5}}})
		return err
	}
	expectFault(t, alias("mixed", "1", "3"), "InvalidParameterValueException", "Specified versions must be associated with the same execution role")
	for _, name := range []string{"blue", "amber"} {
		if err := alias(name, "1", "2"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: new("fn"), Qualifier: new("2")})
	expectFault(t, err, "ResourceConflictException", "Unable to delete version because the following aliases reference it: [amber, blue]")
}
