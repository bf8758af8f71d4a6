package logs

import (
	"context"
	"time"

	"github.com/lamgate/lamgate/api/logs"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// What PutLogEvents takes, and of which times.
const (
	maxBatch      = 1 << 20
	maxEvent      = 1 << 20
	eventOverhead = 26
	maxSpan       = 24 * time.Hour
	tooOld        = 14 * 24 * time.Hour
	tooNew        = 2 * time.Hour
)

// PutLogEvents appends events to a stream. Those that are too old or too new
// are left out, and the response says which.
func (s *Service) PutLogEvents(ctx context.Context, in *logs.PutLogEventsRequest) (*logs.PutLogEventsResponse, error) {
	g, err := s.group(ctx, *in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if !s.logs.HasStream(g.Account, g.Region, g.Name, *in.LogStreamName) {
		return nil, streamNotFound()
	}
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	now := s.clock.Now()
	events, rejected := accept(in.LogEvents, &g, now)
	if err := s.logs.Append(g.Account, g.Region, g.Name, *in.LogStreamName, events); err != nil {
		return nil, err
	}
	return &logs.PutLogEventsResponse{NextSequenceToken: new(sequenceToken(now)), RejectedLogEventsInfo: rejected}, nil
}

func checkBatch(events []logs.InputLogEvent) error {
	size := 0
	for i := range events {
		length := len(*events[i].Message)
		if length+eventOverhead > maxEvent {
			return invalidParameter("Log event too large: %d bytes exceeds limit of %d", length+eventOverhead, maxEvent)
		}
		size += length + eventOverhead
		if i > 0 && *events[i].Timestamp < *events[i-1].Timestamp {
			return invalidParameter("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if size > maxBatch {
		return invalidParameter("Upload too large: %d bytes exceeds limit of %d", size, maxBatch)
	}
	if *events[len(events)-1].Timestamp-*events[0].Timestamp > maxSpan.Milliseconds() {
		return invalidParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// accept returns the events whose time is right, and where those stop and begin
// that it has left out; nil if none.
func accept(in []logs.InputLogEvent, g *telemetry.LogGroup, now time.Time) ([]state.LogEvent, *logs.RejectedLogEventsInfo) {
	var rejected logs.RejectedLogEventsInfo
	expired := time.Time{}
	if g.RetentionDays > 0 {
		expired = now.AddDate(0, 0, -g.RetentionDays)
	}
	events := make([]state.LogEvent, 0, len(in))
	for i := range in {
		t := at(in[i].Timestamp)
		switch {
		case t.Before(expired):
			rejected.ExpiredLogEventEndIndex = new(int32(i + 1))
		case t.Before(now.Add(-tooOld)):
			rejected.TooOldLogEventEndIndex = new(int32(i + 1))
		case t.After(now.Add(tooNew)):
			if rejected.TooNewLogEventStartIndex == nil {
				rejected.TooNewLogEventStartIndex = new(int32(i))
			}
		default:
			events = append(events, state.LogEvent{Timestamp: t, Ingested: now, Message: *in[i].Message})
		}
	}
	if rejected == (logs.RejectedLogEventsInfo{}) {
		return events, nil
	}
	return events, &rejected
}

// sequenceToken returns a token for clients that still send one. AWS: it is
// neither asked for nor looked at any more (PutLogEvents, sequenceToken).
func sequenceToken(t time.Time) string {
	if t.IsZero() {
		t = time.UnixMilli(0)
	}
	return telemetry.LogPosition{Millis: t.UnixMilli(), Arrival: 1}.String()
}
