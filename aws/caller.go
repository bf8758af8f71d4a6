package aws

import "context"

const (
	// DefaultAccount is the account of callers whose access key names none.
	DefaultAccount = "000000000000"
	// DefaultRegion is the region of requests whose signature names none.
	DefaultRegion = "us-east-1"
)

// A Caller is who makes a request: taken from its signature by wire, and from
// there in the context of everything done on the caller's behalf.
type Caller struct {
	Account     string // twelve digits
	Region      string
	AccessKeyID string
	ARN         string // arn:aws:iam::ACCOUNT:root, or an assumed role's session
	UserID      string // as sts GetCallerIdentity tells it
	RoleARN     string // of the role whose session it is; else empty
}

// NewARN returns the ARN of a resource that the caller owns in their region.
func (c Caller) NewARN(service, resource string) ARN {
	return NewARN(service, c.Region, c.Account, resource)
}

type callerKey struct{}

// WithCaller returns a context that carries c.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the caller that ctx carries; without one, the root of the
// default account in the default region.
func CallerFrom(ctx context.Context) Caller {
	if c, ok := ctx.Value(callerKey{}).(Caller); ok {
		return c
	}
	return Caller{
		Account: DefaultAccount,
		Region:  DefaultRegion,
		ARN:     NewARN("iam", "", DefaultAccount, "root").String(),
		UserID:  DefaultAccount,
	}
}

type requestIDKey struct{}

// WithRequestID returns a context that carries the ID of the request it serves.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestIDFrom returns the ID of the request that ctx serves, or "".
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

type traceKey struct{}

// WithTrace returns a context that carries the X-Amzn-Trace-Id of the request it
// serves.
func WithTrace(ctx context.Context, header string) context.Context {
	return context.WithValue(ctx, traceKey{}, header)
}

// TraceFrom returns the X-Amzn-Trace-Id of the request that ctx serves, or "".
func TraceFrom(ctx context.Context) string {
	header, _ := ctx.Value(traceKey{}).(string)
	return header
}
