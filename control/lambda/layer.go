package lambda

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

// numbersPrefix is the prefix of the documents that keep a layer's last version
// number: it goes up also when versions have been deleted.
const numbersPrefix = "layer-numbers/"

type layerNumber struct{ Last int }

// A layerRef names a layer, and one of its versions unless that is 0.
type layerRef struct {
	account, region, name string
	version               int
}

func (r layerRef) arn() string {
	return aws.NewARN("lambda", r.region, r.account, "layer:"+r.name).String()
}

func (r layerRef) versionARN() string { return r.arn() + ":" + strconv.Itoa(r.version) }

func (r layerRef) key() string { return execution.LayerKey(r.account, r.region, r.name, r.version) }

// isOf reports whether the layer is the caller's, in the region of the call.
func (r layerRef) isOf(caller aws.Caller) bool {
	return r.account == caller.Account && r.region == caller.Region
}

// prefix is that of the layer's versions.
func (r layerRef) prefix() string {
	return execution.LayersPrefix + r.account + "/" + r.region + "/" + r.name + "/"
}

// parseLayer reads a layer's name, or its ARN with a version or without one.
func parseLayer(caller aws.Caller, name string) (layerRef, error) {
	ref := layerRef{account: caller.Account, region: caller.Region, name: name}
	if !strings.HasPrefix(name, "arn:") {
		return ref, nil
	}
	a, err := aws.ParseARN(name)
	if err != nil {
		return ref, invalid("%s is no ARN of a layer.", name)
	}
	parts := strings.Split(a.Resource, ":")
	if parts[0] == "awslayer" {
		return ref, unsupported("layers that AWS provides by name (%s)", name)
	}
	if parts[0] != "layer" || len(parts) < 2 {
		return ref, invalid("%s is no ARN of a layer.", name)
	}
	ref = layerRef{account: a.Account, region: a.Region, name: parts[1]}
	if len(parts) == 3 {
		// What does not fit is no version that exists.
		if ref.version, err = strconv.Atoi(parts[2]); err != nil {
			ref.version = -1
		}
	}
	return ref, nil
}

// layerVersion reads a layer's name and a version's number.
func layerVersion(ctx context.Context, name *string, number *int64) (layerRef, error) {
	ref, err := parseLayer(aws.CallerFrom(ctx), aws.Value(name))
	if err != nil {
		return ref, err
	}
	if ref.version = int(aws.Value(number)); ref.version < 1 {
		return ref, invalid("Layer Version Cannot be less than 1")
	}
	return ref, nil
}

// PublishLayerVersion makes a version of a layer, with the next number.
func (s *Service) PublishLayerVersion(ctx context.Context, in *lambda.PublishLayerVersionRequest) (*lambda.PublishLayerVersionResponse, error) {
	caller := aws.CallerFrom(ctx)
	ref, err := parseLayer(caller, aws.Value(in.LayerName))
	if err != nil {
		return nil, err
	}
	if !ref.isOf(caller) {
		return nil, aws.Faultf(http.StatusForbidden, "AccessDeniedException", "")
	}
	content := aws.Value(in.Content)
	b, size, err := s.readPackage(ctx, codeSource{
		zipFile: content.ZipFile, bucket: content.S3Bucket, key: content.S3Key, version: content.S3ObjectVersion, storageMode: content.S3ObjectStorageMode,
	})
	if err != nil {
		return nil, err
	}
	if err := s.checkStored(ref.account, ref.region, int64(len(b))); err != nil {
		return nil, err
	}
	if ref.version, err = s.nextLayerVersion(ctx, ref); err != nil {
		return nil, err
	}
	code, err := s.storePackage(ctx, "layers/"+ref.account+"/"+ref.region+"/"+ref.name, b, size)
	if err != nil {
		return nil, err
	}
	v := &execution.LayerVersion{
		Account: ref.account, Region: ref.region, Name: ref.name, Version: ref.version,
		Description: aws.Value(in.Description), License: aws.Value(in.LicenseInfo),
		Runtimes: in.CompatibleRuntimes, Architectures: in.CompatibleArchitectures,
		Created: s.Clock.Now().UTC(), Code: code,
	}
	if err := state.Create(ctx, s.Documents, ref.key(), v); err != nil {
		s.discard(ctx, code, err)
		return nil, err
	}
	out := lambda.PublishLayerVersionResponse(*s.renderLayerVersion(ctx, v))
	return &out, nil
}

