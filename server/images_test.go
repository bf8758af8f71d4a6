package server

import (
	"maps"
	"slices"
	"testing"

	"github.com/lamgate/lamgate/execution"
)

// An image stays while a version has it, and while a function waits for it.
func TestImagesInUse(t *testing.T) {
	of := func(digest string) *execution.Image { return &execution.Image{Digest: digest} }
	used := imagesOf([]*execution.Function{
		{Latest: execution.Configuration{Image: of("a"), NextImage: of("b")}, Versions: map[string]execution.Configuration{"1": {Image: of("c")}}},
		{}, // of a package
	})
	if got := slices.Sorted(maps.Keys(used)); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("in use: %v", got)
	}
}
