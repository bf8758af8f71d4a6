package resource

import (
	"context"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

// Some of what Lambda makes takes its time: a container image is pulled,
// environments are started. Resources are there once it is done.
const (
	waitBetween = 200 * time.Millisecond
	waitMost    = 15 * time.Minute
)

// await asks until done says so, or the stack's time is over.
func await(ctx context.Context, clock aws.Clock, what string, done func() (bool, error)) error {
	for until := clock.Now().Add(waitMost); ; {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if clock.Now().After(until) {
			return aws.Faultf(400, "NotStabilized", "%s did not stabilize within %s.", what, waitMost)
		}
		again, stop := aws.After(clock, waitBetween)
		select {
		case <-again:
		case <-ctx.Done():
			stop()
			return ctx.Err()
		}
	}
}

// settled waits until a function is neither being created nor being changed.
func settled(ctx context.Context, c Clients, name string) error {
	return await(ctx, c.Clock, "The function "+name, func() (bool, error) {
		out, err := c.Lambda.GetFunction(ctx, &lambda.GetFunctionRequest{FunctionName: &name})
		if err != nil {
			return false, err
		}
		f := out.Configuration
		switch {
		case aws.Value(f.State) == "Failed":
			return false, aws.Faultf(400, aws.Value(f.StateReasonCode), "The function %s has failed: %s", name, aws.Value(f.StateReason))
		case aws.Value(f.LastUpdateStatus) == "Failed":
			return false, aws.Faultf(400, aws.Value(f.LastUpdateStatusReasonCode), "The update of the function %s has failed: %s", name, aws.Value(f.LastUpdateStatusReason))
		}
		return aws.Value(f.State) != "Pending" && aws.Value(f.LastUpdateStatus) != "InProgress", nil
	})
}

// provision asks for a version's or an alias's provisioned concurrency, as its
// properties have it, and waits until it is there.
func provision(ctx context.Context, c Clients, r *Request, name, qualifier string) error {
	config := r.Properties.Get("ProvisionedConcurrencyConfig")
	if config == nil {
		if r.Previous.Get("ProvisionedConcurrencyConfig") == nil {
			return nil
		}
		_, err := c.Lambda.DeleteProvisionedConcurrencyConfig(ctx, &lambda.DeleteProvisionedConcurrencyConfigRequest{FunctionName: &name, Qualifier: &qualifier})
		return gone(err)
	}
	in := &lambda.PutProvisionedConcurrencyConfigRequest{FunctionName: &name, Qualifier: &qualifier}
	if err := fill(in, config); err != nil {
		return err
	}
	if _, err := c.Lambda.PutProvisionedConcurrencyConfig(ctx, in); err != nil {
		return err
	}
	return await(ctx, c.Clock, "Provisioned concurrency of "+name+":"+qualifier, func() (bool, error) {
		out, err := c.Lambda.GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigRequest{FunctionName: &name, Qualifier: &qualifier})
		if err != nil {
			return false, err
		}
		if aws.Value(out.Status) == "FAILED" {
			return false, aws.Faultf(400, "ProvisionedConcurrencyFailed", "Provisioned concurrency of %s:%s has failed: %s", name, qualifier, aws.Value(out.StatusReason))
		}
		return aws.Value(out.Status) == "READY", nil
	})
}

func provisionedProperty() Property {
	return Property{Kind: Object, Members: Properties{"ProvisionedConcurrentExecutions": {Kind: Integer, Required: true}}}
}