// nextLayerVersion takes the number of a layer's next version.
func (s *Service) nextLayerVersion(ctx context.Context, ref layerRef) (int, error) {
	key := numbersPrefix + ref.account + "/" + ref.region + "/" + ref.name
	for {
		n, err := state.Update(ctx, s.Documents, key, func(n *layerNumber) error {
			n.Last++
			return nil
		})
		if err == nil {
			return n.Last, nil
		}
		if !errors.Is(err, state.ErrNotFound) {
			return 0, err
		}
		if err = state.Create(ctx, s.Documents, key, layerNumber{1}); err == nil {
			return 1, nil
		}
		if !errors.Is(err, state.ErrConflict) {
			return 0, err
		}
	}
}

func (s *Service) renderLayerVersion(ctx context.Context, v *execution.LayerVersion) *lambda.GetLayerVersionResponse {
	ref := layerRef{v.Account, v.Region, v.Name, v.Version}
	item := renderLayerItem(v)
	return &lambda.GetLayerVersionResponse{
		Content: &lambda.LayerVersionContentOutput{
			Location: new(s.CodeLocation(ctx, v.Code.Blob)), CodeSha256: new(v.Code.SHA256), CodeSize: new(v.Code.Size),
		},
		LayerArn: new(ref.arn()), LayerVersionArn: item.LayerVersionArn, Description: item.Description, CreatedDate: item.CreatedDate,
		Version: item.Version, CompatibleArchitectures: item.CompatibleArchitectures, CompatibleRuntimes: item.CompatibleRuntimes, LicenseInfo: item.LicenseInfo,
	}
}

func renderLayerItem(v *execution.LayerVersion) *lambda.LayerVersionsListItem {
	item := &lambda.LayerVersionsListItem{
		LayerVersionArn:         new(layerRef{v.Account, v.Region, v.Name, v.Version}.versionARN()),
		Version:                 new(int64(v.Version)),
		Description:             new(v.Description),
		CreatedDate:             new(v.Created.Format(timeFormat)),
		CompatibleArchitectures: v.Architectures,
		CompatibleRuntimes:      v.Runtimes,
	}
	if v.License != "" {
		item.LicenseInfo = new(v.License)
	}
	return item
}

// readLayer loads a version that the caller may read: their own, or one whose
// policy lets them.
func (s *Service) readLayer(ctx context.Context, ref layerRef) (*execution.LayerVersion, error) {
	v, err := state.Load[execution.LayerVersion](s.Documents, ref.key())
	caller := aws.CallerFrom(ctx)
	if ref.account != caller.Account && (err != nil || !s.mayReadLayer(ctx, ref, v)) {
		if err != nil && !errors.Is(err, state.ErrNotFound) {
			return nil, err
		}
		// AWS: that a foreign layer does not exist is not told.
		return nil, notAllowed(caller, readLayerAction, ref.versionARN())
	}
	return v, err
}

// GetLayerVersion shows a version of a layer and where it can be fetched.
func (s *Service) GetLayerVersion(ctx context.Context, in *lambda.GetLayerVersionRequest) (*lambda.GetLayerVersionResponse, error) {
	ref, err := layerVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	return s.showLayer(ctx, ref)
}

// GetLayerVersionByArn is GetLayerVersion by ARN.
func (s *Service) GetLayerVersionByArn(ctx context.Context, in *lambda.GetLayerVersionByArnRequest) (*lambda.GetLayerVersionResponse, error) {
	ref, err := parseLayer(aws.CallerFrom(ctx), aws.Value(in.Arn))
	if err != nil {
		return nil, err
	}
	return s.showLayer(ctx, ref)
}

