package lambda

import (
	"context"
	"errors"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

// maxLayers is how many layers a function may have.
const maxLayers = 5

// layersOf finds the layers that a function of the caller's asks for.
func (s *Service) layersOf(ctx context.Context, arns []string) ([]execution.Layer, error) {
	if len(arns) > maxLayers {
		return nil, invalid("Cannot reference more than %d layers.", maxLayers)
	}
	caller := aws.CallerFrom(ctx)
	refs := make([]layerRef, len(arns))
	for i, arn := range arns {
		ref, err := parseLayer(caller, arn)
		if err != nil {
			return nil, err
		}
		if ref.region != caller.Region {
			return nil, invalid("Layers are not in the same region as the function. Layers are expected to be in region %s.", caller.Region)
		}
		for _, other := range refs[:i] {
			if other.arn() == ref.arn() {
				return nil, invalid("Two different versions of the same layer are not allowed to be referenced in the same function. %s and %s are versions of the same layer.", other.versionARN(), ref.versionARN())
			}
		}
		refs[i] = ref
	}
	layers := make([]execution.Layer, len(refs))
	for i, ref := range refs {
		v, err := s.readLayer(ctx, ref)
		if errors.Is(err, state.ErrNotFound) {
			return nil, invalid("Layer version %s does not exist.", ref.versionARN())
		}
		if err != nil {
			return nil, err
		}
		layers[i] = execution.Layer{ARN: ref.versionARN(), Code: v.Code}
	}
	return layers, nil
}

// checkSizes holds a function's package and layers to what they may measure
// together once they are unpacked.
//
// AWS: the words are those that users report of each operation.
func checkSizes(c *execution.Configuration) error {
	if len(c.Layers) == 0 {
		return nil
	}
	sum := c.Code.Unpacked
	for _, l := range c.Layers {
		sum += l.Code.Unpacked
	}
	if sum > maxUnzipped {
		return invalid("Function code combined with layers exceeds the maximum allowed size of %d bytes. The actual size is %d bytes.", maxUnzipped, sum)
	}
	return nil
}
