package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
	"time"

	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// An accessLog is a stage's access log, ready to be written.
type accessLog struct {
	format  *plan.AccessFormat
	account string
	groups  []string
	stream  string

	err    error // why there is none
	report sync.Once
}

// newAccessLog returns the access log of a stage, nil if it has none.
//
// AWS: what a canary serves is logged twice: where the stage logs, and in the
// group of that name with /Canary after it.
func newAccessLog(s *stage) *accessLog {
	if s.AccessLog == nil || s.AccessLog.DestinationARN == "" {
		return nil
	}
	l := &accessLog{account: s.api.Account, stream: logStream(s.api.ID, s.Name)}
	if l.format, l.err = plan.ParseAccessLog(s.AccessLog); l.err != nil {
		return l
	}
	l.groups = []string{l.format.Group}
	if s.canaryOf != nil {
		l.groups = append(l.groups, l.format.Group+"/Canary")
	}
	return l
}

// logStream is the name of the stream of a stage's logs.
//
// AWS: 32 hexadecimal digits, which tell nobody anything.
func logStream(api, stage string) string {
	sum := sha256.Sum256([]byte(api + "/" + stage))
	return hex.EncodeToString(sum[:16])
}

// logAccess leaves the request's line in the stage's access log. It waits for
// no disk.
func (c *call) logAccess() {
	if c.stage == nil || c.stage.access == nil || c.gateway.logs == nil {
		return
	}
	l := c.stage.access
	if l.err != nil {
		l.report.Do(func() {
			c.gateway.log.Error("a stage's requests are not logged", "api", c.api.ID, "stage", c.stage.Name, "error", l.err)
		})
		return
	}
	c.text = c.appendAccess(c.text[:0], l.format)
	message := string(c.text)
	for _, group := range l.groups {
		err := c.gateway.logs.Append(l.account, l.format.Region, group, l.stream,
			[]state.LogEvent{{Timestamp: c.now, Message: message}})
		if err != nil {
			c.gateway.log.Warn("a request is not logged", "group", group, "error", err)
		}
	}
}

// appendAccess appends the line that a format makes of the request. What
// callers write is escaped as in a JSON string, so that no line can look like
// two, nor a value like a field.
func (c *call) appendAccess(b []byte, f *plan.AccessFormat) []byte {
	for i := range f.Parts {
		p := &f.Parts[i]
		if p.Variable == "" {
			b = append(b, p.Text...)
			continue
		}
		before := len(b)
		b = c.appendAccessVariable(b, p.Variable)
		if len(b) == before {
			b = append(b, '-')
		}
	}
	return b
}

// appendAccessVariable appends a variable of $context, and of those which only
// access logs have; nothing if there is none or it is empty.
//
// AWS: "Variables for access logging".
func (c *call) appendAccessVariable(b []byte, name string) []byte {
	switch name {
	case "status":
		return strconv.AppendInt(b, int64(c.journey.Status), 10)
	case "responseLength":
		return strconv.AppendInt(b, c.meter.bytes, 10)
	case "responseLatency":
		return appendMillis(b, c.journey.Took)
	case "integrationLatency", "integration.latency":
		if latency, ok := c.integrationLatency(); ok {
			return appendMillis(b, latency)
		}
		return b
	case "integrationStatus", "integration.integrationStatus":
		return appendStatus(b, c.endpointStatus())
	case "integration.status":
		return appendStatus(b, c.integrationStatus())
	case "integration.requestId":
		return jsontext.AppendEscaped(b, c.endpointRequestID())
	case "integration.error", "integrationErrorMessage":
		if c.refusal != nil && c.failedAt(stepIntegration, stepPermission) {
			return jsontext.AppendEscaped(b, c.failure())
		}
		return b
	case "error.messageString":
		if c.refusal == nil {
			return b
		}
		return jsontext.AppendString(b, c.refusal.message()) // with its quotes
	case "authorizer.error", "authorizer.integrationLatency", "authorizer.integrationStatus", "authorizer.latency",
		"authorizer.requestId", "authorizer.status", "authenticate.error", "authenticate.latency", "authenticate.status",
		"authorize.error", "authorize.latency", "authorize.status", "waf.error", "waf.latency", "waf.status":
		return b // nothing of the kind is built, so nothing was asked
	}
	text, _ := c.contextText(name)
	return jsontext.AppendEscaped(b, text)
}

func appendMillis(b []byte, d time.Duration) []byte {
	return strconv.AppendInt(b, d.Milliseconds(), 10)
}

func appendStatus(b []byte, status int) []byte {
	if status == 0 {
		return b
	}
	return strconv.AppendInt(b, int64(status), 10)
}
