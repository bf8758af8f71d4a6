package url

import (
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// The kinds of URLs.
const (
	authNone     = "NONE"
	authIAM      = "AWS_IAM"
	modeStream   = "RESPONSE_STREAM"
	domainSuffix = ".on.aws"
)

// An endpoint is a function URL with what has been prepared and found out for
// it. It never changes: another document of its function makes another one.
type endpoint struct {
	url      execution.URL
	function execution.FunctionRef // with the alias, if the URL is one's
	arn      string
	policy   *policy.Document // nil without one
	domain   string
	sampled  string // the sampling decision of traces that begin here
	frame    frame

	open atomic.Pointer[admission] // to everybody; nil until it is asked, and if it depends on who asks
}

// endpoints are all function URLs, by ID. They follow the functions' documents.
type endpoints struct {
	byID sync.Map // string -> *endpoint
	stop func()

	of map[string][]string // key of a function's document -> the IDs of its URLs; for follow alone
}

func followEndpoints(docs state.Documents, report func(key string, err error)) *endpoints {
	e := &endpoints{of: map[string][]string{}}
	e.stop = docs.Watch(execution.FunctionsPrefix, func(c state.Change) { e.follow(c, report) })
	return e
}

// find returns the URL with an ID; nil if there is none. It never waits.
func (e *endpoints) find(id string) *endpoint {
	if v, ok := e.byID.Load(id); ok {
		return v.(*endpoint)
	}
	return nil
}

func (e *endpoints) follow(c state.Change, report func(string, error)) {
	var f execution.Function
	if !c.Deleted {
		if err := json.Unmarshal(c.Value, &f); err != nil {
			report(c.Key, err)
			f = execution.Function{} // what cannot be read serves nobody
		}
	}
	before := e.of[c.Key]
	delete(e.of, c.Key)
	kept := map[string]bool{}
	for alias, u := range f.URLs {
		if u.ID == "" {
			continue
		}
		id := strings.ToLower(u.ID)
		kept[id] = true
		e.of[c.Key] = append(e.of[c.Key], id)
		e.byID.Store(id, newEndpoint(&f, alias, u))
	}
	for _, id := range before {
		if !kept[id] {
			e.byID.Delete(id)
		}
	}
}

func newEndpoint(f *execution.Function, alias string, u execution.URL) *endpoint {
	e := &endpoint{url: u, function: execution.FunctionRef{Account: f.Account, Region: f.Region, Name: f.Name, Qualifier: alias}}
	e.arn = e.function.ARN()
	if p, ok := f.Policies[alias]; ok {
		e.policy = &p.Document
	}
	e.domain = strings.ToLower(u.ID) + "." + label + "." + f.Region + domainSuffix
	e.sampled = "0"
	if c, ok := f.Resolve(alias, 1); ok && c.TracingMode == "Active" {
		e.sampled = "1"
	}
	e.frame = newFrame(e)
	return e
}

// Explain makes an endpoint the detail of a journey's step.
func (e *endpoint) Explain() (what, mend string) {
	return "the URL is that of " + e.arn + ", with the auth type " + e.url.AuthType, ""
}
