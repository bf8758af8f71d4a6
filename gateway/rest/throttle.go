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

// newLimiter returns the limiter of a route on a stage, nil if it has none.
func newLimiter(s *stage, r *plan.Route) *limiter {
	settings, ok := methodSettings(s, r)
	if !ok || settings.ThrottlingRateLimit == unlimited || settings.ThrottlingBurstLimit == unlimited {
		return nil
	}
	burst := float64(settings.ThrottlingBurstLimit)
	return &limiter{rate: settings.ThrottlingRateLimit, burst: burst, tokens: burst}
}

// methodSettings returns a stage's settings for a route: those for its method,
// else those for all methods.
//
// AWS: the key is the resource's path with ~1 for its slashes, or with the
// slashes themselves, and the method; CloudFormation writes a slash first.
func methodSettings(s *stage, r *plan.Route) (plan.MethodSettings, bool) {
	path := strings.TrimPrefix(r.ResourcePath, "/")
	for _, key := range []string{
		path + "/" + r.HTTPMethod, "/" + path + "/" + r.HTTPMethod,
		"~1" + strings.ReplaceAll(path, "/", "~1") + "/" + r.HTTPMethod,
		path + "/*", "/" + path + "/*", "*/" + r.HTTPMethod, "*/*",
	} {
		if settings, ok := s.MethodSettings[key]; ok {
			return settings, true
		}
	}
	return plan.MethodSettings{}, false
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
	l := c.target.limiter
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
