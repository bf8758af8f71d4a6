package lambda

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"

	"github.com/lamgate/lamgate/api/s3"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
	"github.com/lamgate/lamgate/telemetry"
)

// Config is what a Service needs.
type Config struct {
	Documents state.Documents
	Blobs     state.Blobs
	Invoker   execution.Invoker
	Packages  s3.GetObjectAPI // for code given as S3Bucket and S3Key
	Roles     *policy.Roles
	Journeys  *telemetry.Journeys
	Clock     aws.Clock
	Log       *slog.Logger

	// Images are the container images; without them functions have packages.
	Images Images
	// WithoutIsolation says that functions' processes have the host's root as
	// theirs: they can have no image's, and links out of packages would lead to it.
	WithoutIsolation bool
	// Provisioner tells how far provisioned concurrency is; without it nothing
	// is ever ready.
	Provisioner execution.Provisioner

	// FindRuntime returns an error if the host cannot run a runtime for an
	// architecture, and a warning if it runs it by another version's
	// interpreter.
	FindRuntime func(runtime, architecture string) (warning string, err error)
	// CodeLocation returns the URL at which a deployment package can be
	// fetched, given its key in the blob store.
	CodeLocation func(ctx context.Context, blob string) string
	// URLOf returns a function URL, given its ID; without it they are AWS's.
	URLOf func(id, region string) string
	// StrictRuntimes refuses the runtimes that AWS no longer creates.
	StrictRuntimes bool
}

// A Service implements AWS Lambda's operations.
type Service struct {
	Config
	life context.Context // of what goes on behind the operations
	end  context.CancelFunc
	work sync.WaitGroup

	// several is held where a write depends on other documents than its own, so
	// that two callers do not both find room for themselves.
	several sync.Mutex
	stored  storage

	denials *state.View[denials] // of functions' policies
}

// New returns the service, having removed deployment packages that no function
// refers to any more. Images that were on their way when the server stopped are
// pulled on.
func New(ctx context.Context, c Config) *Service {
	if c.URLOf == nil {
		c.URLOf = func(id, region string) string { return "https://" + id + ".lambda-url." + region + ".on.aws/" }
	}
	s := &Service{Config: c}
	s.denials = state.NewView(c.Documents, execution.FunctionsPrefix, formDenials, func(key string, err error) {
		c.Log.Error("a function's policy cannot be read", "key", key, "error", err)
	})
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	s.collectPackages(ctx)
	s.pullOn()
	return s
}

// Close ends what goes on behind the operations.
func (s *Service) Close() {
	s.end()
	s.work.Wait()
	s.stored.close()
	s.denials.Close()
}

// load returns a function's document, or AWS's fault for one that is not there;
// the fault names the function as ref does.
func (s *Service) load(ref execution.FunctionRef) (*execution.Function, error) {
	f, err := state.Load[execution.Function](s.Documents, ref.Key())
	if errors.Is(err, state.ErrNotFound) {
		return nil, notFound(ref)
	}
	return f, err
}

// update changes a function's document.
func (s *Service) update(ctx context.Context, ref execution.FunctionRef, change func(*execution.Function) error) (*execution.Function, error) {
	f, err := state.Update(ctx, s.Documents, ref.Key(), change)
	if errors.Is(err, state.ErrNotFound) {
		return nil, notFound(ref)
	}
	return f, err
}

// userFault is a fault of Lambda's that blames the caller.
func userFault(status int, code, format string, args ...any) *aws.Fault {
	return aws.Faultf(status, code, format, args...).With("Type", "User")
}

func invalid(format string, args ...any) *aws.Fault {
	return userFault(http.StatusBadRequest, "InvalidParameterValueException", format, args...)
}

func notFound(ref execution.FunctionRef) *aws.Fault {
	return userFault(http.StatusNotFound, "ResourceNotFoundException", "Function not found: %s", ref.ARN())
}

// noResource is how many operations say that what they look for is not there,
// be it the function or something of it.
func noResource() *aws.Fault {
	return userFault(http.StatusNotFound, "ResourceNotFoundException", "The resource you requested does not exist.")
}

func conflict(format string, args ...any) *aws.Fault {
	return userFault(http.StatusConflict, "ResourceConflictException", format, args...)
}

// checkRevision compares the revision that a caller wants to change with the
// one that is there. get is the operation that tells the current one.
func checkRevision(want *string, is, get string) error {
	if want == nil || *want == "" || *want == is {
		return nil
	}
	return userFault(http.StatusPreconditionFailed, "PreconditionFailedException",
		"The Revision Id provided does not match the latest Revision Id. Call the %s API to retrieve the latest Revision Id", get)
}
