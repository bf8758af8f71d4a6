package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/control/cloudformation/template"
	"github.com/lamgate/lamgate/state"
)

// drive takes a stack's operation to its end. Each status is a stage, each
// stage ends in another status, and every stage can be entered anew: that is
// all there is to going on after a crash.
//
//	CREATE_IN_PROGRESS ─▶ CREATE_COMPLETE
//	        └▶ ROLLBACK_IN_PROGRESS ─▶ ROLLBACK_COMPLETE
//	UPDATE_IN_PROGRESS ─▶ UPDATE_COMPLETE_CLEANUP_IN_PROGRESS ─▶ UPDATE_COMPLETE
//	        └▶ UPDATE_ROLLBACK_IN_PROGRESS ─▶ …_COMPLETE_CLEANUP_IN_PROGRESS ─▶ UPDATE_ROLLBACK_COMPLETE
//	DELETE_IN_PROGRESS ─▶ DELETE_COMPLETE
func (s *Service) drive(key string) error {
	p, err := s.open(key)
	if err != nil {
		return err
	}
	for {
		var status string
		p.read(func(st *stack) { status = st.Status })
		switch status {
		case createInProgress, updateInProgress:
			err = p.advance()
		case rollbackInProgress:
			err = p.takeBack()
		case updateRollbackProgress:
			err = p.restore()
		case updateCleanup, updateRollbackCleanup:
			err = p.cleanUp()
		case deleteInProgress:
			err = p.demolish()
		default:
			return p.finish()
		}
		if err != nil {
			return err
		}
	}
}

// failed is the error of a step that went wrong: what it says is written down
// already, and the stage ends with it. Any other error stops the engine.
type failed struct{ error }

// advance makes what the template declares.
func (p *progress) advance() error {
	err := p.build()
	if f, ok := errors.AsType[failed](err); ok {
		return p.fail(f)
	}
	return err
}

// build is advance without the treatment of failure.
func (p *progress) build() error {
	b, err := p.blueprint()
	if err != nil {
		return err
	}
	expired := p.deadline()
	if err := walk(b.graph, func(id string) error {
		if expired() {
			return failed{errors.New("Stack operation timed out.")}
		}
		return p.step(b, id)
	}); err != nil {
		return err
	}
	outputs, _, err := p.outputs(b.prepared, b.scope)
	if err != nil {
		return asFailed(err)
	}
	p.exports.Lock()
	defer p.exports.Unlock()
	if err := p.checkExports(p.st, outputs); err != nil {
		return asFailed(err)
	}
	next := createComplete
	if p.st.Operation.Before != nil {
		next = updateCleanup
	}
	return p.status(next, "", func(st *stack) {
		st.Outputs, st.Imports, st.Description = outputs, b.importNames(), b.Description
		if next == updateCleanup {
			p.doomLeftovers(st, b.graph)
		}
	})
}

// asFailed makes a fault the failure of an operation.
func asFailed(err error) error {
	if f := aws.AsFault(err); f != nil {
		return failed{errors.New(f.Message)}
	}
	return err
}

// deadline returns a function that tells whether the operation's time is over.
func (p *progress) deadline() func() bool {
	at := p.st.Operation.Deadline
	return func() bool { return at > 0 && p.now() > at }
}

// fail ends an advance that went wrong.
func (p *progress) fail(f failed) error {
	var reason string
	var updating bool
	var onFailure string
	p.read(func(st *stack) {
		reason, updating, onFailure = failure(st, f), st.Operation.Before != nil, st.Operation.OnFailure
	})
	switch {
	case updating && onFailure == onFailureNothing:
		return p.status(updateFailed, reason, func(st *stack) { st.Leftover = p.replaced(st) })
	case updating:
		return p.status(updateRollbackProgress, reason, nil)
	case onFailure == onFailureNothing:
		return p.status(createFailed, reason, nil)
	case onFailure == onFailureDelete:
		return p.status(deleteInProgress, reason, nil)
	}
	return p.status(rollbackInProgress, reason+"Rollback requested by user.", nil)
}

// replaced returns what an update that failed, and stays as it is, has replaced
// already: the next update clears it away.
func (p *progress) replaced(st *stack) []*record {
	op := st.Operation
	left := op.Doomed
	for id, taken := range op.Steps {
		if taken.Action == replace && taken.Done {
			old := op.Before[id]
			old.DeletionPolicy = old.UpdateReplacePolicy
			left = append(left, old)
		}
	}
	return left
}

// failure says why an operation failed, in AWS's words.
func failure(st *stack, f failed) string {
	var created, updated []string
	for _, id := range st.Operation.Failed {
		if st.Operation.Before[id] != nil {
			updated = append(updated, id)
		} else {
			created = append(created, id)
		}
	}
	reason := ""
	add := func(verb string, ids []string) {
		if len(ids) > 0 {
			slices.Sort(ids)
			reason += fmt.Sprintf("The following resource(s) failed to %s: [%s]. ", verb, strings.Join(ids, ", "))
		}
	}
	add("create", created)
	add("update", updated)
	if reason == "" {
		reason = f.Error() + " "
	}
	return reason
}

