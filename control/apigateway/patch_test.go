package apigateway_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	api "github.com/lamgate/lamgate/api/apigateway"
)

// A list of patch operations does what its operations do one after another, and
// a list with a mistake does nothing.
func TestPatchesAreAllOrNothing(t *testing.T) {
	b := newBench(t)
	id := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	do(b, b.PutMethod, api.PutMethodRequest{RestApiId: id.Id, ResourceId: id.RootResourceId, HttpMethod: new("GET"), AuthorizationType: new("NONE")})
	want := map[string]bool{}

	key := rapid.SampledFrom([]string{"method.request.header.a", "method.request.header.b/c~d", "method.request.querystring.e"})
	rapid.Check(t, func(rt *rapid.T) {
		next := maps.Clone(want)
		mistaken := false
		var ops []api.PatchOperation
		for range rapid.IntRange(1, 4).Draw(rt, "operations") {
			k := key.Draw(rt, "key")
			path := "/requestParameters/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(k)
			required := rapid.Bool().Draw(rt, "required")
			v := "false"
			if required {
				v = "true"
			}
			_, exists := next[k]
			switch op := rapid.SampledFrom([]string{"add", "replace", "remove", "copy", "elsewhere"}).Draw(rt, "op"); op {
			case "add", "replace":
				mistaken = mistaken || op == "replace" && !exists
				next[k] = required
				ops = append(ops, operation(op, path, v))
			case "remove":
				mistaken = mistaken || !exists
				delete(next, k)
				ops = append(ops, remove(path))
			case "copy":
				mistaken = true
				ops = append(ops, operation(op, path, v))
			case "elsewhere":
				mistaken = true
				ops = append(ops, add("/elsewhere/"+k, v))
			}
		}
		_, err := b.UpdateMethod(b.ctx, &api.UpdateMethodRequest{RestApiId: id.Id, ResourceId: id.RootResourceId, HttpMethod: new("GET"), PatchOperations: ops})
		if (err != nil) != mistaken {
			rt.Fatalf("the patch answers %v, mistaken is %v", err, mistaken)
		}
		if !mistaken {
			want = next
		}
		got, err := b.GetMethod(b.ctx, &api.GetMethodRequest{RestApiId: id.Id, ResourceId: id.RootResourceId, HttpMethod: new("GET")})
		if err != nil {
			rt.Fatal(err)
		}
		if !maps.Equal(got.RequestParameters, want) {
			rt.Fatalf("the method has %v, want %v", got.RequestParameters, want)
		}
	})
}

func TestPatchesNeedAPath(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	refuse(b, b.UpdateRestApi, api.UpdateRestApiRequest{RestApiId: rest.Id, PatchOperations: []api.PatchOperation{{Op: new("replace")}}}, bad, "Invalid patch path null")
	refuse(b, b.UpdateRestApi, api.UpdateRestApiRequest{RestApiId: rest.Id, PatchOperations: []api.PatchOperation{replace("name", "x")}}, bad, "Invalid patch path name")
	refuse(b, b.UpdateRestApi, api.UpdateRestApiRequest{RestApiId: rest.Id, PatchOperations: []api.PatchOperation{replace("", "x")}}, bad, "Invalid patch path ")
}

func TestWritersThatRaceAllWrite(t *testing.T) {
	b := newBench(t)
	rest := do(b, b.CreateRestApi, api.CreateRestApiRequest{Name: new("an api")})
	parts := []string{"a", "b", "c", "d", "e", "f"}
	errs := make(chan error)
	for _, part := range parts {
		go func() {
			_, err := b.CreateResource(b.ctx, &api.CreateResourceRequest{RestApiId: rest.Id, ParentId: rest.RootResourceId, PathPart: &part})
			errs <- err
		}()
	}
	for range parts {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, r := range do(b, b.GetResources, api.GetResourcesRequest{RestApiId: rest.Id}).Items[1:] {
		got = append(got, *r.PathPart)
	}
	if !slices.Equal(got, parts) {
		t.Errorf("resources are %v, want %v", got, parts)
	}
}
