package lambda

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// publish makes a version of the unpublished one and returns it. A function
// that has not changed since its last version gets no new one.
func (s *Service) publish(f *execution.Function, description *string) (*execution.Configuration, error) {
	mark, err := fingerprint(f.Latest)
	if err != nil {
		return nil, err
	}
	if last, ok := f.Versions[strconv.Itoa(f.NextVersion-1)]; ok && last.Fingerprint == mark {
		return &last, nil
	}
	if err := s.checkStored(f.Account, f.Region, f.Latest.Code.Size); err != nil {
		return nil, err
	}
	v := f.Latest
	if v.NextImage != nil {
		takeNext(&v) // it comes with its function's own
		v.State, v.StateReason, v.StateReasonCode = pending, beingCreated, creatingCode
		v.LastUpdateStatus, v.LastUpdateReason, v.LastUpdateReasonCode = "", "", ""
	}
	v.Version = strconv.Itoa(f.NextVersion)
	v.RevisionID = aws.NewUUID()
	v.Fingerprint = mark
	set(&v.Description, description)
	// The map may be shared with what was read before the change.
	f.Versions = maps.Clone(f.Versions)
	if f.Versions == nil {
		f.Versions = map[string]execution.Configuration{}
	}
	f.Versions[v.Version] = v
	f.NextVersion++
	// AWS: publishing moves the revision of $LATEST too.
	f.Latest.RevisionID = aws.NewUUID()
	return &v, nil
}

// PublishVersion makes a version of a function as it is now.
func (s *Service) PublishVersion(ctx context.Context, in *lambda.PublishVersionRequest) (*lambda.FunctionConfiguration, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), nil)
	if err != nil {
		return nil, err
	}
	if err := unqualified(ref); err != nil {
		return nil, err
	}
	if in.PublishTo != nil {
		return nil, unsupported("PublishTo")
	}
	var v *execution.Configuration
	_, err = s.update(ctx, ref, func(f *execution.Function) error {
		if err := checkRevision(in.RevisionId, f.Latest.RevisionID, "GetFunction/GetAlias"); err != nil {
			return err
		}
		if err := checkIdle(ref, &f.Latest); err != nil {
			return err
		}
		if is := f.Latest.Code.SHA256; aws.Value(in.CodeSha256) != "" && *in.CodeSha256 != is {
			return invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", *in.CodeSha256, is)
		}
		var err error
		v, err = s.publish(f, in.Description)
		return err
	})
	if err != nil {
		return nil, err
	}
	ref.Qualifier = v.Version
	return render(ref, v), nil
}

// ListVersionsByFunction lists a function's versions.
func (s *Service) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionRequest) (*lambda.ListVersionsByFunctionResponse, error) {
	ref, err := parseName(aws.CallerFrom(ctx), aws.Value(in.FunctionName), nil)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ref)
	if err != nil {
		return nil, err
	}
	page, next := paginate(renderVersions(f), in.Marker, in.MaxItems, versionOrder)
	return &lambda.ListVersionsByFunctionResponse{Versions: page, NextMarker: next}, nil
}

// forget removes what a function has for a version or an alias that is deleted.
func forget(f *execution.Function, qualifier string) {
	f.Policies = less(f.Policies, qualifier)
	f.EventInvoke = less(f.EventInvoke, qualifier)
	f.Provisioned = less(f.Provisioned, qualifier)
	f.Runtimes = less(f.Runtimes, qualifier)
}

// deleteVersion deletes one version. A version that an alias names stays.
func (s *Service) deleteVersion(ctx context.Context, ref execution.FunctionRef, version string) (*lambda.DeleteFunctionResponse, error) {
	var before execution.Function
	after, err := s.update(ctx, ref, func(f *execution.Function) error {
		before = *f
		var users []string
		for _, name := range slices.Sorted(maps.Keys(f.Aliases)) {
			if leadsTo(f.Aliases[name], version) {
				users = append(users, name)
			}
		}
		if len(users) > 0 {
			// AWS: the words that users report.
			return conflict("Unable to delete version because the following aliases reference it: [%s]", strings.Join(users, ", "))
		}
		f.Versions = less(f.Versions, version)
		forget(f, version)
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.dropPackages(&before, after)
	return &lambda.DeleteFunctionResponse{StatusCode: new(int32(204))}, nil
}
