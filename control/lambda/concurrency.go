package lambda

import (
	"context"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

const (
	// accountConcurrency is how many requests an account's functions may serve
	// at once, AWS's default quota.
	accountConcurrency = 1000
	// minUnreserved is how much of it reservations must leave.
	minUnreserved = 100
)

// PutFunctionConcurrency reserves a part of the account's concurrency for a
// function, and limits the function to it.
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyRequest) (*lambda.Concurrency, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	if _, err := s.load(ref); err != nil {
		named := ref
		named.Qualifier = execution.Latest
		return nil, renamed(err, named)
	}
	n := int(aws.Value(in.ReservedConcurrentExecutions))
	s.several.Lock()
	defer s.several.Unlock()
	functions, err := s.functionsOf(ref.Account, ref.Region)
	if err != nil {
		return nil, err
	}
	reserved := n
	for _, f := range functions {
		if f.Name != ref.Name {
			reserved += claimed(f)
		}
	}
	if reserved > accountConcurrency-minUnreserved {
		return nil, aws.Faultf(400, "InvalidParameterValueException", "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if p := provisioned(f); n < p {
			return invalid("ReservedConcurrentExecutions %d should not be lower than function's total provisioned concurrency [%d].", n, p)
		}
		f.ReservedConcurrency = &n
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.Concurrency{ReservedConcurrentExecutions: in.ReservedConcurrentExecutions}, nil
}

// GetFunctionConcurrency shows what is reserved for a function.
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *lambda.GetFunctionConcurrencyRequest) (*lambda.GetFunctionConcurrencyResponse, error) {
	_, f, err := s.loadOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	out := &lambda.GetFunctionConcurrencyResponse{}
	if f.ReservedConcurrency != nil {
		out.ReservedConcurrentExecutions = new(int32(*f.ReservedConcurrency))
	}
	return out, nil
}

// DeleteFunctionConcurrency gives a reservation back.
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *lambda.DeleteFunctionConcurrencyRequest) (*lambda.DeleteFunctionConcurrencyOutput, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		f.ReservedConcurrency = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionConcurrencyOutput{}, nil
}

// GetAccountSettings shows the account's quotas and what of them is used.
func (s *Service) GetAccountSettings(ctx context.Context, _ *lambda.GetAccountSettingsRequest) (*lambda.GetAccountSettingsResponse, error) {
	caller := aws.CallerFrom(ctx)
	functions, err := s.functionsOf(caller.Account, caller.Region)
	if err != nil {
		return nil, err
	}
	unreserved := accountConcurrency
	for _, f := range functions {
		unreserved -= claimed(f)
	}
	return &lambda.GetAccountSettingsResponse{
		AccountLimit: &lambda.AccountLimit{
			TotalCodeSize:                  new(int64(maxStored)),
			CodeSizeUnzipped:               new(int64(maxUnzipped)),
			CodeSizeZipped:                 new(int64(maxZipped)),
			ConcurrentExecutions:           new(int32(accountConcurrency)),
			UnreservedConcurrentExecutions: new(int32(unreserved)),
		},
		AccountUsage: &lambda.AccountUsage{TotalCodeSize: new(s.codeStored(caller.Account, caller.Region)), FunctionCount: new(int64(len(functions)))},
	}, nil
}

// functionOnly reads a name that must carry no qualifier.
func (s *Service) functionOnly(ctx context.Context, name *string) (execution.FunctionRef, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(name), nil)
	if err != nil {
		return ref, err
	}
	return ref, unqualified(ref)
}

// loadOnly returns the function of a name that must carry no qualifier.
func (s *Service) loadOnly(ctx context.Context, name *string) (execution.FunctionRef, *execution.Function, error) {
	ref, err := s.functionOnly(ctx, name)
	if err != nil {
		return ref, nil, err
	}
	f, err := s.load(ref)
	return ref, f, err
}

func (s *Service) functionsOf(account, region string) ([]*execution.Function, error) {
	return state.LoadAll[execution.Function](s.Documents, execution.FunctionsPrefix+account+"/"+region+"/")
}
