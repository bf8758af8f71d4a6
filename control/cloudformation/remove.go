package cloudformation

import (
	"fmt"
	"slices"
	"sync"

	"github.com/lamgate/lamgate/control/cloudformation/resource"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// removeAll deletes resources, each when those that need it are gone. It
// returns the logical IDs of those that could not be deleted; the rest are
// tried all the same. retain are left, and so are those whose DeletionPolicy
// says so; young says that the resources belong to a stack that never was
// complete.
func (p *progress) removeAll(records []*record, retain []string, young bool) (left []string, err error) {
	graph := make(map[*record][]*record, len(records))
	for _, r := range records {
		graph[r] = nil
	}
	for _, r := range records {
		for _, needed := range records {
			if needed != r && slices.Contains(r.Needs, needed.LogicalID) {
				graph[needed] = append(graph[needed], r)
			}
		}
	}
	var mu sync.Mutex
	stuck := map[*record]bool{}
	err = walk(graph, func(r *record) error {
		mu.Lock()
		blocked := slices.ContainsFunc(graph[r], func(d *record) bool { return stuck[d] })
		mu.Unlock()
		ok := false
		if !blocked {
			var err error
			if ok, err = p.remove(r, slices.Contains(retain, r.LogicalID), young); err != nil {
				return err
			}
			if ok {
				return nil
			}
		}
		mu.Lock()
		defer mu.Unlock()
		stuck[r] = true
		if !blocked {
			left = append(left, r.LogicalID)
		}
		return nil
	})
	slices.Sort(left)
	return slices.Compact(left), err
}

// remove deletes one resource, and its record where that is the stack's own.
func (p *progress) remove(r *record, retain, young bool) (ok bool, err error) {
	var physical, status string
	var uncertain bool
	p.read(func(*stack) { physical, status, uncertain = r.PhysicalID, r.Status, r.Uncertain })
	if status == deleteComplete || status == deleteSkipped {
		return true, nil
	}
	if r.DeletionPolicy == "Retain" || r.DeletionPolicy == "RetainExceptOnCreate" && !young {
		retain = true
	}
	switch {
	case physical == "" && !uncertain:
		// Nothing was ever made.
		return true, p.commit(func(st *stack) { p.forget(st, r) })
	case retain && !uncertain:
		return true, p.commit(func(st *stack) {
			p.mark(st, r, deleteSkipped, "")
			p.forget(st, r)
		})
	}
	if err := p.commit(func(st *stack) { p.mark(st, r, deleteInProgress, "") }); err != nil {
		return false, err
	}
	if uncertain {
		err = p.removeUncertain(r)
	} else {
		err = p.removePhysical(r, physical)
	}
	if p.ctx.Err() != nil {
		return false, p.ctx.Err()
	}
	if err != nil {
		reason := p.explain(r.LogicalID, err)
		return false, p.commit(func(st *stack) { p.mark(st, r, deleteFailed, reason) })
	}
	return true, p.commit(func(st *stack) {
		r.Uncertain = false
		p.mark(st, r, deleteComplete, "")
		p.forget(st, r)
	})
}

// forget takes a record out of the operation's own list. Those of the stack
// stay: a stack that is rolled back or deleted still shows what it had.
func (p *progress) forget(st *stack, r *record) {
	st.Operation.Doomed = slices.DeleteFunc(st.Operation.Doomed, func(d *record) bool { return d == r })
	if st.Resources[r.LogicalID] == r && r.PhysicalID == "" && r.Status != deleteComplete {
		r.Status, r.Time = deleteComplete, p.now()
	}
}

// removeUncertain deletes what a creation has made of which nobody knows how it
// ended: what can be found now and was not there before.
func (p *progress) removeUncertain(r *record) error {
	kind := p.types[r.Type]
	if kind == nil {
		return fmt.Errorf("resource type %s is gone", r.Type)
	}
	if kind.Find == nil {
		if r.PhysicalID == "" {
			return nil
		}
		return p.removePhysical(r, r.PhysicalID)
	}
	request := p.request(r.LogicalID, r.PhysicalID)
	request.Properties, request.Tags = properties(r), r.Tags
	found, err := kind.Find(p.ctx, request)
	if err != nil {
		return err
	}
	for _, id := range found {
		if slices.Contains(r.Known, id) {
			continue
		}
		if err := p.removePhysical(r, id); err != nil {
			return err
		}
	}
	return nil
}

func (p *progress) removePhysical(r *record, physicalID string) error {
	kind := p.types[r.Type]
	if kind == nil {
		return fmt.Errorf("resource type %s is gone", r.Type)
	}
	request := p.request(r.LogicalID, physicalID)
	request.Properties, request.Tags = properties(r), r.Tags
	_, err := protect(func() (*resource.Outcome, error) { return &resource.Outcome{}, kind.Delete(p.ctx, request) })
	return err
}

func properties(r *record) *template.Node {
	if r.Properties == nil {
		return &template.Node{Kind: template.Map}
	}
	return r.Properties
}
