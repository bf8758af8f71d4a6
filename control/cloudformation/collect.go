package cloudformation

import (
	"context"
	"errors"
	"strings"

	"github.com/lamgate/lamgate/state"
)

// maxExecuted is how many executed change sets of a stack are kept.
const maxExecuted = 20

// collect removes what nothing refers to any more: the templates of a crash, and
// stacks that were deleted long ago, with their change sets.
func (s *Service) collect(ctx context.Context) error {
	deleted, err := state.LoadAll[stack](s.docs, deletedPrefix)
	if err != nil {
		return err
	}
	live, err := state.LoadAll[stack](s.docs, stacksPrefix)
	if err != nil {
		return err
	}
	ids := map[string]*stack{}
	used := map[string]bool{}
	use := func(st *stack) {
		ids[st.ID] = st
		used[st.templateKey(st.Definition.Template)] = true
		if op := st.Operation; op != nil {
			used[st.templateKey(op.Template)] = true
			if op.Old != nil {
				used[st.templateKey(op.Old.Template)] = true
			}
		}
	}
	for _, st := range live {
		use(st)
	}
	horizon := s.clock.Now().Add(-deletedFor).UnixMilli()
	for _, st := range deleted {
		if st.Deleted >= horizon {
			use(st)
		} else if err := s.drop(ctx, st.deletedKey()); err != nil {
			return err
		}
	}
	sets, err := state.LoadAll[changeSet](s.docs, changeSetsPrefix)
	if err != nil {
		return err
	}
	for _, cs := range sets {
		st := ids[cs.StackID]
		if st == nil {
			if err := s.drop(ctx, cs.key()); err != nil {
				return err
			}
			continue
		}
		used[st.templateKey(cs.Definition.Template)] = true
		switch {
		case cs.Execution != executeInProgress || st.inProgress():
		case st.ChangeSet == cs.ID:
			err = s.settleChangeSet(ctx, st, cs.ID)
		default:
			err = s.release(ctx, cs) // it was about to be executed
		}
		if err != nil {
			return err
		}
	}
	for _, doc := range s.docs.List(templatesPrefix) {
		if !used[doc.Key] {
			if err := s.drop(ctx, doc.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// collectChangeSets keeps the last of the change sets that a stack has executed.
func (s *Service) collectChangeSets(ctx context.Context, st *stack) error {
	sets, err := s.changeSets(st)
	if err != nil {
		return err
	}
	executed := 0
	for _, cs := range sets {
		if cs.Executed > 0 {
			executed++
		}
	}
	for ; executed > maxExecuted; executed-- {
		oldest := -1
		for i, cs := range sets {
			if cs.Executed > 0 && cs.ID != st.ChangeSet && (oldest < 0 || cs.Executed < sets[oldest].Executed) {
				oldest = i
			}
		}
		if oldest < 0 {
			break
		}
		if err := s.dropChangeSet(ctx, st, sets[oldest]); err != nil {
			return err
		}
		sets = append(sets[:oldest], sets[oldest+1:]...)
	}
	return nil
}

// dropChangeSet removes a change set, and its template unless its stack has it.
func (s *Service) dropChangeSet(ctx context.Context, st *stack, cs *changeSet) error {
	if err := s.drop(ctx, cs.key()); err != nil {
		return err
	}
	return s.dropTemplate(ctx, st, cs.Definition.Template)
}

// dropTemplate removes a template that no stack or change set refers to.
func (s *Service) dropTemplate(ctx context.Context, st *stack, id string) error {
	if id == "" || id == st.Definition.Template {
		return nil
	}
	if op := st.Operation; op != nil && op.Old != nil && op.Old.Template == id {
		return nil
	}
	sets, err := s.changeSets(st)
	if err != nil {
		return err
	}
	for _, cs := range sets {
		if cs.Definition.Template == id {
			return nil
		}
	}
	return s.drop(ctx, st.templateKey(id))
}

func (s *Service) drop(ctx context.Context, key string) error {
	if strings.HasSuffix(key, "/") {
		return nil
	}
	err := state.Remove[struct{}](ctx, s.docs, key, nil)
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}

// release makes a change set executable again that was not executed after all.
func (s *Service) release(ctx context.Context, cs *changeSet) error {
	_, err := state.Update(ctx, s.docs, cs.key(), func(cs *changeSet) error {
		cs.Execution, cs.Executed = available, 0
		return nil
	})
	return err
}
