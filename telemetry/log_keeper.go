package telemetry

import (
	"context"
	"errors"
	"time"

	"github.com/lamgate/lamgate/state"
)

const (
	// introduceAfter is when the document of a new stream is written; those
	// that come meanwhile are written with it.
	introduceAfter = 100 * time.Millisecond
	// touchAfter is when it is written again for lines that have come since.
	touchAfter = time.Minute
	// sweepInterval is how often lines beyond their group's retention go.
	sweepInterval = time.Hour
)

// A keeper remembers which streams' documents are to be written, and when.
// Logs.mu guards it.
type keeper struct {
	introduced []*logStream
	touched    []*logStream
	soon       func() bool // the alarms that are set; nil if none
	later      func() bool
	sweep      func() bool
	closed     bool
}

func (k *keeper) close() {
	k.closed = true
	for _, stop := range []func() bool{k.soon, k.later, k.sweep} {
		if stop != nil {
			stop()
		}
	}
}

// introduce has the document of a new stream written. mu must be held.
func (l *Logs) introduce(s *logStream) {
	l.keeper.introduced = append(l.keeper.introduced, s)
	if l.keeper.soon == nil && !l.keeper.closed {
		l.keeper.soon = l.clock.AfterFunc(introduceAfter, func() { l.keep(context.Background(), false) })
	}
}

// touch has the document of a stream written again. mu must be held.
func (l *Logs) touch(s *logStream) {
	if s.touched {
		return
	}
	s.touched = true
	l.keeper.touched = append(l.keeper.touched, s)
	if l.keeper.later == nil && !l.keeper.closed {
		l.keeper.later = l.clock.AfterFunc(touchAfter, func() { l.keep(context.Background(), true) })
	}
}

// keep writes the documents of new streams and, with all, of those that have
// got lines since theirs was written.
func (l *Logs) keep(ctx context.Context, all bool) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	todo := l.keeper.introduced
	l.keeper.introduced, l.keeper.soon = nil, nil
	if all {
		todo = append(todo, l.keeper.touched...)
		l.keeper.touched, l.keeper.later = nil, nil
	}
	l.mu.Unlock()
	for _, s := range todo {
		if err := l.write(ctx, s, all); err != nil {
			// Lines are worth more than what is known of their stream: they have
			// been appended, and the next of them tries again.
			l.log.Warn("telemetry: a log stream's document is not written", "stream", s.key, "error", err)
		}
	}
}

// write writes a stream's document, its group's before it.
func (l *Logs) write(ctx context.Context, s *logStream, touched bool) error {
	l.mu.Lock()
	doc, g, revision, gone := s.LogStream, s.group.LogGroup, s.revision, s.gone
	written := !s.touched && revision != 0
	if touched {
		s.touched = false
	}
	l.mu.Unlock()
	if gone || written {
		return nil
	}
	err := l.storeGroup(ctx, g.Account, g.Region, g.Name)
	if err != nil {
		return err
	}
	key := LogStreamKey(g.Account, g.Region, g.Name, doc.Name)
	if revision == 0 {
		err = state.Create(ctx, l.docs, key, doc)
	} else {
		_, err = state.Update(ctx, l.docs, key, func(d *LogStream) error {
			*d = doc
			return nil
		})
	}
	if errors.Is(err, state.ErrConflict) || errors.Is(err, state.ErrNotFound) {
		return nil // somebody else created or deleted it
	}
	return err
}

// storeGroup writes the document of a group that has none yet.
func (l *Logs) storeGroup(ctx context.Context, account, region, name string) error {
	l.mu.Lock()
	g := l.groups[groupID{account, region, name}]
	if g == nil {
		l.mu.Unlock()
		return state.ErrNotFound
	}
	doc, stored := g.LogGroup, g.stored
	l.mu.Unlock()
	if stored {
		return nil
	}
	err := state.Create(ctx, l.docs, LogGroupKey(account, region, name), doc)
	if errors.Is(err, state.ErrConflict) {
		return nil
	}
	return err
}

// sweep removes what the groups no longer keep.
func (l *Logs) sweep() {
	l.mu.Lock()
	if l.keeper.closed {
		l.mu.Unlock()
		return
	}
	l.keeper.sweep = l.clock.AfterFunc(sweepInterval, l.sweep)
	var kept []LogGroup
	for _, g := range l.groups {
		if g.RetentionDays > 0 {
			kept = append(kept, g.LogGroup)
		}
	}
	l.mu.Unlock()
	for i := range kept {
		g := &kept[i]
		if err := l.lines.Purge(context.Background(), linesPrefix(g.Account, g.Region, g.Name), g.expired(l.clock.Now())); err != nil {
			l.log.Warn("telemetry: lines beyond their retention remain", "group", g.Name, "error", err)
		}
	}
}
