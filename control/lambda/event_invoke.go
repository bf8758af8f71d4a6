package lambda

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// asynchronous reads whose configuration for asynchronous invocations is meant:
// that of $LATEST unless a version or an alias is named.
func asynchronous(ctx context.Context, name, qualifier *string) (execution.FunctionRef, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(name), qualifier)
	if ref.Qualifier == "" {
		ref.Qualifier = execution.Latest
	}
	return ref, err
}

// PutFunctionEventInvokeConfig sets how asynchronous invocations are treated.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, in *lambda.PutFunctionEventInvokeConfigRequest) (*lambda.FunctionEventInvokeConfig, error) {
	ref, err := asynchronous(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return s.setEventInvoke(ctx, ref, eventInvokeSettings{in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, in.DestinationConfig}, false)
}

// UpdateFunctionEventInvokeConfig changes what it is given of a configuration
// that is there.
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, in *lambda.UpdateFunctionEventInvokeConfigRequest) (*lambda.FunctionEventInvokeConfig, error) {
	ref, err := asynchronous(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	return s.setEventInvoke(ctx, ref, eventInvokeSettings{in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, in.DestinationConfig}, true)
}

type eventInvokeSettings struct {
	retries, age *int32
	destinations *lambda.DestinationConfig
}

func (s *Service) setEventInvoke(ctx context.Context, ref execution.FunctionRef, p eventInvokeSettings, update bool) (*lambda.FunctionEventInvokeConfig, error) {
	if p.retries == nil && p.age == nil && p.destinations == nil {
		return nil, invalid("You must specify at least one of error handling or destination setting.")
	}
	if err := s.checkDestinations(ref, p.destinations); err != nil {
		return nil, err
	}
	var e execution.EventInvoke
	_, err := s.update(ctx, ref, func(f *execution.Function) error {
		c, ok := f.Resolve(ref.Qualifier, 0)
		if !ok {
			return noFunction()
		}
		if e, ok = f.EventInvoke[ref.Qualifier]; !ok && update {
			return noEventInvoke(ref)
		}
		if !update {
			e = execution.EventInvoke{}
		}
		if p.retries != nil {
			e.MaxRetries = new(int(*p.retries))
		}
		if p.age != nil {
			e.MaxAge = new(time.Duration(*p.age) * time.Second)
		}
		if d := p.destinations; d != nil {
			e.OnSuccess, e.OnFailure = aws.Value(aws.Value(d.OnSuccess).Destination), aws.Value(aws.Value(d.OnFailure).Destination)
			for _, target := range []string{e.OnSuccess, e.OnFailure} {
				if operation, ok := s.mayDeliver(c.Role, target); !ok {
					return invalid("The function's execution role does not have permissions to call %s on %s", operation, target)
				}
			}
		}
		e.Modified = s.Clock.Now().UTC()
		f.EventInvoke = with(f.EventInvoke, ref.Qualifier, e)
		return nil
	})
	if err != nil {
		return nil, missing(err, ref, noFunction())
	}
	return renderEventInvoke(ref, e), nil
}

// checkDestinations checks what can be said of destinations by their ARNs.
func (s *Service) checkDestinations(ref execution.FunctionRef, d *lambda.DestinationConfig) error {
	if d == nil {
		return nil
	}
	onSuccess, onFailure := aws.Value(aws.Value(d.OnSuccess).Destination), aws.Value(aws.Value(d.OnFailure).Destination)
	for _, target := range []string{onSuccess, onFailure} {
		if target == "" {
			continue
		}
		a, err := aws.ParseARN(target)
		known := err == nil && slices.Contains([]string{"lambda", "sqs", "sns", "events"}, a.Service)
		// AWS: buckets take failures only.
		if err == nil && a.Service == "s3" && target == onFailure && target != onSuccess {
			known = true
		}
		if !known {
			return invalid("The provided destination config DestinationConfig(onSuccess=%s, onFailure=%s) is invalid.",
				displayed("OnSuccess", onSuccess), displayed("OnFailure", onFailure))
		}
		// AWS: standard queues and topics only, and it says so when they are set
		// (github.com/aws/aws-cdk/issues/13793).
		if isFIFO(a) {
			return invalid("The destination ARN %s is invalid.", target)
		}
		if a.Service != "lambda" {
			continue
		}
		f, err := execution.ParseFunctionARN(target)
		if err != nil {
			return invalid("The destination ARN %s is invalid.", target)
		}
		if f.Account == ref.Account && f.Region == ref.Region && f.Name == ref.Name {
			return invalid("You can't specify the function as a destination for itself.")
		}
		if _, err := s.Documents.Get(f.Key()); err != nil {
			return invalid("The destination ARN %s is invalid.", target)
		}
	}
	return nil
}

// isFIFO reports whether an ARN is that of a FIFO queue or topic, which Lambda
// does not send to.
func isFIFO(a aws.ARN) bool {
	return (a.Service == "sqs" || a.Service == "sns") && strings.HasSuffix(a.Resource, ".fifo")
}

// displayed is a structure as AWS's faults print it.
func displayed(name, destination string) string {
	if destination == "" {
		return "null"
	}
	return name + "(destination=" + destination + ")"
}

// mayDeliver decides whether a role may send to a target, and by which operation
// it would.
func (s *Service) mayDeliver(role, target string) (operation string, ok bool) {
	if target == "" {
		return "", true
	}
	a, err := aws.ParseARN(target)
	if err != nil {
		return "", false
	}
	action, resource := "", target
	switch a.Service {
	case "lambda":
		action = "lambda:InvokeFunction"
	case "sqs":
		action = "sqs:SendMessage"
	case "sns":
		action = "sns:Publish"
	case "events":
		action = "events:PutEvents"
	case "s3":
		action, resource = "s3:PutObject", target+"/*"
	}
	d := s.Roles.Allows(role, action, resource, nil)
	if !d.Allowed() {
		why, mend := d.Explain()
		s.Log.Warn("a function's role may not send to its destination", "role", role, "target", target, "why", why, "mend", mend)
	}
	_, operation, _ = strings.Cut(action, ":")
	return operation, d.Allowed()
}

func renderEventInvoke(ref execution.FunctionRef, e execution.EventInvoke) *lambda.FunctionEventInvokeConfig {
	out := &lambda.FunctionEventInvokeConfig{
		LastModified: new(e.Modified), FunctionArn: new(ref.ARN()),
		DestinationConfig: &lambda.DestinationConfig{OnSuccess: &lambda.OnSuccess{}, OnFailure: &lambda.OnFailure{}},
	}
	if e.MaxRetries != nil {
		out.MaximumRetryAttempts = new(int32(*e.MaxRetries))
	}
	if e.MaxAge != nil {
		out.MaximumEventAgeInSeconds = new(int32(*e.MaxAge / time.Second))
	}
	if e.OnSuccess != "" {
		out.DestinationConfig.OnSuccess.Destination = new(e.OnSuccess)
	}
	if e.OnFailure != "" {
		out.DestinationConfig.OnFailure.Destination = new(e.OnFailure)
	}
	return out
}

// noFunction is how operations on asynchronous invocations miss a function, a
// version or an alias.
func noFunction() *aws.Fault {
	return userFault(404, "ResourceNotFoundException", "The function doesn't exist.")
}

func noEventInvoke(ref execution.FunctionRef) *aws.Fault {
	return userFault(404, "ResourceNotFoundException", "The function %s doesn't have an EventInvokeConfig", ref.ARN())
}

// GetFunctionEventInvokeConfig shows how asynchronous invocations are treated.
func (s *Service) GetFunctionEventInvokeConfig(ctx context.Context, in *lambda.GetFunctionEventInvokeConfigRequest) (*lambda.FunctionEventInvokeConfig, error) {
	ref, err := asynchronous(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, missing(err, ref, noEventInvoke(ref))
	}
	e, ok := f.EventInvoke[ref.Qualifier]
	if !ok {
		return nil, noEventInvoke(ref)
	}
	return renderEventInvoke(ref, e), nil
}

// DeleteFunctionEventInvokeConfig lets AWS's defaults hold again.
func (s *Service) DeleteFunctionEventInvokeConfig(ctx context.Context, in *lambda.DeleteFunctionEventInvokeConfigRequest) (*lambda.DeleteFunctionEventInvokeConfigOutput, error) {
	ref, err := asynchronous(ctx, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if _, ok := f.EventInvoke[ref.Qualifier]; !ok {
			return noEventInvoke(ref)
		}
		f.EventInvoke = less(f.EventInvoke, ref.Qualifier)
		return nil
	})
	if err != nil {
		return nil, missing(err, ref, noEventInvoke(ref))
	}
	return &lambda.DeleteFunctionEventInvokeConfigOutput{}, nil
}

