package rest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// DefaultCacheMemory is the most that the caches of all stages take together,
// unless the Config says otherwise.
const DefaultCacheMemory = 64 << 20

// The bounds of a cache.
const (
	maxCacheable   = 1 << 20 // AWS: the most that a response may have to be cached
	maxCacheTTL    = 3600    // seconds
	entryOverhead  = 256     // what an entry takes besides its texts, roughly
	fieldsOverhead = 32
)

// caches are the caches of all stages. Together they take no more than max
// bytes: each has an equal share, or its stage's cacheClusterSize if that is
// less.
type caches struct {
	clock aws.Clock
	max   uint64

	mu      sync.Mutex
	byStage map[string]*responseCache
}

// A responseCache is the cache of a stage, or of its canary.
type responseCache struct {
	size    string // the stage's cacheClusterSize
	entries *otter.Cache[string, *cached]
}

// A cached is a response that an integration has given. It is never modified.
type cached struct {
	stored   time.Time // when its request came
	expires  time.Time
	response response // of a proxy integration
	received received // of any other, to be mapped again
}

func newCaches(clock aws.Clock, memory int64) *caches {
	if memory <= 0 {
		memory = DefaultCacheMemory
	}
	return &caches{clock: clock, max: uint64(memory), byStage: map[string]*responseCache{}}
}

// of returns the cache of a stage.
//
// AWS: a cache of another size is another cache: what was in the old one is
// lost ("Enable Amazon API Gateway caching").
//
// A request may outlive its stage, whose cache nobody would forget again. So
// nothing is made for a stage that apis no longer has; it may have none, and
// then of returns nil. The view follows an API's change before the caches do.
func (cs *caches) of(s *stage, apis *state.View[*api]) *responseCache {
	if r := s.responses.Load(); r != nil {
		return r
	}
	key := cacheKey(s)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	r := cs.byStage[key]
	if r == nil || r.size != s.CacheClusterSize {
		if now, _ := apis.Get(plan.RestAPIKey(s.api.ID)); now != s.api {
			return nil
		}
		r = &responseCache{size: s.CacheClusterSize, entries: otter.Must(&otter.Options[string, *cached]{
			MaximumWeight:    cs.max,
			Weigher:          weigh,
			ExpiryCalculator: otter.ExpiryWriting[string, *cached](maxCacheTTL * time.Second),
			Clock:            cacheClock{cs.clock},
			Logger:           &otter.NoopLogger{},
		})}
		cs.byStage[key] = r
		cs.share()
	}
	s.responses.Store(r)
	return r
}

// cacheKey names the cache of a stage. A canary has its own, unless it is to
// use the stage's.
func cacheKey(s *stage) string {
	key := s.api.ID + "/" + s.Name
	if s.canaryOf != nil && !s.Canary.UseStageCache {
		key += "/canary"
	}
	return key
}

// share gives each cache its part of the memory. mu must be held.
func (cs *caches) share() {
	for _, r := range cs.byStage {
		r.entries.SetMaximum(min(cs.max/uint64(len(cs.byStage)), clusterBytes(r.size)))
	}
}

// clusterBytes returns how many bytes a cacheClusterSize, in GB, stands for.
func clusterBytes(size string) uint64 {
	gigabytes, err := strconv.ParseFloat(size, 64)
	if err != nil || gigabytes <= 0 {
		gigabytes = 0.5
	}
	return uint64(gigabytes * (1 << 30))
}

