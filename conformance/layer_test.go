package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// borrower answers with what it finds in its layers.
const borrower = `
import os, json

def handler(event, context):
    import shared
    return {"shared": shared.NAME, "listed": sorted(os.listdir("/opt")), "text": open("/opt/text").read()}
`

// newLayer publishes a version of a layer and removes it after the test.
func newLayer(t testing.TB, name string, files map[string]string) (arn string) {
	t.Helper()
	out, err := lambdaClient().PublishLayerVersion(t.Context(), &lambda.PublishLayerVersionInput{
		LayerName: &name, Content: &types.LayerVersionContentInput{ZipFile: archive(t, files)},
		CompatibleRuntimes: []types.Runtime{types.RuntimePython313},
	})
	v := must(t, out, err)
	t.Cleanup(func() {
		lambdaClient().DeleteLayerVersion(cleanup(), &lambda.DeleteLayerVersionInput{LayerName: &name, VersionNumber: aws.Int64(v.Version)})
	})
	return *v.LayerVersionArn
}

func withLayers(arns ...string) func(*lambda.CreateFunctionInput) {
	return func(in *lambda.CreateFunctionInput) { in.Layers = arns }
}

func (f *function) setLayers(arns ...string) {
	f.t.Helper()
	_, err := lambdaClient().UpdateFunctionConfiguration(f.t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: &f.name, Layers: arns})
	if err == nil {
		err = lambda.NewFunctionUpdatedV2Waiter(lambdaClient()).Wait(f.t.Context(), &lambda.GetFunctionInput{FunctionName: &f.name}, give)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

type borrowed struct {
	Shared, Text string
	Listed       []string
}

func (f *function) borrow() (b borrowed) {
	f.t.Helper()
	out := f.invoke(`{}`)
	if out.FunctionError != nil {
		f.t.Fatalf("%s", out.Payload)
	}
	if err := json.Unmarshal(out.Payload, &b); err != nil {
		f.t.Fatal(err)
	}
	return b
}

func TestLayersLieInOptTheLaterOverTheEarlier(t *testing.T) {
	one := newLayer(t, uniqueName("one"), map[string]string{"python/shared.py": "NAME = 'one'", "text": "one", "first": ""})
	two := newLayer(t, uniqueName("two"), map[string]string{"python/shared.py": "NAME = 'two'", "text": "two", "second": ""})
	f := newFunction(t, borrower, withLayers(one, two))
	if got := f.borrow(); got.Shared != "two" || got.Text != "two" || strings.Join(got.Listed, " ") != "first python second text" {
		t.Errorf("one, then two: %+v", got)
	}
	f.setLayers(two, one)
	if got := f.borrow(); got.Shared != "one" || got.Text != "one" {
		t.Errorf("two, then one: %+v", got)
	}
}

func TestAFunctionKeepsALayerWhoseVersionIsDeleted(t *testing.T) {
	name := uniqueName("layer")
	arn := newLayer(t, name, map[string]string{"python/shared.py": "NAME = 'kept'", "text": ""})
	f := newFunction(t, borrower, withLayers(arn))
	_, err := lambdaClient().DeleteLayerVersion(t.Context(), &lambda.DeleteLayerVersionInput{LayerName: &name, VersionNumber: aws.Int64(1)})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.borrow(); got.Shared != "kept" {
		t.Errorf("%+v", got)
	}
	if next := newLayer(t, name, map[string]string{"text": ""}); !strings.HasSuffix(next, ":2") {
		t.Errorf("after version 1 was deleted comes %s", next)
	}
	list, err := lambdaClient().ListLayerVersions(t.Context(), &lambda.ListLayerVersionsInput{LayerName: &name})
	if err != nil || len(list.LayerVersions) != 1 || list.LayerVersions[0].Version != 2 {
		t.Errorf("versions %+v %v", list, err)
	}
}

func TestALayersContentCanBeFetched(t *testing.T) {
	files := map[string]string{"text": "hello"}
	arn := newLayer(t, uniqueName("layer"), files)
	out, err := lambdaClient().GetLayerVersionByArn(t.Context(), &lambda.GetLayerVersionByArnInput{Arn: &arn})
	location := *must(t, out, err).Content.Location
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, location, nil)
	if got := send(t, must(t, r, err)); got.status != 200 || string(got.body) != string(archive(t, files)) {
		t.Errorf("status %d, %d bytes", got.status, len(got.body))
	}
}
