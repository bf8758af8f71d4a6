package invoke

import (
	"maps"
	"math"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
)

var _ execution.Provisioner = (*Service)(nil)

// provisions is what each version is to have provisioned: what is asked for
// itself, and its part of what is asked for its aliases.
func provisions(f *execution.Function) map[string]int {
	var sum map[string]int
	for qualifier := range f.Provisioned {
		for version, n := range provisionsOf(f, qualifier) {
			if sum == nil {
				sum = map[string]int{}
			}
			sum[version] += n
		}
	}
	return sum
}

// provisionsOf is what a version, or an alias's versions, are to have of what is
// asked for it.
//
// AWS: an alias with weights gives each version its share of the requests, and
// of the concurrency.
func provisionsOf(f *execution.Function, qualifier string) map[string]int {
	n := f.Provisioned[qualifier].Requested
	alias, ok := f.Aliases[qualifier]
	if !ok {
		if _, ok := f.Versions[qualifier]; !ok || n <= 0 {
			return nil
		}
		return map[string]int{qualifier: n}
	}
	parts, rest := map[string]int{}, n
	for version, weight := range alias.RoutingWeights {
		part := min(int(math.Round(weight*float64(n))), rest)
		if _, ok := f.Versions[version]; ok && part > 0 {
			parts[version] = part
			rest -= part
		}
	}
	if _, ok := f.Versions[alias.Version]; ok && rest > 0 {
		parts[alias.Version] += rest
	}
	return parts
}

// settleEvery is how often it is looked whether new provisioned concurrency is
// ready, so that old may go.
const settleEvery = 100 * time.Millisecond

// provision has the versions' pools keep ready what they are to. What an alias
// has left is let go when what it has gone to stands ready.
func (s *Service) provision(f *function) {
	var rising []*environment.Pool
	for version, n := range f.provisions {
		c, ok := f.doc.Versions[version]
		if !ok || c.State == "Pending" || c.State == "Failed" {
			continue // the document changes when that does
		}
		pool := f.pool(s.Fleet, &c)
		if pool == nil {
			return // replaced; so is this
		}
		if pool.Allocation().Requested < n {
			rising = append(rising, pool)
			pool.Provision(n)
		}
	}
	s.settle(f, rising)
}

func (s *Service) settle(f *function, rising []*environment.Pool) {
	for _, p := range rising {
		if p.Allocation().Status == "IN_PROGRESS" {
			s.Clock.AfterFunc(settleEvery, func() {
				if s.life.Err() == nil {
					s.settle(f, rising)
				}
			})
			return
		}
	}
	f.mu.Lock()
	pools := maps.Clone(f.pools)
	f.mu.Unlock()
	for version, g := range pools { // none if it has been replaced
		if n := f.provisions[version]; g.pool.Allocation().Requested > n {
			g.pool.Provision(n)
		}
	}
}

// Provisioned implements execution.Provisioner.
func (s *Service) Provisioned(ref execution.FunctionRef) (execution.Allocation, bool) {
	f, ok := s.functions.find(ref)
	if !ok {
		return execution.Allocation{}, false
	}
	asked, ok := f.doc.Provisioned[ref.Qualifier]
	if !ok {
		return execution.Allocation{}, false
	}
	sum := execution.Allocation{Requested: asked.Requested, Status: "READY"}
	for version, part := range provisionsOf(f.doc, ref.Qualifier) {
		a := f.allocation(version)
		sum.Allocated += min(a.Allocated, part)
		sum.Available += min(a.Available, part)
		switch {
		case a.Status == "FAILED":
			sum.Status, sum.Reason = a.Status, a.Reason
		case a.Status != "READY" && sum.Status != "FAILED", a.Allocated < part && sum.Status == "READY":
			sum.Status = "IN_PROGRESS"
		}
	}
	if sum.Allocated < asked.Requested && sum.Status == "READY" {
		sum.Status = "IN_PROGRESS"
	}
	return sum, true
}

// allocation is that of a version's pool.
func (f *function) allocation(version string) execution.Allocation {
	f.mu.Lock()
	defer f.mu.Unlock()
	if g, ok := f.pools[version]; ok {
		return g.pool.Allocation()
	}
	return execution.Allocation{Status: "IN_PROGRESS"}
}