// follow forgets the caches of stages that have none any more.
func (cs *caches) follow(c state.Change) {
	id := strings.TrimPrefix(c.Key, plan.RestAPIsPrefix)
	var kept map[string]*stage
	if !c.Deleted {
		if a, err := formAPI(c.Document); err == nil {
			kept = map[string]*stage{}
			for _, s := range a.stages {
				for _, s := range []*stage{s, s.canary} {
					if s != nil && s.CacheClusterEnabled {
						kept[cacheKey(s)] = s
					}
				}
			}
		}
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	before := len(cs.byStage)
	for key := range cs.byStage {
		if strings.HasPrefix(key, id+"/") && kept[key] == nil {
			delete(cs.byStage, key)
		}
	}
	if len(cs.byStage) != before {
		cs.share()
	}
}

// cacheClock has the cache expire by the gateway's clock. Nothing ticks: what
// has expired goes when something new comes.
type cacheClock struct{ clock aws.Clock }

func (c cacheClock) NowNano() int64                      { return c.clock.Now().UnixNano() }
func (c cacheClock) Tick(time.Duration) <-chan time.Time { return nil }

func weigh(key string, e *cached) uint32 {
	size := entryOverhead + len(key) + len(e.response.body) + len(e.received.body)
	for _, fields := range [][]field{e.response.fields, e.received.headers} {
		for i := range fields {
			size += len(fields[i].name) + len(fields[i].value) + fieldsOverhead
		}
	}
	return uint32(size)
}

// The verdicts of the cache. They are made beforehand: a hit must cost little.
const (
	cacheOff      = telemetry.Note("the stage caches nothing for the method")
	cacheHit      = telemetry.Note("a response stored earlier is served")
	cacheMiss     = telemetry.Note("no response is stored for the request")
	cacheBypassed = telemetry.Note("the caller's Cache-Control: max-age=0 asks for a new response")
)

// lookUp serves the request from the stage's cache, if it can.
//
// AWS: what is cached is what the integration answered, whatever its status,
// but for what the gateway itself answers. The key is made of the integration's
// cacheKeyParameters and of nothing else: without them all requests to the
// method have one response, whatever their paths and queries.
func (c *call) lookUp() *gatewayResponse {
	if !c.stage.CacheClusterEnabled {
		return nil
	}
	s := c.settings()
	if !s.caches(c.request.Method) {
		c.skip(stepCache, cacheOff)
		return nil
	}
	if c.route.CacheKey.Closed != nil {
		c.skip(stepCache, c.route.CacheKey.Closed)
		return nil
	}
	c.cacheKey = c.appendCacheKey(c.cacheKey[:0])
	bypass, refusal := c.cacheControl(s)
	if refusal != nil {
		return refusal
	}
	if bypass {
		c.pass(stepCache, cacheBypassed)
		return nil
	}
	responses := c.gateway.caches.of(c.stage, c.gateway.apis)
	if responses == nil {
		c.pass(stepCache, cacheMiss)
		return nil
	}
	e, ok := responses.entries.GetIfPresent(string(c.cacheKey))
	if !ok || !c.now.Before(e.expires) || !e.stored.After(c.stage.CacheFlushed) {
		c.pass(stepCache, cacheMiss)
		return nil
	}
	c.cacheHit = true
	c.restore(e)
	c.pass(stepCache, cacheHit)
	return nil
}

// caches reports whether the settings have the responses to a method cached.
//
// AWS: the settings for all methods have only those to GET cached; others are
// where the settings are for the method ("Enable Amazon API Gateway caching").
func (s *settings) caches(method string) bool {
	return s.CachingEnabled && s.CacheTTL > 0 && (s.explicit || method == "GET")
}

// cacheControl heeds the caller's wish for a new response, or refuses it.
//
// AWS: "Invalidate an API Gateway cache entry". Who may is told by IAM, of
// which nothing is built: where authorization is required, nobody has it.
func (c *call) cacheControl(s *settings) (bypass bool, refusal *gatewayResponse) {
	if !wantsFresh(c.request.Header["Cache-Control"]) {
		return false, nil
	}
	if !s.RequireAuthorizationForCacheControl {
		return true, nil
	}
	switch s.UnauthorizedCacheControlHeaderStrategy {
	case "FAIL_WITH_403":
		return false, c.refuse(stepCache, telemetry.Denied, advice{
			"the stage requires authorization for Cache-Control: max-age=0, and lamgate does not build AWS_IAM authorization yet",
			"leave the header out, or set requireAuthorizationForCacheControl to false in the stage's method settings"}, forbidden())
	case "SUCCEED_WITHOUT_RESPONSE_HEADER":
	default:
		c.cacheWarning = true
	}
	return false, nil
}

// warning is the value of the Warning header.
//
// AWS: the words, as its callers see them.
const warning = "199 Cache-control headers were ignored because the caller was unauthorized."

func wantsFresh(header []string) bool {
	for _, line := range header {
		for directive := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(directive), "max-age=0") {
				return true
			}
		}
	}
	return false
}

// appendCacheKey appends the key of the request: lengths stand before texts, so
// that no two requests have a key in common by accident.
func (c *call) appendCacheKey(b []byte) []byte {
	k := &c.route.CacheKey
	b = append(b, k.Namespace...)
	b = append(append(b, 0), c.request.Method...)
	for _, p := range k.Parameters {
		b = append(b, 0)
		switch p.Location {
		case plan.Header, plan.MultiHeader:
			if strings.EqualFold(p.Name, "Host") {
				b = appendKeyText(b, c.address.Domain)
				break
			}
			for _, v := range c.request.Header.Values(p.Name) {
				b = appendKeyText(b, v)
			}
		case plan.QueryString, plan.MultiQuery:
			for i := range c.query {
				if c.query[i].name == p.Name {
					b = appendKeyText(b, c.query[i].value)
				}
			}
		default:
			b = appendKeyText(b, c.sourceOf(p))
		}
	}
	return b
}

func appendKeyText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s))+1) // never 0, which parts parameters
	return append(b, s...)
}

// restore has the call go on as if its integration had given what is cached.
func (c *call) restore(e *cached) {
	c.received = e.received
	fields := append(c.response.fields[:0], e.response.fields...)
	c.response = e.response
	c.response.fields = fields // steps that follow change them
	if c.response.traced {
		c.ensureTrace()
	}
}

// store keeps what the integration has answered.
func (c *call) store() *gatewayResponse {
	if c.cacheHit || len(c.cacheKey) == 0 || c.received.stream != nil {
		return nil
	}
	e := &cached{stored: c.now}
	e.expires = c.now.Add(time.Duration(min(c.settings().CacheTTL, maxCacheTTL)) * time.Second)
	if c.response.status != 0 {
		e.response = c.response
		e.response.fields = slices.Clone(c.response.fields)
		e.response.body = slices.Clone(c.response.body)
	} else {
		e.received = c.received
		e.received.headers = slices.Clone(c.received.headers)
		e.received.body = slices.Clone(c.received.body)
	}
	if len(e.response.body)+len(e.received.body) > maxCacheable {
		c.journey.Add(c.gateway.clock.Now(), stepCache, telemetry.Skipped, uncacheable(len(e.response.body)+len(e.received.body)))
		return nil
	}
	if responses := c.gateway.caches.of(c.stage, c.gateway.apis); responses != nil {
		responses.entries.Set(string(c.cacheKey), e)
	}
	return nil
}

// uncacheable explains a response that is too large to be stored.
type uncacheable int

func (u uncacheable) Explain() (what, mend string) {
	return fmt.Sprintf("the response is not stored: it has %d bytes of at most %d", int(u), maxCacheable), ""
}
