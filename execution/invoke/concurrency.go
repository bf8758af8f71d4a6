package invoke

import (
	"net/http"
	"sync"

	"github.com/lamgate/lamgate/aws"
)

// AWS: the limit of an account in a region that has asked for no more.
const defaultConcurrency = 1000

// limits count the invocations under way: in each account and region together,
// and for each function that has concurrency reserved on its own.
type limits struct {
	account int

	mu    sync.Mutex
	areas map[[2]string]*area
}

// An area is an account in a region.
type area struct {
	mu       sync.Mutex
	limit    int
	reserved int // of the limit, by functions
	inFlight int // of functions that have nothing reserved
}

// A limit is a function's part in its area.
type limit struct {
	area     *area
	reserved int // -1 if nothing is
	inFlight int // of this function
}

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
	return &limit{area: a, reserved: -1}
}

// reserve sets what a function has reserved; nil for nothing.
func (l *limits) reserve(f *limit, reserved *int) {
	a := f.area
	a.mu.Lock()
	defer a.mu.Unlock()
	before := f.reserved
	if f.reserved = -1; reserved != nil {
		f.reserved = *reserved
	}
	a.reserved += max(f.reserved, 0) - max(before, 0)
	// What is under way counts where it now belongs.
	switch {
	case before < 0 && f.reserved >= 0:
		a.inFlight -= f.inFlight
	case before >= 0 && f.reserved < 0:
		a.inFlight += f.inFlight
	}
}

// enter counts one more invocation, or returns AWS's fault if there are as many
// as may be.
func (f *limit) enter() error {
	a := f.area
	a.mu.Lock()
	defer a.mu.Unlock()
	if f.reserved >= 0 {
		if f.inFlight >= f.reserved {
			return throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
		}
	} else {
		if a.inFlight >= a.limit-a.reserved {
			return throttled("ConcurrentInvocationLimitExceeded")
		}
		a.inFlight++
	}
	f.inFlight++
	return nil
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

// AWS: recorded answers of a function whose reserved concurrency is used up.
func throttled(reason string) *aws.Fault {
	return aws.Faultf(http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.").
		With("Reason", reason).With("Type", "User")
}
