package telemetry

import (
	"context"
	"slices"
	"time"

	"github.com/lamgate/lamgate/state"
)

// A LogQuery says which lines of a group to read.
type LogQuery struct {
	Account, Region, Group string
	Streams                []string // nil for all
	From, Until            time.Time
	Pattern                *LogPattern // nil for all lines

	// Forward reads onwards from the oldest line, or from the one after After;
	// otherwise backwards from the newest, or the one before Before.
	Forward bool
	After   LogPosition
	Before  LogPosition
	Limit   int // 0 for MaxLines
}

// What one page of lines holds at most, as with CloudWatch Logs.
const (
	MaxLines     = 10_000
	maxPageBytes = 1 << 20
)

// Read returns the lines that a query asks for, from the older to the newer,
// and whether there are more in the direction of reading. Its memory is bounded
// by the page, not by what there is to read.
func (l *Logs) Read(ctx context.Context, q LogQuery) (page []LogLine, more bool, err error) {
	limit := q.Limit
	if limit <= 0 || limit > MaxLines {
		limit = MaxLines
	}
	order := func(a, b LogLine) int { return a.Position.Compare(b.Position) }
	if !q.Forward {
		order = func(a, b LogLine) int { return b.Position.Compare(a.Position) }
	}
	// Lines come in the order of their arrival, which is nearly that of their
	// timestamps; those that cannot be on the page are dropped in between.
	_, err = l.each(ctx, &q, 0, func(line LogLine) bool {
		if q.After != (LogPosition{}) && line.Position.Compare(q.After) <= 0 ||
			q.Before != (LogPosition{}) && line.Position.Compare(q.Before) >= 0 {
			return true
		}
		page = append(page, line)
		if len(page) > 4*limit {
			slices.SortFunc(page, order)
			clear(page[limit+1:])
			page = page[:limit+1]
		}
		return true
	})
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(page, order)
	size := 0
	for i := range page {
		size += len(page[i].Message) + logEventOverhead
		if i == limit || i > 0 && size > maxPageBytes {
			page, more = page[:i], true
			break
		}
	}
	if !q.Forward {
		slices.Reverse(page)
	}
	return page, more, nil
}

// Follow calls yield with the lines that a query asks for, those that are there
// and then those that come, until yield returns false or ctx ends. They come in
// the order of their arrival.
func (l *Logs) Follow(ctx context.Context, q LogQuery, yield func(LogLine) bool) error {
	prefix, _ := l.under(&q)
	for position, done := uint64(0), false; ; {
		appended, stop := l.lines.Follow(prefix)
		var err error
		position, err = l.each(ctx, &q, position, func(line LogLine) bool {
			done = !yield(line)
			return !done
		})
		if done || err != nil {
			stop()
			return err
		}
		select {
		case <-appended:
			stop()
		case <-ctx.Done():
			stop()
			return ctx.Err()
		}
	}
}

// under returns what the keys of a query's lines begin with, and which streams
// of those it wants; nil for all.
func (l *Logs) under(q *LogQuery) (prefix string, wanted map[string]string) {
	if len(q.Streams) == 1 {
		key := linesKey(q.Account, q.Region, q.Group, q.Streams[0])
		return key, map[string]string{key: q.Streams[0]}
	}
	prefix = linesPrefix(q.Account, q.Region, q.Group)
	if q.Streams == nil {
		return prefix, nil
	}
	wanted = make(map[string]string, len(q.Streams))
	for _, name := range q.Streams {
		wanted[linesKey(q.Account, q.Region, q.Group, name)] = name
	}
	return prefix, wanted
}

// each calls yield with the lines of a query that arrived after a position, its
// Limit, After and Before left aside.
func (l *Logs) each(ctx context.Context, q *LogQuery, after uint64, yield func(LogLine) bool) (uint64, error) {
	prefix, wanted := l.under(q)
	from := q.From
	if g, ok := l.Group(q.Account, q.Region, q.Group); ok {
		if expired := g.expired(l.clock.Now()); expired.After(from) {
			from = expired
		}
	}
	return l.lines.Read(ctx, prefix, after, func(key string, position uint64, e state.LogEvent) bool {
		if ctx.Err() != nil {
			return false
		}
		if !from.IsZero() && e.Timestamp.Before(from) || !q.Until.IsZero() && !e.Timestamp.Before(q.Until) {
			return true
		}
		name, ok := wanted[key]
		if wanted != nil && !ok {
			return true
		}
		if q.Pattern != nil && !q.Pattern.Match(e.Message) {
			return true
		}
		if wanted == nil {
			at := state.Segments(key)
			name = at[len(at)-1]
		}
		return yield(LogLine{name, LogPosition{e.Timestamp.UnixMilli(), position}, e})
	})
}
