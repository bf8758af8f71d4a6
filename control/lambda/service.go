package lambda

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

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

	// FindRuntime returns an error if the host cannot run a runtime, and a
	// warning if it runs it by another version's interpreter.
	FindRuntime func(runtime string) (warning string, err error)
	// CodeLocation returns the URL at which a deployment package can be
	// fetched, given its key in the blob store.
	CodeLocation func(ctx context.Context, blob string) string
	// StrictRuntimes refuses the runtimes that AWS no longer creates.
	StrictRuntimes bool
}

// A Service implements AWS Lambda's operations.
type Service struct{ Config }

// New returns the service, having removed deployment packages that no function
// refers to any more.
func New(ctx context.Context, c Config) *Service {
	s := &Service{c}
	s.collectPackages(ctx)
	return s
}

// collectPackages deletes the packages whose function, or whose place in it, is
// gone: a crash may come between a document and its blobs.
func (s *Service) collectPackages(ctx context.Context) {
	keys := s.Blobs.List(codePrefix)
	if len(keys) == 0 {
		return
	}
	functions, err := state.LoadAll[execution.Function](s.Documents, execution.FunctionsPrefix)
	if err != nil {
		s.Log.Error("deployment packages were not collected", "error", err)
		return
	}
	used := map[string]bool{}
	for _, f := range functions {
		for blob := range packagesOf(f) {
			used[blob] = true
		}
	}
	for _, key := range keys {
		if !used[key] {
			if err := s.Blobs.Delete(ctx, key); err != nil {
				s.Log.Error("an unused deployment package remains", "key", key, "error", err)
			}
		}
	}
}

// packagesOf returns the blob keys of all packages that a function uses.
func packagesOf(f *execution.Function) map[string]bool {
	used := map[string]bool{f.Latest.Code.Blob: true}
	for _, v := range f.Versions {
		used[v.Code.Blob] = true
	}
	return used
}

// graceForPackages is how long a replaced package stays: an environment whose
// start began before the replacement may still be unpacking it.
const graceForPackages = 5 * time.Minute

// dropPackages deletes, after a while, the packages that before used and after
// does not; after is nil for a function that is gone.
func (s *Service) dropPackages(before, after *execution.Function) {
	var used map[string]bool
	if after != nil {
		used = packagesOf(after)
	}
	for blob := range packagesOf(before) {
		if used[blob] {
			continue
		}
		s.Clock.AfterFunc(graceForPackages, func() {
			if err := s.Blobs.Delete(context.Background(), blob); err != nil {
				s.Log.Error("an unused deployment package remains", "key", blob, "error", err)
			}
		})
	}
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
