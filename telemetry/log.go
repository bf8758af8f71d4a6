package telemetry

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// The prefixes of the keys of log groups and log streams, followed by the
// account, the region and the group, and for a stream its own name.
const (
	LogGroupsPrefix  = "logs/groups/"
	LogStreamsPrefix = "logs/streams/"
)

// LogGroupKey is the key of a log group's document.
func LogGroupKey(account, region, name string) string {
	return LogGroupsPrefix + state.Key(account, region, name)
}

// LogStreamKey is the key of a log stream's document.
func LogStreamKey(account, region, group, name string) string {
	return LogStreamsPrefix + state.Key(account, region, group, name)
}

// linesKey is the key under which the lines of a stream are stored.
func linesKey(account, region, group, stream string) string {
	return state.Key(account, region, group, stream)
}

// linesPrefix is what the keys of all of a group's lines begin with.
func linesPrefix(account, region, group string) string {
	return state.Key(account, region, group) + "/"
}

// A LogGroup is the document of a log group.
type LogGroup struct {
	Account            string
	Region             string
	Name               string
	Created            time.Time
	RetentionDays      int               `json:",omitempty"` // 0 for ever
	Class              string            `json:",omitempty"` // STANDARD if empty
	DeletionProtection bool              `json:",omitempty"`
	Tags               map[string]string `json:",omitempty"`
}

// ARN returns the group's ARN, without the ":*" that AWS often puts after it.
func (g *LogGroup) ARN() string {
	return aws.NewARN("logs", g.Region, g.Account, "log-group:"+g.Name).String()
}

// expired returns the time before which the group keeps no lines, at now; zero
// if it keeps them all.
func (g *LogGroup) expired(now time.Time) time.Time {
	if g.RetentionDays == 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -g.RetentionDays)
}

// A LogStream is the document of a log stream. What it says of the stream's
// lines may be up to a minute old after a crash.
type LogStream struct {
	Name          string
	Created       time.Time
	FirstEvent    time.Time `json:",omitzero"` // timestamps, as the lines' source gave them
	LastEvent     time.Time `json:",omitzero"`
	LastIngestion time.Time `json:",omitzero"`
	Bytes         int64     `json:",omitempty"` // of all lines ever appended
}

// note takes lines into account that are appended.
func (s *LogStream) note(events []state.LogEvent) {
	for i := range events {
		e := &events[i]
		if s.FirstEvent.IsZero() || e.Timestamp.Before(s.FirstEvent) {
			s.FirstEvent = e.Timestamp
		}
		if e.Timestamp.After(s.LastEvent) {
			s.LastEvent = e.Timestamp
		}
		if e.Ingested.After(s.LastIngestion) {
			s.LastIngestion = e.Ingested
		}
		s.Bytes += int64(len(e.Message)) + logEventOverhead
	}
}

// logEventOverhead is what CloudWatch Logs counts for an event besides its
// message.
const logEventOverhead = 26

// A LogLine is an event of a log stream with its place among others.
type LogLine struct {
	Stream   string
	Position LogPosition
	state.LogEvent
}

// A LogPosition orders the lines of a group: by their timestamps, and among
// equals by their arrival.
type LogPosition struct {
	Millis  int64 // of the timestamp, since 1970
	Arrival uint64
}

// Compare orders positions.
func (p LogPosition) Compare(q LogPosition) int {
	switch {
	case p.Millis != q.Millis:
		if p.Millis < q.Millis {
			return -1
		}
		return 1
	case p.Arrival != q.Arrival:
		if p.Arrival < q.Arrival {
			return -1
		}
		return 1
	}
	return 0
}

const positionDigits = 56

// String returns the position as 56 digits, the form of CloudWatch's event IDs
// and tokens.
func (p LogPosition) String() string {
	return fmt.Sprintf("%016d%020d%020d", max(p.Millis, 0), p.Arrival, 0)
}

// ParseLogPosition reads what String has written.
func ParseLogPosition(s string) (LogPosition, bool) {
	if len(s) != positionDigits {
		return LogPosition{}, false
	}
	millis, err := strconv.ParseUint(s[:16], 10, 63)
	arrival, err2 := strconv.ParseUint(s[16:36], 10, 64)
	rest, err3 := strconv.ParseUint(s[36:], 10, 64)
	return LogPosition{int64(millis), arrival}, err == nil && err2 == nil && err3 == nil && rest == 0
}
