package rest

import (
	"strings"
	"sync/atomic"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/gateway/plan"
)

// A callee is what a route's integration calls on a stage, with the stage's
// variables filled in.
type callee struct {
	function    execution.FunctionRef // of an integration with a function
	functionARN string
	key         string // of the function's document

	uri     plan.URI        // of an HTTP endpoint
	link    string          // the ID of the VPC link to it
	service plan.ServiceURI // of an AWS service

	role        string // the ARN of the role to call with
	certificate string // the ID of the certificate to show
	sourceARN   string // for whom is called
	closed      *plan.Closed
	permission  atomic.Pointer[permission]
}

// prepare fills in what the stage decides.
func (t *callee) prepare(s *stage, d *plan.Deployment, r *plan.Route) {
	if r.Closed != nil {
		return
	}
	// AWS: the region is the function's, whatever that of the API.
	region := d.Region
	t.certificate = s.ClientCertificateID
	switch b := r.Binding.(type) {
	case *plan.LambdaProxy:
		t.prepareFunction(s, b.Function, b.Credentials)
		region = t.function.Region
	case *plan.Lambda:
		t.prepareFunction(s, b.Function, b.Credentials)
		region = t.function.Region
	case *plan.HTTP:
		uri, err := b.URI.Fill(s.Variables)
		if err == nil {
			t.uri, err = plan.ParseURI(uri)
		}
		if err == nil {
			t.link, err = b.VPCLink.Fill(s.Variables)
		}
		t.close("the integration's URI cannot be made", err)
	case *plan.Service:
		uri, err := b.URI.Fill(s.Variables)
		if err == nil {
			t.service, err = plan.ParseServiceURI(uri)
		}
		if err == nil {
			t.role, err = b.Credentials.Fill(s.Variables)
		}
		t.close("the integration does not name an AWS service", err)
	}
	t.sourceARN = "arn:aws:execute-api:" + region + ":" + d.Account + ":" + d.API + "/" + s.Name + "/" + r.SourcePath()
}

func (t *callee) prepareFunction(s *stage, function, credentials plan.Text) {
	arn, err := function.Fill(s.Variables)
	if err == nil {
		t.role, err = credentials.Fill(s.Variables)
	}
	if err == nil {
		t.function, err = execution.ParseFunctionARN(arn)
	}
	if err != nil {
		t.close("the integration does not name a function", err)
		return
	}
	t.key, t.functionARN = t.function.Key(), t.function.ARN()
}

func (t *callee) close(what string, err error) {
	if err != nil {
		t.closed = &plan.Closed{What: what + ": " + strings.TrimPrefix(err.Error(), "the integration's URI "),
			Mend: "correct the integration's URI, or set the stage's variable"}
	}
}

// Explain makes a callee the detail of a journey's step: that its function
// answered.
func (t *callee) Explain() (what, mend string) { return t.functionARN + " answered", "" }
