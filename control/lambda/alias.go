package lambda

import (
	"context"
	"maps"
	"slices"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// CreateAlias names a version.
func (s *Service) CreateAlias(ctx context.Context, in *lambda.CreateAliasRequest) (*lambda.AliasConfiguration, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	name := aws.Value(in.Name)
	a := execution.Alias{Name: name, Version: aws.Value(in.FunctionVersion), Description: aws.Value(in.Description), RevisionID: aws.NewUUID()}
	if in.RoutingConfig != nil {
		a.RoutingWeights = in.RoutingConfig.AdditionalVersionWeights
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if err := checkTarget(f, ref, a); err != nil {
			return err
		}
		if _, exists := f.Aliases[name]; exists {
			ref.Qualifier = name
			return conflict("Alias already exists: %s", ref.ARN())
		}
		f.Aliases = maps.Clone(f.Aliases)
		if f.Aliases == nil {
			f.Aliases = map[string]execution.Alias{}
		}
		f.Aliases[name] = a
		return nil
	})
	if err != nil {
		ref.Qualifier = a.Version
		return nil, renamed(err, ref)
	}
	return renderAlias(ref, a), nil
}

// renamed lets a fault about a missing function name it as ref does.
func renamed(err error, ref execution.FunctionRef) error {
	bare := ref
	bare.Qualifier = ""
	if f := aws.AsFault(err); f != nil && f.Message == notFound(bare).Message {
		return notFound(ref)
	}
	return err
}

// checkTarget checks the versions that an alias leads to.
//
// AWS: the order of the checks and their words are those of recorded answers.
func checkTarget(f *execution.Function, ref execution.FunctionRef, a execution.Alias) error {
	if len(a.RoutingWeights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for _, version := range slices.Sorted(maps.Keys(a.RoutingWeights)) {
		if version == a.Version {
			return invalid("Invalid function version %s. Function version %s is already included in routing configuration.", version, version)
		}
		if a.Version == execution.Latest {
			return aws.Faultf(400, "InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version")
		}
		if err := checkVersion(f, ref, version); err != nil {
			return err
		}
	}
	if err := checkVersion(f, ref, a.Version); err != nil {
		return err
	}
	for version := range a.RoutingWeights {
		// AWS: the words that users report. The guide asks the same of their
		// dead-letter queues, in words that nobody has reported.
		if f.Versions[version].Role != f.Versions[a.Version].Role {
			return invalid("Specified versions must be associated with the same execution role")
		}
		if f.Versions[version].DeadLetterTarget != f.Versions[a.Version].DeadLetterTarget {
			return invalid("Specified versions must be associated with the same dead-letter queue")
		}
	}
	return nil
}

func checkVersion(f *execution.Function, ref execution.FunctionRef, version string) error {
	if version == execution.Latest {
		return nil
	}
	if _, ok := f.Versions[version]; !ok {
		ref.Qualifier = version
		return notFound(ref)
	}
	return nil
}

func renderAlias(ref execution.FunctionRef, a execution.Alias) *lambda.AliasConfiguration {
	ref.Qualifier = a.Name
	out := &lambda.AliasConfiguration{
		AliasArn:        new(ref.ARN()),
		Name:            new(a.Name),
		FunctionVersion: new(a.Version),
		Description:     new(a.Description),
		RevisionId:      new(a.RevisionID),
	}
	if len(a.RoutingWeights) > 0 {
		out.RoutingConfig = &lambda.AliasRoutingConfiguration{AdditionalVersionWeights: a.RoutingWeights}
	}
	return out
}

// GetAlias shows an alias.
func (s *Service) GetAlias(ctx context.Context, in *lambda.GetAliasRequest) (*lambda.AliasConfiguration, error) {
	ref, f, err := s.loadOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	a, ok := f.Aliases[aws.Value(in.Name)]
	if !ok {
		return nil, noAlias(ref, aws.Value(in.Name))
	}
	return renderAlias(ref, a), nil
}

func noAlias(ref execution.FunctionRef, name string) error {
	ref.Qualifier = name
	return userFault(404, "ResourceNotFoundException", "Cannot find alias arn: %s", ref.ARN())
}

// ListAliases lists a function's aliases, or those that lead to one version.
func (s *Service) ListAliases(ctx context.Context, in *lambda.ListAliasesRequest) (*lambda.ListAliasesResponse, error) {
	ref, f, err := s.loadOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	var list []lambda.AliasConfiguration
	for _, name := range slices.Sorted(maps.Keys(f.Aliases)) {
		a := f.Aliases[name]
		_, routed := a.RoutingWeights[aws.Value(in.FunctionVersion)]
		if in.FunctionVersion == nil || *in.FunctionVersion == a.Version || routed {
			list = append(list, *renderAlias(ref, a))
		}
	}
	page, next := paginate(list, in.Marker, in.MaxItems, func(a lambda.AliasConfiguration) string { return *a.Name })
	return &lambda.ListAliasesResponse{Aliases: page, NextMarker: next}, nil
}

// UpdateAlias changes where an alias leads to.
func (s *Service) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasRequest) (*lambda.AliasConfiguration, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	name := aws.Value(in.Name)
	var a execution.Alias
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		var ok bool
		if a, ok = f.Aliases[name]; !ok {
			ref.Qualifier = name
			return userFault(404, "ResourceNotFoundException", "Alias not found: %s", ref.ARN())
		}
		if err := checkRevision(in.RevisionId, a.RevisionID, "GetFunction/GetAlias"); err != nil {
			return err
		}
		set(&a.Version, in.FunctionVersion)
		set(&a.Description, in.Description)
		if in.RoutingConfig != nil {
			a.RoutingWeights = in.RoutingConfig.AdditionalVersionWeights
		}
		if err := checkTarget(f, ref, a); err != nil {
			return err
		}
		if _, ok := f.Provisioned[name]; ok {
			if err := checkAliasProvision(f, a); err != nil {
				return err
			}
		}
		a.RevisionID = aws.NewUUID()
		f.Aliases = maps.Clone(f.Aliases)
		f.Aliases[name] = a
		return nil
	})
	if err != nil {
		return nil, err
	}
	return renderAlias(ref, a), nil
}

// DeleteAlias removes an alias with all that is set for it but its URL. One that
// does not exist is no error.
//
// AWS: the URL stays until it is deleted itself (as LocalStack has recorded,
// github.com/localstack/localstack/pull/11288). It lets nobody in: the policy
// goes with the alias.
func (s *Service) DeleteAlias(ctx context.Context, in *lambda.DeleteAliasRequest) (*lambda.DeleteAliasOutput, error) {
	ref, err := s.functionOnly(ctx, in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		f.Aliases = less(f.Aliases, aws.Value(in.Name))
		forget(f, aws.Value(in.Name))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteAliasOutput{}, nil
}
