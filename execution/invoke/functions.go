package invoke

import (
	"encoding/json"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
	"github.com/lamgate/lamgate/state"
)

// functions follows the documents of functions and keeps a pool for each
// version that has been invoked.
type functions struct {
	fleet  *environment.Fleet
	limits *limits
	log    *slog.Logger
	stop   func()
	live   atomic.Bool // the documents that were there at the start have been read
	byKey  sync.Map    // key -> *function

	// provision is called when a function's document has changed.
	provision func(*function)
}

// A function is a document in the form that invocations need. It is replaced
// when the document changes, and then takes the pools of what has stayed the
// same with it.
type function struct {
	ref   execution.FunctionRef
	doc   *execution.Function
	limit *limit

	provisions map[string]int // concurrency by version
	hash       string         // in lineages

	mu    sync.Mutex
	pools map[string]*generation // by version
	gone  bool                   // replaced, or deleted
}

// A generation is a version's pool and the configuration it was made for.
type generation struct {
	config execution.Configuration
	pool   *environment.Pool
}

func follow(docs state.Documents, fleet *environment.Fleet, l *limits, log *slog.Logger, provision func(*function)) *functions {
	f := &functions{fleet: fleet, limits: l, log: log, provision: provision}
	// Watch has called change for all that is there before it returns.
	f.stop = docs.Watch(execution.FunctionsPrefix, func(c state.Change) { f.change(c, f.live.Load()) })
	f.live.Store(true)
	return f
}

// change takes a document's new value. It must be quick: the write that made it
// waits. What somebody has just deployed is prepared for its first invocation
// already now, in the background.
func (f *functions) change(c state.Change, deployed bool) {
	var old *function
	if v, ok := f.byKey.Load(c.Key); ok {
		old = v.(*function)
	}
	doc := new(execution.Function)
	if !c.Deleted {
		if err := json.Unmarshal(c.Value, doc); err != nil {
			f.log.Error("a function's document cannot be read; the function is not served", "key", c.Key, "error", err)
			c.Deleted = true
		}
	}
	if c.Deleted {
		f.byKey.Delete(c.Key)
		if old != nil {
			old.retire(nil)
			old.limit.reserve(nil, nil)
		}
		return
	}
	now := &function{
		ref:   execution.FunctionRef{Account: doc.Account, Region: doc.Region, Name: doc.Name},
		doc:   doc,
		pools: map[string]*generation{},

		provisions: provisions(doc),
	}
	now.hash = lineageHash(now.ref)
	if old != nil {
		now.limit = old.limit
	} else {
		now.limit = f.limits.of(doc.Account, doc.Region)
	}
	now.limit.reserve(doc.ReservedConcurrency, now.provisions)
	if old != nil {
		old.retire(now)
	}
	f.byKey.Store(c.Key, now)
	latest := &doc.Latest
	fresh := old == nil || old.doc.Latest.Code.SHA256 != latest.Code.SHA256 || !slices.Equal(old.doc.Latest.Layers, latest.Layers)
	f.fleet.Prepare(latest, deployed && fresh && !latest.IsImage())
	if deployed {
		f.provision(now)
	}
}

// retire ends the pools of a function that is replaced by next, or deleted if
// that is nil, but for those whose version has stayed as it is: they are next's.
func (f *function) retire(next *function) {
	f.mu.Lock()
	pools := f.pools
	f.pools, f.gone = nil, true
	f.mu.Unlock()
	for version, g := range pools {
		if next != nil {
			if c, ok := next.doc.Resolve(version, 0); ok && sameUpdate(&g.config, c) && sameRun(&g.config, c) {
				next.pools[version] = g
				continue
			}
		}
		go g.pool.Retire()
	}
}

// sameUpdate reports whether a configuration has not been updated since, or not
// yet, or without success. Tags, policies and concurrency are no updates.
//
// AWS: each UpdateFunctionCode and UpdateFunctionConfiguration is answered by new
// environments, also where it changes nothing that runs. Who wants them touches
// the description.
func sameUpdate(was, is *execution.Configuration) bool {
	return is.LastUpdateStatus == "InProgress" || is.LastUpdateStatus == "Failed" || was.LastModified.Equal(is.LastModified)
}

// sameRun reports whether two configurations run the same: whether environments
// of one can serve the other.
func sameRun(a, b *execution.Configuration) bool {
	return reflect.DeepEqual(essence(a), essence(b))
}

// essence is a configuration without what only describes it.
func essence(c *execution.Configuration) execution.Configuration {
	e := *c
	e.Description, e.RevisionID, e.LastModified = "", "", time.Time{}
	e.State, e.StateReason, e.StateReasonCode = "", "", ""
	e.LastUpdateStatus, e.LastUpdateReason, e.LastUpdateReasonCode = "", "", ""
	e.DeadLetterTarget, e.RuntimeWarning, e.Fingerprint, e.KMSKeyARN = "", "", "", ""
	e.Code.Blob, e.Code.Unpacked = "", 0 // the SHA-256 tells what is in it
	e.NextImage, e.NextArchitecture = nil, ""
	if len(e.Layers) == 0 {
		e.Layers = nil
	} else {
		e.Layers = slices.Clone(e.Layers)
		for i := range e.Layers {
			e.Layers[i] = execution.Layer{Code: execution.Code{SHA256: e.Layers[i].Code.SHA256}}
		}
	}
	if e.Image != nil {
		image := *e.Image
		image.URI = "" // its digest tells what it is
		e.Image = &image
	}
	if len(e.Environment) == 0 {
		e.Environment = nil
	}
	return e
}

// find returns a function; false if there is none.
func (f *functions) find(ref execution.FunctionRef) (*function, bool) {
	v, ok := f.byKey.Load(ref.Key())
	if !ok {
		return nil, false
	}
	return v.(*function), true
}

// pool returns the pool of a version, or nil if the function has been replaced
// meanwhile.
func (f *function) pool(fleet *environment.Fleet, c *execution.Configuration) *environment.Pool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone {
		return nil
	}
	g, ok := f.pools[c.Version]
	if !ok {
		config := *c
		config.Environment = maps.Clone(c.Environment)
		g = &generation{config, fleet.Pool(f.ref, config)}
		f.pools[c.Version] = g
	}
	return g.pool
}

// each calls do with all functions.
func (f *functions) each(do func(*function)) {
	f.byKey.Range(func(_, v any) bool {
		do(v.(*function))
		return true
	})
}

func (f *functions) close() {
	f.stop()
	f.each(func(f *function) { f.retire(nil) })
}
