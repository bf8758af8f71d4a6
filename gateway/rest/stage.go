package rest

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/front"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// An api is a REST API as its document has it.
type api struct {
	plan.RestAPI
	stages map[string]*stage
}

// A stage publishes a deployment of an api.
type stage struct {
	*plan.Stage
	api           *api
	deploymentKey string
	sampled       string // the sampling decision of its traces
	current       atomic.Pointer[published]
	responses     atomic.Pointer[responseCache] // found by the first request that may be cached
	access        *accessLog                    // nil if requests are not logged

	canary   *stage // serves a part of the requests; nil without one
	canaryOf *stage // the stage of which this is the canary
}

// published is what a stage serves: a plan, with a target for each route.
type published struct {
	plan    *plan.Plan
	targets []target
}

// A deployment is compiled when the first request meets it: an API may have
// many, and only those that stages point to are ever served.
type deployment struct {
	document state.Document
	once     sync.Once
	plan     *plan.Plan
	err      error
}

// A function is a function's document. It is never modified: another document
// is another *function, which is what cached decisions are tested by.
type function struct {
	execution.Function
}

func formFunction(d state.Document) (*function, error) {
	f := new(function)
	return f, json.Unmarshal(d.Value, &f.Function)
}

func formDeployment(d state.Document) (*deployment, error) {
	return &deployment{document: d}, nil
}

func formAPI(d state.Document) (*api, error) {
	a := new(api)
	if err := json.Unmarshal(d.Value, &a.RestAPI); err != nil {
		return nil, err
	}
	a.stages = make(map[string]*stage, len(a.Stages))
	for name, document := range a.Stages {
		s := newStage(a, document)
		s.canary = newCanary(s)
		a.stages[name] = s
	}
	return a, nil
}

func newStage(a *api, document *plan.Stage) *stage {
	s := &stage{Stage: document, api: a, deploymentKey: plan.DeploymentKey(a.ID, document.Deployment), sampled: "0"}
	if document.TracingEnabled {
		s.sampled = "1"
	}
	s.access = newAccessLog(s)
	return s
}

func (d *deployment) compiled() (*plan.Plan, error) {
	d.once.Do(func() {
		document := new(plan.Deployment)
		if d.err = json.Unmarshal(d.document.Value, document); d.err == nil {
			d.plan = plan.Compile(document)
		}
	})
	return d.plan, d.err
}

// findStage finds what the request is addressed to.
//
// AWS: an API or a stage that does not exist is 403 Forbidden, not 404.
func (c *call) findStage() *gatewayResponse {
	a, ok := c.gateway.apis.Get(plan.RestAPIKey(c.address.API))
	if !ok || (c.address.Region != "" && c.address.Region != a.Region) {
		return c.refuse(stepStage, telemetry.Failed, note("there is no REST API %q", front.Excerpt(c.address.API)), forbidden())
	}
	c.api = a
	c.journey.Account, c.journey.Region = a.Account, a.Region
	s, ok := a.stages[c.address.Stage]
	if !ok {
		return c.refuse(stepStage, telemetry.Failed, &noStage{front.Told(c.request, c.address.Stage), a}, forbidden())
	}
	if c.address.Domain == "" {
		c.address.Domain = a.ID + ".execute-api." + a.Region + ".amazonaws.com"
	}
	c.stage = c.gateway.draw(s)
	var err error
	c.published, err = c.stage.publish(c.gateway)
	if err != nil {
		if now, ok := c.gateway.apis.Get(plan.RestAPIKey(a.ID)); ok && now != a {
			// The stage has moved on, and what it left was deleted, between two
			// lines of this function.
			return c.findStage()
		}
		c.gateway.log.Error("a stage cannot be served", "api", a.ID, "stage", c.stage.Name, "error", err)
		return c.refuse(stepStage, telemetry.Failed, note("%v", err), internalServerError())
	}
	c.pass(stepStage, c.published)
	return nil
}

// publish returns what the stage serves now.
func (s *stage) publish(g *Gateway) (*published, error) {
	d, ok := g.deployments.Get(s.deploymentKey)
	if !ok {
		if current := s.current.Load(); current != nil {
			return current, nil // the stage has moved on since this request began
		}
		return nil, fmt.Errorf("the stage's deployment %s does not exist", s.Deployment)
	}
	p, err := d.compiled()
	if err != nil {
		return nil, fmt.Errorf("the deployment %s cannot be read: %w", s.Deployment, err)
	}
	if current := s.current.Load(); current != nil && current.plan == p {
		return current, nil
	}
	// Two requests may do this at once; either's work will do.
	current := s.prepare(p)
	s.current.Store(current)
	return current, nil
}

// prepare makes the targets of a plan's routes.
func (s *stage) prepare(p *plan.Plan) *published {
	made := &published{plan: p, targets: make([]target, len(p.Routes))}
	for i, r := range p.Routes {
		made.targets[i].prepare(s, p.Deployment, r)
	}
	return made
}

// Explain makes a published the detail of a journey's step.
func (p *published) Explain() (what, mend string) {
	return "the stage publishes deployment " + p.plan.Deployment.ID, ""
}

// noStage explains a stage that an API lacks.
type noStage struct {
	asked string
	api   *api
}

func (n *noStage) Explain() (what, mend string) {
	what = fmt.Sprintf("the API %s has no stage %q", n.api.ID, n.asked)
	if len(n.api.stages) == 0 {
		what += ", nor any other"
	}
	return what, "aws apigateway create-deployment --rest-api-id " + n.api.ID + " --stage-name " + front.Argument(n.asked)
}

// A target is a route on a stage: what has been prepared and found out for it.
type target struct {
	settings *settings            // of the stage for the route
	byMethod map[string]*settings // of the methods that an ANY route serves, where they differ
	frame    frame
	callee   // what the integration calls
}

func (t *target) prepare(s *stage, d *plan.Deployment, r *plan.Route) {
	t.settings, t.byMethod = newSettings(s, r)
	t.frame = newFrame(s, d, r)
	t.callee.prepare(s, d, r)
}