func (s *Service) showLayer(ctx context.Context, ref layerRef) (*lambda.GetLayerVersionResponse, error) {
	v, err := s.readLayer(ctx, ref)
	if errors.Is(err, state.ErrNotFound) {
		return nil, noResource()
	}
	if err != nil {
		return nil, err
	}
	return s.renderLayerVersion(ctx, v), nil
}

// DeleteLayerVersion deletes a version; functions that have it keep its code.
// One that does not exist is no error.
func (s *Service) DeleteLayerVersion(ctx context.Context, in *lambda.DeleteLayerVersionRequest) (*lambda.DeleteLayerVersionOutput, error) {
	ref, err := layerVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	if !ref.isOf(aws.CallerFrom(ctx)) {
		return nil, aws.Faultf(http.StatusForbidden, "AccessDeniedException", "")
	}
	var blob string
	err = state.Remove(ctx, s.Documents, ref.key(), func(v *execution.LayerVersion) error {
		blob = v.Code.Blob
		return nil
	})
	if err != nil && !errors.Is(err, state.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		s.drop(blob)
	}
	return &lambda.DeleteLayerVersionOutput{}, nil
}

// ListLayerVersions lists a layer's versions, the newest first.
func (s *Service) ListLayerVersions(ctx context.Context, in *lambda.ListLayerVersionsRequest) (*lambda.ListLayerVersionsResponse, error) {
	ref, err := parseLayer(aws.CallerFrom(ctx), aws.Value(in.LayerName))
	if err != nil {
		return nil, err
	}
	versions, err := s.layerVersions(ref.prefix())
	if err != nil {
		return nil, err
	}
	var list []lambda.LayerVersionsListItem
	for _, v := range versions {
		mine := ref.account == aws.CallerFrom(ctx).Account
		if suits(v, in.CompatibleRuntime, in.CompatibleArchitecture) && (mine || s.mayReadLayer(ctx, layerRef{v.Account, v.Region, v.Name, v.Version}, v)) {
			list = append(list, *renderLayerItem(v))
		}
	}
	page, next := paginate(list, in.Marker, in.MaxItems, func(v lambda.LayerVersionsListItem) string { return fmt.Sprintf("%010d", math.MaxInt32-*v.Version) })
	return &lambda.ListLayerVersionsResponse{LayerVersions: page, NextMarker: next}, nil
}

// ListLayers lists the caller's layers, each with its newest version that suits.
func (s *Service) ListLayers(ctx context.Context, in *lambda.ListLayersRequest) (*lambda.ListLayersResponse, error) {
	caller := aws.CallerFrom(ctx)
	versions, err := s.layerVersions(execution.LayersPrefix + caller.Account + "/" + caller.Region + "/")
	if err != nil {
		return nil, err
	}
	var list []lambda.LayersListItem
	for _, v := range versions {
		if n := len(list); n > 0 && *list[n-1].LayerName == v.Name || !suits(v, in.CompatibleRuntime, in.CompatibleArchitecture) {
			continue
		}
		list = append(list, lambda.LayersListItem{
			LayerName: new(v.Name), LayerArn: new(layerRef{account: v.Account, region: v.Region, name: v.Name}.arn()), LatestMatchingVersion: renderLayerItem(v),
		})
	}
	page, next := paginate(list, in.Marker, in.MaxItems, func(l lambda.LayersListItem) string { return *l.LayerName })
	return &lambda.ListLayersResponse{Layers: page, NextMarker: next}, nil
}

// layerVersions returns the versions under a prefix, by name and the newest
// first.
func (s *Service) layerVersions(prefix string) ([]*execution.LayerVersion, error) {
	versions, err := state.LoadAll[execution.LayerVersion](s.Documents, prefix)
	slices.SortStableFunc(versions, func(a, b *execution.LayerVersion) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return b.Version - a.Version
	})
	return versions, err
}

// suits reports whether a version says that it is for a runtime and an
// architecture; nil stands for any.
func suits(v *execution.LayerVersion, runtime, architecture *string) bool {
	return (runtime == nil || slices.Contains(v.Runtimes, *runtime)) &&
		(architecture == nil || slices.Contains(v.Architectures, *architecture))
}