// ListFunctionEventInvokeConfigs lists the configurations of a function, its
// versions and aliases.
func (s *Service) ListFunctionEventInvokeConfigs(ctx context.Context, in *lambda.ListFunctionEventInvokeConfigsRequest) (*lambda.ListFunctionEventInvokeConfigsResponse, error) {
	ref, f, err := s.loadOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, missing(err, ref, noFunction())
	}
	var list []lambda.FunctionEventInvokeConfig
	for _, q := range slices.Sorted(maps.Keys(f.EventInvoke)) {
		ref.Qualifier = q
		list = append(list, *renderEventInvoke(ref, f.EventInvoke[q]))
	}
	page, next := paginate(list, in.Marker, in.MaxItems, func(c lambda.FunctionEventInvokeConfig) string { return *c.FunctionArn })
	return &lambda.ListFunctionEventInvokeConfigsResponse{FunctionEventInvokeConfigs: page, NextMarker: next}, nil
}

// missing returns instead of the fault that a function is not there another one,
// and any other error as it is.
func missing(err error, ref execution.FunctionRef, fault *aws.Fault) error {
	if f := aws.AsFault(err); f != nil && f.Message == notFound(ref).Message {
		return fault
	}
	return err
}

// with returns a copy of a map with an entry more: a document's maps may be
// shared with what was read before the change.
func with[V any](m map[string]V, key string, v V) map[string]V {
	c := maps.Clone(m)
	if c == nil {
		c = map[string]V{}
	}
	c[key] = v
	return c
}

// less returns a copy of a map without an entry.
func less[V any](m map[string]V, key string) map[string]V {
	c := maps.Clone(m)
	delete(c, key)
	return c
}