// doomLeftovers gives over to the clean-up what an update has replaced and what
// its template no longer has.
func (p *progress) doomLeftovers(st *stack, graph map[string][]string) {
	op := st.Operation
	for _, id := range slices.Sorted(maps.Keys(op.Before)) {
		old := op.Before[id]
		switch _, stays := graph[id]; {
		case !stays:
			delete(st.Resources, id)
		case op.Steps[id].Action == replace:
			old.DeletionPolicy = old.UpdateReplacePolicy
		default:
			continue
		}
		op.Doomed = append(op.Doomed, old)
	}
}

// takeBack deletes what a failed creation has made.
func (p *progress) takeBack() error {
	left, err := p.removeAll(p.recordsOf(func(st *stack) []*record { return slices.Collect(maps.Values(st.Resources)) }), nil, true)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return p.status(rollbackFailed, undeletable(left), nil)
	}
	return p.status(rollbackComplete, "", func(st *stack) { st.Outputs = nil })
}

func undeletable(left []string) string {
	return fmt.Sprintf("The following resource(s) failed to delete: [%s]. ", strings.Join(left, ", "))
}

// demolish deletes a stack's resources.
func (p *progress) demolish() error {
	var retain []string
	p.read(func(st *stack) { retain = st.Operation.Retain })
	left, err := p.removeAll(p.recordsOf(func(st *stack) []*record {
		return append(slices.Collect(maps.Values(st.Resources)), st.Operation.Doomed...)
	}), retain, false)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return p.status(deleteFailed, undeletable(left), func(st *stack) { st.Leftover = st.Operation.Doomed })
	}
	return p.status(deleteComplete, "", func(st *stack) { st.Deleted, st.Outputs, st.Imports = p.now(), nil, nil })
}

// cleanUp deletes what an update, or its rollback, has left over. What cannot be
// deleted stays behind without the stack, as on AWS.
func (p *progress) cleanUp() error {
	_, err := p.removeAll(p.recordsOf(func(st *stack) []*record { return st.Operation.Doomed }), nil, false)
	if err != nil {
		return err
	}
	next := updateComplete
	if p.st.Status == updateRollbackCleanup {
		next = updateRollbackComplete
	}
	return p.status(next, "", nil)
}

func (p *progress) recordsOf(pick func(*stack) []*record) (list []*record) {
	p.read(func(st *stack) { list = slices.Clone(pick(st)) })
	return list
}

// finish clears up behind an operation that has ended. The stack's document is
// no longer the engine's to write.
func (p *progress) finish() error {
	st, op := p.st, p.ended
	if op == nil {
		return nil
	}
	if err := p.settleChangeSet(p.ctx, st, op.ChangeSet); err != nil {
		return err
	}
	if st.Status == deleteComplete {
		if err := p.bury(p.ctx, st); err != nil {
			return err
		}
	}
	templates := []string{op.Template}
	if op.Old != nil {
		templates = append(templates, op.Old.Template)
	}
	for _, id := range templates {
		if err := p.dropTemplate(p.ctx, st, id); err != nil {
			return err
		}
	}
	return p.collectChangeSets(p.ctx, st)
}

// settleChangeSet notes in a change set how its execution ended.
func (s *Service) settleChangeSet(ctx context.Context, st *stack, id string) error {
	if id == "" {
		return nil
	}
	execution := executeFailed
	if st.Status == createComplete || st.Status == updateComplete {
		execution = executeComplete
	}
	_, err := state.Update(ctx, s.docs, changeSetsPrefix+place(st.Account, st.Region)+lastSegment(id), func(cs *changeSet) error {
		cs.Execution = execution
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}

// A blueprint is the template of an advance, with the values it is built with.
type blueprint struct {
	*prepared
	definition definition
	scope      *template.Scope
	graph      map[string][]string
	imports    map[string]bool
}

func (b *blueprint) importNames() []string { return slices.Sorted(maps.Keys(b.imports)) }

// blueprint reads the template that the stack is to follow.
func (p *progress) blueprint() (*blueprint, error) {
	st := p.st
	b := &blueprint{definition: st.Definition, imports: map[string]bool{}}
	text, err := p.text(st.Account, st.Region, b.definition.Template)
	if err != nil {
		return nil, err
	}
	if b.prepared, err = p.prepare(text.Body, b.definition.values(), p.st.Operation.Caller); err != nil {
		return nil, asFailed(err)
	}
	imports := func(name string) (string, error) {
		p.mu.Lock()
		b.imports[name] = true
		p.mu.Unlock()
		return p.imported(st, name)
	}
	if b.scope, err = b.prepared.scope(st, b.definition, p.lookup(b.prepared, p.made), imports); err != nil {
		return nil, asFailed(err)
	}
	if b.graph, err = b.Dependencies(b.scope); err != nil {
		return nil, asFailed(err)
	}
	return b, nil
}

// bury moves a deleted stack's document out of the way of its name.
func (s *Service) bury(ctx context.Context, st *stack) error {
	st.Operation = nil
	if err := state.Create(ctx, s.docs, st.deletedKey(), st); err != nil && !errors.Is(err, state.ErrConflict) {
		return err
	}
	err := state.Remove(ctx, s.docs, st.key(), func(there *stack) error {
		if there.ID != st.ID {
			return state.ErrNotFound
		}
		return nil
	})
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}

// deletedFor is how long deleted stacks can still be described.
const deletedFor = 90 * 24 * time.Hour
