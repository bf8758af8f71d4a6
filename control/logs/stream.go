package logs

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// CreateLogStream creates a log stream.
func (s *Service) CreateLogStream(ctx context.Context, in *logs.CreateLogStreamRequest) (*logs.CreateLogStreamOutput, error) {
	caller := aws.CallerFrom(ctx)
	err := s.logs.CreateStream(ctx, caller.Account, caller.Region, *in.LogGroupName, *in.LogStreamName)
	if errors.Is(err, state.ErrConflict) {
		return nil, aws.Faultf(http.StatusBadRequest, "ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	if err != nil {
		return nil, orGroupNotFound(err)
	}
	return &logs.CreateLogStreamOutput{}, nil
}

// DeleteLogStream deletes a log stream with its events.
func (s *Service) DeleteLogStream(ctx context.Context, in *logs.DeleteLogStreamRequest) (*logs.DeleteLogStreamOutput, error) {
	g, err := s.group(ctx, *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	err = s.logs.DeleteStream(ctx, g.Account, g.Region, g.Name, *in.LogStreamName)
	if errors.Is(err, state.ErrNotFound) {
		return nil, streamNotFound()
	}
	if err != nil {
		return nil, err
	}
	return &logs.DeleteLogStreamOutput{}, nil
}

// DescribeLogStreams lists a group's streams by name, or by their last event.
func (s *Service) DescribeLogStreams(ctx context.Context, in *logs.DescribeLogStreamsRequest) (*logs.DescribeLogStreamsResponse, error) {
	byTime := in.OrderBy != nil && *in.OrderBy == "LastEventTime"
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalidParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	name, err := groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	streams, _ := s.logs.Streams(g.Account, g.Region, g.Name)
	if in.LogStreamNamePrefix != nil {
		streams = slices.DeleteFunc(streams, func(t telemetry.LogStream) bool { return !strings.HasPrefix(t.Name, *in.LogStreamNamePrefix) })
	}
	if byTime {
		slices.SortStableFunc(streams, func(a, b telemetry.LogStream) int {
			return cmp.Or(a.LastEvent.Compare(b.LastEvent), cmp.Compare(a.Name, b.Name))
		})
	}
	if in.Descending != nil && *in.Descending {
		slices.Reverse(streams)
	}
	streams, next, err := page(streams, in.NextToken, in.Limit, 50)
	if err != nil {
		return nil, err
	}
	out := &logs.DescribeLogStreamsResponse{LogStreams: make([]logs.LogStream, 0, len(streams)), NextToken: next}
	for i := range streams {
		t := &streams[i]
		out.LogStreams = append(out.LogStreams, logs.LogStream{
			LogStreamName:       &t.Name,
			CreationTime:        millis(t.Created),
			FirstEventTimestamp: millis(t.FirstEvent),
			LastEventTimestamp:  millis(t.LastEvent),
			LastIngestionTime:   millis(t.LastIngestion),
			UploadSequenceToken: new(sequenceToken(t.LastIngestion)),
			Arn:                 new(g.ARN() + ":log-stream:" + t.Name),
			// AWS: always zero, whatever the stream holds (LogStream, storedBytes).
			StoredBytes: new(int64(0)),
		})
	}
	return out, nil
}
