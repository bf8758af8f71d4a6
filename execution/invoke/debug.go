package invoke

import (
	"context"

	"github.com/lamgate/lamgate/execution"
)

// Debug starts the environment of a function that is to be debugged, so that a
// debugger can be attached before the function is invoked. The error says what is
// missing for that. Without a qualifier it is the version that the function's only
// alias leads to.
func (s *Service) Debug(ctx context.Context, ref execution.FunctionRef) error {
	for {
		f, ok := s.functions.find(ref)
		if !ok {
			return notFound(ref)
		}
		version := ref
		if ref.Qualifier == "" && len(f.doc.Aliases) == 1 {
			for name := range f.doc.Aliases {
				version.Qualifier = name
			}
		}
		f, c, err := s.resolve(version)
		if err != nil {
			return err
		}
		f.undebugged(c.Version)
		if pool := f.pool(s.Fleet, c); pool != nil {
			return pool.Debug(ctx)
		}
	}
}

// undebugged ends a version's pool that was made before it was to be debugged.
func (f *function) undebugged(version string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if g, ok := f.pools[version]; ok && !g.pool.Debugged() {
		delete(f.pools, version)
		go g.pool.Retire()
	}
}
