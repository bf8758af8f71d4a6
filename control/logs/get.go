package logs

import (
	"context"
	"strings"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/telemetry"
)

// GetLogEvents reads a stream, a page at a time in both directions.
//
// AWS: a token of either direction is always returned, and at the end it is the
// one that was sent; only so do clients know ("GetLogEvents", nextForwardToken).
func (s *Service) GetLogEvents(ctx context.Context, in *logs.GetLogEventsRequest) (*logs.GetLogEventsResponse, error) {
	name, err := groupName(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.group(ctx, name)
	if err != nil {
		return nil, err
	}
	if !s.logs.HasStream(g.Account, g.Region, g.Name, *in.LogStreamName) {
		return nil, streamNotFound()
	}
	q := telemetry.LogQuery{
		Account: g.Account, Region: g.Region, Group: g.Name,
		Streams: []string{*in.LogStreamName},
		From:    at(in.StartTime), Until: at(in.EndTime),
		Forward: in.StartFromHead != nil && *in.StartFromHead,
	}
	if in.Limit != nil {
		q.Limit = int(*in.Limit)
	}
	var sent telemetry.LogPosition
	if in.NextToken != nil {
		var ok bool
		if sent, q.Forward, ok = parseToken(*in.NextToken); !ok {
			return nil, invalidParameter("The specified nextToken is invalid.")
		}
		if q.Forward {
			q.After = sent
		} else {
			q.Before = sent
		}
	}
	lines, _, err := s.logs.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	first, last := sent, sent
	if len(lines) > 0 {
		first, last = lines[0].Position, lines[len(lines)-1].Position
	}
	out := &logs.GetLogEventsResponse{
		Events:            make([]logs.OutputLogEvent, 0, len(lines)),
		NextForwardToken:  new("f/" + last.String()),
		NextBackwardToken: new("b/" + first.String()),
	}
	for i := range lines {
		out.Events = append(out.Events, logs.OutputLogEvent{
			Timestamp:     millis(lines[i].Timestamp),
			Message:       &lines[i].Message,
			IngestionTime: millis(lines[i].Ingested),
		})
	}
	return out, nil
}

func parseToken(token string) (p telemetry.LogPosition, forward, ok bool) {
	digits, forward := strings.CutPrefix(token, "f/")
	if !forward {
		if digits, ok = strings.CutPrefix(token, "b/"); !ok {
			return p, false, false
		}
	}
	p, ok = telemetry.ParseLogPosition(digits)
	return p, forward, ok
}
