package logs

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// A Service is CloudWatch Logs.
type Service struct {
	logs  *telemetry.Logs
	clock aws.Clock
}

// New returns a Service on a log store.
func New(logs *telemetry.Logs, clock aws.Clock) *Service {
	return &Service{logs: logs, clock: clock}
}

func invalidParameter(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "InvalidParameterException", format, args...)
}

func groupNotFound() *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "ResourceNotFoundException", "The specified log group does not exist.")
}

func streamNotFound() *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "ResourceNotFoundException", "The specified log stream does not exist.")
}

// orGroupNotFound makes AWS's fault of a document that is not there.
func orGroupNotFound(err error) error {
	if errors.Is(err, state.ErrNotFound) {
		return groupNotFound()
	}
	return err
}

// groupName returns the name of the group that a request means by its name or
// by its ARN, of which it must give one.
func groupName(ctx context.Context, name, identifier *string) (string, error) {
	switch {
	case name != nil && identifier != nil:
		return "", invalidParameter("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	case name != nil:
		return *name, nil
	case identifier == nil:
		return "", invalidParameter("At least one of logGroupName or logGroupIdentifier must be specified.")
	case !strings.HasPrefix(*identifier, "arn:"):
		return *identifier, nil
	}
	return nameInARN(ctx, *identifier)
}

// nameInARN returns the name of the caller's group that an ARN names, with or
// without the ":*" at its end.
func nameInARN(ctx context.Context, arn string) (string, error) {
	a, err := aws.ParseARN(arn)
	name, ok := strings.CutPrefix(a.Resource, "log-group:")
	if err != nil || !ok || a.Service != "logs" {
		return "", invalidParameter("Invalid parameter: %s is not the ARN of a log group", arn)
	}
	caller := aws.CallerFrom(ctx)
	if a.Account != caller.Account || a.Region != caller.Region {
		return "", groupNotFound()
	}
	return strings.TrimSuffix(name, ":*"), nil
}

// group returns one of the caller's groups.
func (s *Service) group(ctx context.Context, name string) (telemetry.LogGroup, error) {
	caller := aws.CallerFrom(ctx)
	g, ok := s.logs.Group(caller.Account, caller.Region, name)
	if !ok {
		return telemetry.LogGroup{}, groupNotFound()
	}
	return g, nil
}

// millis returns a time as CloudWatch Logs tells it; nil if it is zero.
func millis(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMilli())
}

// at returns the time that a request gives in milliseconds; zero if it gives
// none.
func at(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms)
}

// page returns the part of a list that begins at token, of at most limit
// elements, and the token of what follows.
func page[T any](list []T, token *string, limit *int32, preset int) ([]T, *string, error) {
	start := 0
	if token != nil {
		n, err := strconv.Atoi(*token)
		if err != nil || n < 0 {
			return nil, nil, invalidParameter("The specified nextToken is invalid.")
		}
		start = min(n, len(list))
	}
	if limit != nil {
		preset = int(*limit)
	}
	end := min(start+preset, len(list))
	if end == len(list) {
		return list[start:], nil, nil
	}
	return list[start:end], new(strconv.Itoa(end)), nil
}
