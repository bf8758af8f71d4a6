package rest

import "github.com/lamgate/lamgate/gateway/trace"

// traceHeader is the header that carries a trace through AWS's services.
const traceHeader = trace.Header

// beginTrace continues the trace that the client's header names, or starts one.
func (c *call) beginTrace() {
	c.trace.Begin(c.request.Header[traceHeader], c.now, c.stage.sampled)
}

// ensureTrace begins the trace unless a step has done so.
func (c *call) ensureTrace() {
	if c.trace.Root == "" {
		c.beginTrace()
	}
}
