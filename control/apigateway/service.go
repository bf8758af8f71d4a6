package apigateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/state"
)

// Config is what a Service needs.
type Config struct {
	Documents state.Documents
	Clock     aws.Clock
	Log       *slog.Logger

	// Roles tells whether the role for an account's logs exists. Without it,
	// UpdateAccount takes any role.
	Roles iam.GetRoleAPI

	// Tests serves TestInvokeMethod.
	Tests TestInvoker
}

// A Service implements AWS API Gateway's operations on REST APIs.
type Service struct {
	docs  state.Documents
	clock aws.Clock
	log   *slog.Logger
	roles iam.GetRoleAPI
	tests TestInvoker
}

// New returns a Service, having removed the deployments that a crash left
// without an API.
func New(c Config) *Service {
	s := &Service{docs: c.Documents, clock: c.Clock, log: c.Log, roles: c.Roles, tests: c.Tests}
	s.collect(context.Background())
	return s
}

func badRequest(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "BadRequestException", format, args...)
}

func notFound(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusNotFound, "NotFoundException", format, args...)
}

func conflict(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusConflict, "ConflictException", format, args...)
}

// notBuilt refuses what AWS has and lamgate lacks.
func notBuilt(what string) *aws.Fault {
	return badRequest("lamgate does not support %s yet", what)
}

func noAPI(ctx context.Context, id string) *aws.Fault {
	return notFound("Invalid API identifier specified %s:%s", aws.CallerFrom(ctx).Account, id)
}

// load returns an API of the caller's, or absent if there is none: to everyone
// else an API does not exist.
func (s *Service) load(ctx context.Context, id string, absent error) (*restAPI, error) {
	a, err := s.find(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return nil, absent
	}
	return a, err
}

func (s *Service) find(ctx context.Context, id string) (*restAPI, error) {
	// The key would be malformed, or another document's.
	if !isID(id) {
		return nil, state.ErrNotFound
	}
	a, err := state.Load[restAPI](s.docs, plan.RestAPIKey(id))
	if err != nil {
		return nil, err
	}
	if !a.belongsTo(ctx) {
		return nil, state.ErrNotFound
	}
	return a, nil
}

// change loads an API of the caller's, applies f and stores what f made of it.
// f runs again if another writer was faster.
func (s *Service) change(ctx context.Context, id string, absent error, f func(*restAPI) error) error {
	if !isID(id) {
		return absent
	}
	_, err := state.Update(ctx, s.docs, plan.RestAPIKey(id), func(a *restAPI) error {
		if !a.belongsTo(ctx) {
			return state.ErrNotFound
		}
		return f(a)
	})
	if errors.Is(err, state.ErrNotFound) {
		return absent
	}
	return err
}

// eachAPI calls f with every API of the caller's.
func (s *Service) eachAPI(ctx context.Context, f func(*restAPI) error) error {
	all, err := state.LoadAll[restAPI](s.docs, plan.RestAPIsPrefix)
	if err != nil {
		return err
	}
	for _, a := range all {
		if !a.belongsTo(ctx) {
			continue
		}
		if err := f(a); err != nil {
			return err
		}
	}
	return nil
}

// isID reports whether s could be the ID of an API, a resource or a deployment.
func isID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// optional is a pointer to v, or nil for the zero value: AWS leaves out of its
// answers what is not set.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
