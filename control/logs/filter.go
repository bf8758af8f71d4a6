package logs

import (
	"context"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/telemetry"
)

// FilterLogEvents reads the events of a group's streams, those that match a
// pattern, in the order of their time.
func (s *Service) FilterLogEvents(ctx context.Context, in *logs.FilterLogEventsRequest) (*logs.FilterLogEventsResponse, error) {
	name, err := groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	q := telemetry.LogQuery{
		Account: g.Account, Region: g.Region, Group: g.Name,
		From:    at(in.StartTime),
		Forward: in.StartFromHead == nil || *in.StartFromHead,
	}
	if !q.Forward {
		return nil, invalidParameter("lamgate reads from the head only: startFromHead must not be false")
	}
	if in.EndTime != nil {
		q.Until = at(in.EndTime).Add(time.Millisecond) // of these AWS includes the end itself
	}
	if in.Limit != nil {
		q.Limit = int(*in.Limit)
	}
	if in.FilterPattern != nil {
		if q.Pattern, err = telemetry.ParseLogPattern(*in.FilterPattern); err != nil {
			return nil, invalidParameter("%v", err)
		}
	}
	if q.Streams, err = s.streams(&g, in); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		var ok bool
		if q.After, ok = telemetry.ParseLogPosition(*in.NextToken); !ok {
			return nil, invalidParameter("The specified nextToken is invalid.")
		}
	}
	out := &logs.FilterLogEventsResponse{Events: []logs.FilteredLogEvent{}, SearchedLogStreams: []logs.SearchedLogStream{}}
	if q.Streams != nil && len(q.Streams) == 0 {
		return out, nil
	}
	lines, more, err := s.logs.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range lines {
		out.Events = append(out.Events, logs.FilteredLogEvent{
			LogStreamName: &lines[i].Stream,
			Timestamp:     millis(lines[i].Timestamp),
			Message:       &lines[i].Message,
			IngestionTime: millis(lines[i].Ingested),
			EventId:       new(lines[i].Position.String()),
		})
	}
	if more {
		out.NextToken = new(lines[len(lines)-1].Position.String())
	}
	return out, nil
}

// streams returns the streams that a request asks for; nil for all.
func (s *Service) streams(g *telemetry.LogGroup, in *logs.FilterLogEventsRequest) ([]string, error) {
	if len(in.LogStreamNames) > 0 {
		if in.LogStreamNamePrefix != nil {
			return nil, invalidParameter("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.")
		}
		for _, name := range in.LogStreamNames {
			if !s.logs.HasStream(g.Account, g.Region, g.Name, name) {
				return nil, streamNotFound()
			}
		}
		return in.LogStreamNames, nil
	}
	if in.LogStreamNamePrefix == nil {
		return nil, nil
	}
	names := []string{}
	all, _ := s.logs.Streams(g.Account, g.Region, g.Name)
	for i := range all {
		if strings.HasPrefix(all[i].Name, *in.LogStreamNamePrefix) {
			names = append(names, all[i].Name)
		}
	}
	return names, nil
}
