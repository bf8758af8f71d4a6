package rest

import (
	"context"
	"errors"
	"time"

	"github.com/lamgate/lamgate/gateway/plan"
)

// A TestRequest is a request to a method as it stands in an API now, deployed
// or not.
type TestRequest struct {
	Deployment          *plan.Deployment // a snapshot of the API
	ResourceID          string
	Method              string
	PathWithQuery       string // empty for the resource's own path
	Headers             map[string][]string
	Body                []byte
	StageVariables      map[string]string
	ClientCertificateID string
}

// A TestResult is what a test has shown.
type TestResult struct {
	Status  int
	Headers map[string][]string
	Body    []byte
	Log     string // the execution log, at its highest level
	Latency time.Duration
}

// TestInvoke serves a request to a method that need not be deployed.
func (g *Gateway) TestInvoke(ctx context.Context, t *TestRequest) (*TestResult, error) {
	return nil, errors.New("rest: methods cannot be tested yet")
}
