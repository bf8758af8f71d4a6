package invoke

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution/environment"
)

// AWS: the limit of an account in a region that has asked for no more.
const defaultConcurrency = 1000

// AWS: what is reserved may also be used only ten times a second
// ("Understanding concurrency and requests per second" in the developer guide).
// The like limit of a whole account, 10,000 a second, is not imitated: it would
// be that of a machine, not of a mistake.
const rateOfConcurrency = 10

// limits count the invocations under way: in each account and region together,
// for each function that has concurrency reserved on its own, and for each
// version that has some provisioned.
type limits struct {
	account int

	mu    sync.Mutex
	areas map[[2]string]*area
}

// An area is an account in a region. Its mutex guards its functions' limits too.
type area struct {
	mu       sync.Mutex
	limit    int
	reserved int // of the limit, by functions
	held     int // of the limit, by provisioned concurrency of functions that have nothing reserved
	inFlight int // of functions that have nothing reserved, beside what is provisioned
}

// A limit is a function's part in its area.
type limit struct {
	area     *area
	reserved int // -1 if nothing is
	inFlight int // of this function, beside what is provisioned
	held     int // of what is reserved, or of the area, by this function's shares
	shares   map[string]*share
	rate     bucket
}

// A share is the provisioned concurrency of one version.
type share struct {
	limit  *limit
	wanted int
	busy   int
}

// held is what a share takes of its function's part: what is busy does so until
// it is not, also when less is wanted meanwhile.
func (s *share) held() int { return max(s.wanted, s.busy) }

func (l *limits) of(account, region string) *limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := [2]string{account, region}
	a := l.areas[key]
	if a == nil {
		if l.areas == nil {
			l.areas = map[[2]string]*area{}
		}
		a = &area{limit: l.account}
		l.areas[key] = a
	}
	return &limit{area: a, reserved: -1, shares: map[string]*share{}}
}

// reserve sets what a function has reserved, nil for nothing, and what each of
// its versions has provisioned.
func (f *limit) reserve(reserved *int, provisioned map[string]int) {
	a := f.area
	a.mu.Lock()
	defer a.mu.Unlock()
	// What is under way counts where it now belongs.
	f.count(-1)
	if f.reserved = -1; reserved != nil {
		f.reserved = *reserved
	}
	for version, n := range provisioned {
		if f.shares[version] == nil && n > 0 {
			f.shares[version] = &share{limit: f}
		}
	}
	f.held = 0
	for version, s := range f.shares {
		s.wanted = provisioned[version]
		f.held += s.held()
		if s.held() == 0 {
			delete(f.shares, version)
		}
	}
	f.count(1)
}

// count adds a function to its area, or with -1 takes it out.
func (f *limit) count(sign int) {
	if a := f.area; f.reserved >= 0 {
		a.reserved += sign * f.reserved
	} else {
		a.inFlight += sign * f.inFlight
		a.held += sign * f.held
	}
}

// enter counts one more invocation of a version, or returns AWS's fault if there
// are as many as may be. leave ends it.
//
// AWS: what is provisioned is used first; what there is more spills over to the
// rest of what is reserved, or to what the account has unreserved.
func (f *limit) enter(version string, clock aws.Clock) (leave func(), err error) {
	a := f.area
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.reserved > 0 && !f.rate.take(clock.Now(), f.reserved*rateOfConcurrency) {
		return nil, throttled("ReservedFunctionInvocationRateLimitExceeded")
	}
	inFlight, most, reason := f.inFlight, f.reserved-f.held, "ReservedFunctionConcurrentInvocationLimitExceeded"
	if f.reserved < 0 {
		inFlight, most, reason = a.inFlight, a.limit-a.reserved-a.held, "ConcurrentInvocationLimitExceeded"
	}
	// What is provisioned is held already, unless it has been promised while
	// others were using it.
	if s := f.shares[version]; s != nil && s.busy < s.wanted && inFlight <= most {
		s.busy++
		return s.leave, nil
	}
	if inFlight >= most {
		return nil, throttled(reason)
	}
	f.inFlight++
	if f.reserved < 0 {
		a.inFlight++
	}
	return f.leave, nil
}

func (f *limit) leave() {
	a := f.area
	a.mu.Lock()
	defer a.mu.Unlock()
	f.inFlight--
	if f.reserved < 0 {
		a.inFlight--
	}
}

func (s *share) leave() {
	f := s.limit
	f.area.mu.Lock()
	defer f.area.mu.Unlock()
	before := s.held()
	s.busy--
	if freed := before - s.held(); freed > 0 {
		f.held -= freed
		if f.reserved < 0 {
			f.area.held -= freed
		}
	}
}

// A bucket limits how often something happens: so often a second, all of it at
// once if there was nothing before.
type bucket struct {
	tokens float64
	filled time.Time
}

func (b *bucket) take(now time.Time, perSecond int) bool {
	if b.filled.IsZero() {
		b.tokens = float64(perSecond)
	} else if passed := now.Sub(b.filled); passed > 0 {
		b.tokens += passed.Seconds() * float64(perSecond)
	}
	b.tokens, b.filled = min(b.tokens, float64(perSecond)), now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// AWS: recorded answers of a function whose reserved concurrency is used up.
func throttled(reason string) *aws.Fault {
	return aws.Faultf(http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.").
		With("Reason", reason).With("Type", "User")
}

// noMemory is a throttle of this host's own: its memory is a limit like an
// account's.
func noMemory() error {
	return fmt.Errorf("%w (%w)", throttled("ConcurrentInvocationLimitExceeded"), environment.ErrNoMemory)
}
