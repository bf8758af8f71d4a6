package lambda

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
)

// pages walks through a list and calls with each page what is on it.
func pages(t *testing.T, list func(marker *string) (names []string, next *string), with func(names []string)) (all []string) {
	t.Helper()
	var marker *string
	for range 100 {
		names, next := list(marker)
		all = append(all, names...)
		if with != nil {
			with(names)
		}
		if next == nil {
			return all
		}
		marker = next
	}
	t.Fatal("the pages do not end")
	return nil
}

// Who deletes what is listed, page by page, passes over nothing.
func TestPagesOfWhatIsDeletedMeanwhile(t *testing.T) {
	f := newFixture(t)
	const functions = 25
	for i := range functions {
		f.create(fmt.Sprintf("fn-%d", i))
	}
	list := func(marker *string) (names []string, next *string) {
		out := must(f.ListFunctions(f.ctx, &lambda.ListFunctionsRequest{Marker: marker, MaxItems: new(int32(4))}))
		for _, c := range out.Functions {
			names = append(names, *c.FunctionName)
		}
		return names, out.NextMarker
	}
	all := pages(t, list, func(names []string) {
		for _, name := range names {
			must(f.DeleteFunction(f.ctx, &lambda.DeleteFunctionRequest{FunctionName: &name}))
		}
	})
	if len(all) != functions || len(slices.Compact(slices.Sorted(slices.Values(all)))) != functions {
		t.Errorf("%d of %d: %v", len(all), functions, all)
	}
	if left, _ := list(nil); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Each list is in the order that its markers are of.
func TestPagesOfAllLists(t *testing.T) {
	f := newFixture(t)
	fn, few := new("fn"), new(int32(3))
	f.create("fn")
	f.create("fn-2")
	f.create("fn_2")
	const versions = 12
	for i := range versions {
		must(f.UpdateFunctionConfiguration(f.ctx, &lambda.UpdateFunctionConfigurationRequest{FunctionName: fn, Description: new(fmt.Sprint(i))}))
		v := must(f.PublishVersion(f.ctx, &lambda.PublishVersionRequest{FunctionName: fn})).Version
		alias := new("alias-" + *v)
		must(f.CreateAlias(f.ctx, &lambda.CreateAliasRequest{FunctionName: fn, Name: alias, FunctionVersion: v}))
		must(f.CreateFunctionUrlConfig(f.ctx, &lambda.CreateFunctionUrlConfigRequest{FunctionName: fn, Qualifier: alias, AuthType: new("NONE")}))
		must(f.PutFunctionEventInvokeConfig(f.ctx, &lambda.PutFunctionEventInvokeConfigRequest{FunctionName: fn, Qualifier: alias, MaximumRetryAttempts: new(int32(0))}))
		must(f.PutProvisionedConcurrencyConfig(f.ctx, &lambda.PutProvisionedConcurrencyConfigRequest{FunctionName: fn, Qualifier: alias, ProvisionedConcurrentExecutions: new(int32(1))}))
		must(f.CreateCodeSigningConfig(f.ctx, &lambda.CreateCodeSigningConfigRequest{AllowedPublishers: &lambda.AllowedPublishers{SigningProfileVersionArns: []string{"arn"}}}))
		content := &lambda.LayerVersionContentInput{ZipFile: packed(t, map[string]string{"l": ""})}
		must(f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{LayerName: new("one"), Content: content}))
		must(f.PublishLayerVersion(f.ctx, &lambda.PublishLayerVersionRequest{LayerName: new("layer-" + *v), Content: content}))
	}
	for name, c := range map[string]struct {
		want int
		list func(*string) (int, *string)
	}{
		"versions": {versions + 1, func(m *string) (int, *string) {
			out := must(f.ListVersionsByFunction(f.ctx, &lambda.ListVersionsByFunctionRequest{FunctionName: fn, Marker: m, MaxItems: few}))
			return len(out.Versions), out.NextMarker
		}},
		"functions and versions": {versions + 3, func(m *string) (int, *string) {
			out := must(f.ListFunctions(f.ctx, &lambda.ListFunctionsRequest{FunctionVersion: new("ALL"), Marker: m, MaxItems: few}))
			return len(out.Functions), out.NextMarker
		}},
		"aliases": {versions, func(m *string) (int, *string) {
			out := must(f.ListAliases(f.ctx, &lambda.ListAliasesRequest{FunctionName: fn, Marker: m, MaxItems: few}))
			return len(out.Aliases), out.NextMarker
		}},
		"URLs": {versions, func(m *string) (int, *string) {
			out := must(f.ListFunctionUrlConfigs(f.ctx, &lambda.ListFunctionUrlConfigsRequest{FunctionName: fn, Marker: m, MaxItems: few}))
			return len(out.FunctionUrlConfigs), out.NextMarker
		}},
		"asynchronous": {versions, func(m *string) (int, *string) {
			out := must(f.ListFunctionEventInvokeConfigs(f.ctx, &lambda.ListFunctionEventInvokeConfigsRequest{FunctionName: fn, Marker: m, MaxItems: few}))
			return len(out.FunctionEventInvokeConfigs), out.NextMarker
		}},
		"provisioned": {versions, func(m *string) (int, *string) {
			out := must(f.ListProvisionedConcurrencyConfigs(f.ctx, &lambda.ListProvisionedConcurrencyConfigsRequest{FunctionName: fn, Marker: m, MaxItems: few}))
			return len(out.ProvisionedConcurrencyConfigs), out.NextMarker
		}},
		"code signing": {versions, func(m *string) (int, *string) {
			out := must(f.ListCodeSigningConfigs(f.ctx, &lambda.ListCodeSigningConfigsRequest{Marker: m, MaxItems: few}))
			return len(out.CodeSigningConfigs), out.NextMarker
		}},
		"layers": {versions + 1, func(m *string) (int, *string) {
			out := must(f.ListLayers(f.ctx, &lambda.ListLayersRequest{Marker: m, MaxItems: few}))
			return len(out.Layers), out.NextMarker
		}},
		"layer versions": {versions, func(m *string) (int, *string) {
			out := must(f.ListLayerVersions(f.ctx, &lambda.ListLayerVersionsRequest{LayerName: new("one"), Marker: m, MaxItems: few}))
			return len(out.LayerVersions), out.NextMarker
		}},
	} {
		got := len(pages(t, func(m *string) ([]string, *string) {
			n, next := c.list(m)
			return make([]string, n), next
		}, nil))
		if got != c.want {
			t.Errorf("%s: %d of %d", name, got, c.want)
		}
	}
}
