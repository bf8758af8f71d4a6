package cloudformation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// A progress is a stack whose operation is under way. It is written by this
// goroutine's side of the house alone, but for what clients may set meanwhile.
type progress struct {
	*Service
	ctx context.Context
	key string

	mu             sync.Mutex
	turn           sync.Cond
	st             *stack     // read and changed under mu
	ended          *operation // the operation, once it is over
	revision       uint64
	version, saved uint64 // of st: as it is, and as it is in the store
	saving         bool
	broken         error // the store refuses: nothing more can be said
}

func (s *Service) open(key string) (*progress, error) {
	doc, err := s.docs.Get(key)
	if err != nil {
		return nil, err
	}
	p := &progress{Service: s, key: key, st: new(stack), revision: doc.Revision}
	p.turn.L = &p.mu
	if err := json.Unmarshal(doc.Value, p.st); err != nil {
		return nil, fmt.Errorf("decode %s: %w", key, err)
	}
	if p.st.Operation == nil {
		return nil, fmt.Errorf("stack %s is in %s without an operation", p.st.Name, p.st.Status)
	}
	if p.st.Resources == nil {
		p.st.Resources = map[string]*record{}
	}
	if p.st.Operation.Steps == nil {
		p.st.Operation.Steps = map[string]*step{}
	}
	p.ctx = aws.WithCaller(s.ctx, p.st.Operation.Caller)
	return p, nil
}

// commit changes the stack and returns once the store has it. Those who commit
// at the same time share a write.
func (p *progress) commit(change func(*stack)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p.st)
	p.version++
	want := p.version
	for p.saved < want && p.broken == nil {
		if p.saving {
			p.turn.Wait()
			continue
		}
		p.write()
	}
	return p.broken
}

// write saves the stack as it is. It is called, and returns, with mu held.
func (p *progress) write() {
	p.saving = true
	version, revision := p.version, p.revision
	value, err := json.Marshal(p.st)
	p.mu.Unlock()
	if err == nil {
		revision, err = p.put(value, revision)
	}
	p.mu.Lock()
	p.saving = false
	switch {
	case errors.Is(err, state.ErrConflict):
		err = p.merge() // and whoever waits writes again
	case err == nil:
		p.saved, p.revision = version, revision
	}
	if err != nil {
		p.broken = err
	}
	p.turn.Broadcast()
}

// put writes the document; on a full disk it waits for room.
func (p *progress) put(value []byte, revision uint64) (uint64, error) {
	for {
		if err := p.ctx.Err(); err != nil {
			return 0, err
		}
		next, err := p.docs.Put(p.ctx, p.key, value, revision)
		if !errors.Is(err, state.ErrNoSpace) {
			return next, err
		}
		p.log.Warn("stack operation waits for room on the disk", "stack", p.st.Name)
		again, stop := aws.After(p.clock, time.Second)
		select {
		case <-again:
		case <-p.ctx.Done():
			stop()
			return 0, p.ctx.Err()
		}
	}
}

// merge takes over what a client has set while the operation goes on.
func (p *progress) merge() error {
	doc, err := p.docs.Get(p.key)
	if err != nil {
		return err
	}
	var theirs stack
	if err := json.Unmarshal(doc.Value, &theirs); err != nil {
		return err
	}
	if theirs.ID != p.st.ID {
		return fmt.Errorf("stack %s is no longer %s", p.st.Name, p.st.ID)
	}
	p.st.Protected, p.st.Policy, p.revision = theirs.Protected, theirs.Policy, doc.Revision
	return nil
}

// read gives f the stack; it must not change it nor keep parts that change.
func (p *progress) read(f func(*stack)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p.st)
}

// status moves the stack to a status, with its event. With a status at which the
// stack stands still the operation ends, in the same write: from then on others
// may begin one.
func (p *progress) status(status, reason string, more func(*stack)) error {
	return p.commit(func(st *stack) {
		p.Service.setStatus(st, status, reason)
		if more != nil {
			more(st)
		}
		// A rollback that got stuck keeps its operation: it can be continued.
		if !st.inProgress() && status != updateRollbackFailed {
			p.ended, st.Operation = st.Operation, nil
		}
	})
}

// setStatus sets a stack's status and notes the event.
func (s *Service) setStatus(st *stack, status, reason string) {
	st.Status, st.Reason = status, reason
	token := ""
	if st.Operation != nil {
		token = st.Operation.Token
	}
	st.note(event{
		ID: aws.NewUUID(), LogicalID: st.Name, PhysicalID: st.ID, Type: stackType,
		Status: status, Reason: reason, Time: s.now(), Token: token,
	})
}

// What a stack remembers of its past: so many events, the last of them with the
// properties, where those are not too large.
const (
	maxEvents          = 2000
	maxEventsInFull    = 500
	maxEventProperties = 2048
)

func (st *stack) note(e event) {
	st.Events = append(st.Events, e)
	if old := len(st.Events) - maxEventsInFull; old > 0 {
		st.Events[old-1].Properties = ""
	}
	if over := len(st.Events) - maxEvents; over > 0 {
		st.Events = append(st.Events[:0:0], st.Events[over:]...)
	}
}

// eventID returns the ID of a resource's event.
//
// AWS: it is made of the resource, its status and the millisecond. Two events
// of one status can come within one here, and clients that have seen an ID look
// no further: the later one is given a millisecond of its own.
func (st *stack) eventID(logicalID, status string, at int64) string {
	for ; ; at++ {
		id := fmt.Sprintf("%s-%s-%s", logicalID, status, time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z"))
		if !slices.ContainsFunc(st.Events, func(e event) bool { return e.ID == id }) {
			return id
		}
	}
}

// mark sets a resource's status and notes the event.
func (p *progress) mark(st *stack, r *record, status, reason string) {
	r.Status, r.Reason, r.Time = status, reason, p.now()
	properties := ""
	if r.Properties != nil {
		if properties = r.Properties.JSON(); len(properties) > maxEventProperties {
			properties = ""
		}
	}
	physical := r.PhysicalID
	if r.Uncertain {
		physical = "" // chosen, but not made yet
	}
	st.note(event{
		ID:        st.eventID(r.LogicalID, status, r.Time),
		LogicalID: r.LogicalID, PhysicalID: physical, Type: r.Type,
		Status: status, Reason: reason, Time: r.Time, Token: st.Operation.Token, Properties: properties,
	})
}
