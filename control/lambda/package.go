package lambda

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/state"
)

// layerCodePrefix is the prefix of layers' packages, which layer versions and
// any number of functions use.
const layerCodePrefix = codePrefix + "layers/"

// collectPackages deletes the packages whose owner, or whose place in it, is
// gone: a crash may come between a document and its blobs.
func (s *Service) collectPackages(ctx context.Context) {
	keys := s.Blobs.List(codePrefix)
	if len(keys) == 0 {
		return
	}
	used, err := s.usedPackages()
	if err != nil {
		s.Log.Error("deployment packages were not collected", "error", err)
		return
	}
	for _, key := range keys {
		if !used[key] {
			s.deletePackage(ctx, key)
		}
	}
}

// usedPackages returns the blob keys of all packages that functions and layers
// have.
func (s *Service) usedPackages() (map[string]bool, error) {
	used := map[string]bool{}
	functions, err := state.LoadAll[execution.Function](s.Documents, execution.FunctionsPrefix)
	if err != nil {
		return nil, fmt.Errorf("read functions: %w", err)
	}
	for _, f := range functions {
		for blob := range packagesOf(f) {
			used[blob] = true
		}
	}
	layers, err := state.LoadAll[execution.LayerVersion](s.Documents, execution.LayersPrefix)
	if err != nil {
		return nil, fmt.Errorf("read layers: %w", err)
	}
	for _, l := range layers {
		used[l.Code.Blob] = true
	}
	return used, nil
}

// packagesOf returns the blob keys of all packages that a function uses.
func packagesOf(f *execution.Function) iter.Seq[string] {
	return func(yield func(string) bool) {
		of := func(c *execution.Configuration) bool {
			if c.Code.Blob != "" && !yield(c.Code.Blob) {
				return false
			}
			for _, l := range c.Layers {
				if !yield(l.Code.Blob) {
					return false
				}
			}
			return true
		}
		if !of(&f.Latest) {
			return
		}
		for _, v := range f.Versions {
			if !of(&v) {
				return
			}
		}
	}
}

// graceForPackages is how long a replaced package stays: an environment whose
// start began before the replacement may still be unpacking it.
const graceForPackages = 5 * time.Minute

// dropPackages deletes, after a while, the packages that before used and after
// does not; after is nil for a function that is gone.
func (s *Service) dropPackages(before, after *execution.Function) {
	used := map[string]bool{}
	if after != nil {
		for blob := range packagesOf(after) {
			used[blob] = true
		}
	}
	for blob := range packagesOf(before) {
		if !used[blob] {
			used[blob] = true // once
			s.drop(blob)
		}
	}
}

// drop deletes a package after a while, unless another uses it by then. That of a
// function is no other's.
func (s *Service) drop(blob string) {
	remove := s.deletePackage
	if strings.HasPrefix(blob, layerCodePrefix) {
		remove = s.deleteUnused
	}
	s.Clock.AfterFunc(graceForPackages, func() { remove(context.Background(), blob) })
}

// deleteUnused deletes a package that nobody uses.
func (s *Service) deleteUnused(ctx context.Context, blob string) {
	used, err := s.usedPackages()
	if err != nil || used[blob] {
		return // the next start collects what remains
	}
	s.deletePackage(ctx, blob)
}

func (s *Service) deletePackage(ctx context.Context, blob string) {
	if err := s.Blobs.Delete(ctx, blob); err != nil {
		s.Log.Error("an unused deployment package remains", "key", blob, "error", err)
	}
}

// discard removes a package whose owner err has kept from being written. After an
// error that does not say so the owner may be there all the same: then it is
// looked after a while.
func (s *Service) discard(ctx context.Context, c execution.Code, err error) {
	switch {
	case c.Blob == "":
	case unwritten(err):
		// The caller may be gone; what is nobody's is to go nevertheless.
		s.deletePackage(context.WithoutCancel(ctx), c.Blob)
	default:
		s.Clock.AfterFunc(graceForPackages, func() { s.deleteUnused(context.Background(), c.Blob) })
	}
}

// unwritten reports whether a write that failed has surely left nothing: it was
// refused, or had been meant for another state of things. A disk may have become
// full before the write or while it was made.
func unwritten(err error) bool {
	if errors.Is(err, state.ErrNoSpace) {
		return false
	}
	return aws.AsFault(err) != nil || errors.Is(err, state.ErrConflict) || errors.Is(err, state.ErrNotFound)
}
