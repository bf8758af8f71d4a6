package lambda

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

// Event source mappings cannot be made yet: CreateEventSourceMapping is not
// implemented, and answers that. So these operations find none.

// ListEventSourceMappings lists no event source mappings.
func (s *Service) ListEventSourceMappings(ctx context.Context, in *lambda.ListEventSourceMappingsRequest) (*lambda.ListEventSourceMappingsResponse, error) {
	if in.FunctionName != nil {
		if _, err := parseName(aws.CallerFrom(ctx), *in.FunctionName, nil); err != nil {
			return nil, err
		}
	}
	return &lambda.ListEventSourceMappingsResponse{EventSourceMappings: []lambda.EventSourceMappingConfiguration{}}, nil
}

// GetEventSourceMapping finds no event source mapping.
func (s *Service) GetEventSourceMapping(context.Context, *lambda.GetEventSourceMappingRequest) (*lambda.EventSourceMappingConfiguration, error) {
	return nil, noResource()
}

// UpdateEventSourceMapping finds no event source mapping.
func (s *Service) UpdateEventSourceMapping(context.Context, *lambda.UpdateEventSourceMappingRequest) (*lambda.EventSourceMappingConfiguration, error) {
	return nil, noResource()
}

// DeleteEventSourceMapping finds no event source mapping.
func (s *Service) DeleteEventSourceMapping(context.Context, *lambda.DeleteEventSourceMappingRequest) (*lambda.EventSourceMappingConfiguration, error) {
	return nil, noResource()
}
