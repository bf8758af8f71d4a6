package rest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/telemetry"
)

// A limiter is a bucket of tokens: one is taken by each request, and rate of
// them come back each second until burst are there.
type limiter struct {
	rate  float64
	burst float64

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

const (
	noThrottle = telemetry.Note("the stage sets no limit for the method")
	unlimited  = -1 // as a rate or a burst: no limit
)

// settings are a stage's settings for a route.
type settings struct {
	plan.MethodSettings
	level    logLevel // of the execution log
	key      string   // under which the stage has them; empty if it has none
	explicit bool     // they are given for the method, not for all
	limiter  *limiter // nil without a limit
}

// newSettings returns a stage's settings for a route and, if the route serves
// any method, those of the methods for which the stage has others.
func newSettings(s *stage, r *plan.Route) (*settings, map[string]*settings) {
	common := settingsAt(s, settingsKey(s, r, r.HTTPMethod))
	if r.HTTPMethod != plan.AnyMethod {
		return common, nil
	}
	// AWS: stages have settings for the methods themselves, though the resource
	// serves them by ANY.
	var byMethod map[string]*settings
	for _, method := range []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"} {
		if key := settingsKey(s, r, method); key != common.key {
			if byMethod == nil {
				byMethod = map[string]*settings{}
			}
			byMethod[method] = settingsAt(s, key)
		}
	}
	return common, byMethod
}

func settingsAt(s *stage, key string) *settings {
	m, ok := s.MethodSettings[key]
	if !ok {
		return &settings{}
	}
	found := &settings{MethodSettings: m, level: parseLogLevel(m.LoggingLevel), key: key, explicit: key != "*/*"}
	if m.ThrottlingRateLimit != unlimited && m.ThrottlingBurstLimit != unlimited {
		burst := float64(m.ThrottlingBurstLimit)
		found.limiter = &limiter{rate: m.ThrottlingRateLimit, burst: burst, tokens: burst}
	}
	return found
}

// settingsKey returns the key of a stage's settings for a method of a route:
// those for the method, else those for all methods.
//
// AWS: the key is the resource's path with ~1 for its slashes, or with the
// slashes themselves, and the method; CloudFormation writes a slash first.
func settingsKey(s *stage, r *plan.Route, method string) string {
	path := strings.TrimPrefix(r.ResourcePath, "/")
	for _, m := range []string{method, r.HTTPMethod} {
		for _, key := range []string{path + "/" + m, "/" + path + "/" + m, "~1" + strings.ReplaceAll(path, "/", "~1") + "/" + m} {
			if _, ok := s.MethodSettings[key]; ok {
				return key
			}
		}
	}
	for _, key := range []string{path + "/*", "/" + path + "/*", "*/" + method, "*/*"} {
		if _, ok := s.MethodSettings[key]; ok {
			return key
		}
	}
	return ""
}

// traces reports whether the execution log has a data trace.
func (s *settings) traces() bool { return s.level == logAll && s.DataTraceEnabled }

// settings returns the stage's settings for the request.
func (c *call) settings() *settings {
	if s, ok := c.target.byMethod[c.request.Method]; ok {
		return s
	}
	return c.target.settings
}

// take takes a token if there is one.
func (l *limiter) take(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() {
		if passed := now.Sub(l.last).Seconds(); passed > 0 {
			l.tokens = min(l.burst, l.tokens+passed*l.rate)
		}
	}
	l.last = now
	if l.tokens < 1 {
		return false
	}
	l.tokens--
	return true
}

// throttle refuses what comes too fast.
func (c *call) throttle() *gatewayResponse {
	l := c.settings().limiter
	if l == nil {
		c.skip(stepThrottle, noThrottle)
		return nil
	}
	if !l.take(c.now) {
		return c.refuse(stepThrottle, telemetry.Denied, advice{
			fmt.Sprintf("the stage lets %g requests a second through to the method, %g at once", l.rate, l.burst),
			"raise throttlingRateLimit and throttlingBurstLimit in the stage's method settings"}, tooManyRequests())
	}
	c.pass(stepThrottle, l)
	return nil
}

// Explain makes a limiter the detail of a journey's step.
func (l *limiter) Explain() (what, mend string) {
	return fmt.Sprintf("within %g requests a second, %g at once", l.rate, l.burst), ""
}
