package telemetry

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/state"
)

// Logs is the log store: groups and streams as documents, their lines in
// state's Logs.
//
// Appending must not wait for the disk, not even for the first line of a new
// stream, and every new environment brings one. So Logs keeps all groups and
// streams in memory, fed by what is stored; those that Append creates are there
// at once, and a keeper (log_keeper.go) writes their documents soon after.
type Logs struct {
	docs  state.Documents
	lines state.Logs
	clock aws.Clock
	log   *slog.Logger
	stops []func()

	mu     sync.Mutex
	groups map[groupID]*logGroup
	keeper keeper

	// writing is held by who writes or deletes documents of streams, so that
	// the keeper does not bring back what has just been deleted. It is taken
	// before mu.
	writing sync.Mutex
}

type groupID struct{ account, region, name string }

type logGroup struct {
	LogGroup
	stored  bool // as a document
	streams map[string]*logStream
}

type logStream struct {
	LogStream
	group    *logGroup
	key      string // of its lines
	revision uint64 // of its document; 0 before there is one
	touched  bool   // since its document was written
	gone     bool
}

// NewLogs returns the log store that docs and lines hold.
func NewLogs(docs state.Documents, lines state.Logs, clock aws.Clock, log *slog.Logger) *Logs {
	l := &Logs{docs: docs, lines: lines, clock: clock, log: log, groups: map[groupID]*logGroup{}}
	l.stops = []func(){
		docs.Watch(LogGroupsPrefix, l.followGroup),
		docs.Watch(LogStreamsPrefix, l.followStream),
	}
	l.mu.Lock()
	l.keeper.sweep = clock.AfterFunc(sweepInterval, l.sweep)
	l.mu.Unlock()
	return l
}

// Close writes what the keeper still has to write.
func (l *Logs) Close(ctx context.Context) {
	l.mu.Lock()
	l.keeper.close()
	l.mu.Unlock()
	l.keep(ctx, true)
	for _, stop := range l.stops {
		stop()
	}
}

func (l *Logs) followGroup(c state.Change) {
	at := state.Segments(strings.TrimPrefix(c.Key, LogGroupsPrefix))
	if len(at) != 3 {
		return
	}
	id := groupID{at[0], at[1], at[2]}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[id]
	if c.Deleted {
		if g != nil {
			l.forgetGroup(id, g)
		}
		return
	}
	var doc LogGroup
	if err := json.Unmarshal(c.Value, &doc); err != nil {
		l.log.Error("telemetry: a log group cannot be read", "key", c.Key, "error", err)
		return
	}
	if g == nil {
		g = &logGroup{streams: map[string]*logStream{}}
		l.groups[id] = g
	}
	g.LogGroup, g.stored = doc, true
}

func (l *Logs) forgetGroup(id groupID, g *logGroup) {
	for _, s := range g.streams {
		s.gone = true
	}
	delete(l.groups, id)
}

func (l *Logs) followStream(c state.Change) {
	at := state.Segments(strings.TrimPrefix(c.Key, LogStreamsPrefix))
	if len(at) != 4 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[groupID{at[0], at[1], at[2]}]
	if g == nil {
		return
	}
	s := g.streams[at[3]]
	if c.Deleted {
		if s != nil {
			s.gone = true
			delete(g.streams, at[3])
		}
		return
	}
	var doc LogStream
	if err := json.Unmarshal(c.Value, &doc); err != nil {
		l.log.Error("telemetry: a log stream cannot be read", "key", c.Key, "error", err)
		return
	}
	if s == nil {
		s = g.add(doc)
	}
	// What is known here of the lines is newer than what was written of them.
	s.Created, s.revision = doc.Created, c.Revision
}

func (g *logGroup) add(doc LogStream) *logStream {
	s := &logStream{LogStream: doc, group: g, key: linesKey(g.Account, g.Region, g.Name, doc.Name)}
	g.streams[doc.Name] = s
	return s
}

// Append adds lines to a stream, which it creates, and the group with it, if
// need be. It does not wait for the disk. A line's time of ingestion, if it has
// none, is now.
func (l *Logs) Append(account, region, group, stream string, events []state.LogEvent) error {
	if len(events) == 0 {
		return nil
	}
	now := l.clock.Now()
	for i := range events {
		if events[i].Ingested.IsZero() {
			events[i].Ingested = now
		}
	}
	l.mu.Lock()
	s := l.ensure(account, region, group, stream, now)
	l.mu.Unlock()
	if err := l.lines.Append(s.key, events); err != nil {
		return err
	}
	l.mu.Lock()
	s.note(events)
	l.touch(s)
	l.mu.Unlock()
	return nil
}

// ensure returns the stream, new if there was none. mu must be held.
func (l *Logs) ensure(account, region, group, stream string, now time.Time) *logStream {
	id := groupID{account, region, group}
	g := l.groups[id]
	if g == nil {
		g = &logGroup{
			LogGroup: LogGroup{Account: account, Region: region, Name: group, Created: now},
			streams:  map[string]*logStream{},
		}
		l.groups[id] = g
	}
	s := g.streams[stream]
	if s == nil {
		s = g.add(LogStream{Name: stream, Created: now})
		l.introduce(s)
	}
	return s
}

// EnsureGroup creates a group unless it exists. It returns once the group is
// stored.
func (l *Logs) EnsureGroup(ctx context.Context, account, region, name string) error {
	if g, ok := l.Group(account, region, name); ok && g.Name != "" {
		return nil
	}
	err := l.CreateGroup(ctx, LogGroup{Account: account, Region: region, Name: name})
	if errors.Is(err, state.ErrConflict) {
		return nil
	}
	return err
}

// EnsureStream creates a stream, and its group, unless it exists. It does not
// wait for the disk.
func (l *Logs) EnsureStream(account, region, group, stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ensure(account, region, group, stream, l.clock.Now())
}

// CreateGroup stores a new group; state.ErrConflict if there is one.
func (l *Logs) CreateGroup(ctx context.Context, g LogGroup) error {
	if _, ok := l.Group(g.Account, g.Region, g.Name); ok {
		return state.ErrConflict
	}
	if g.Created.IsZero() {
		g.Created = l.clock.Now()
	}
	return state.Create(ctx, l.docs, LogGroupKey(g.Account, g.Region, g.Name), g)
}

// CreateStream stores a new stream; state.ErrConflict if there is one,
// state.ErrNotFound if there is no such group.
func (l *Logs) CreateStream(ctx context.Context, account, region, group, name string) error {
	// A group that was only just made for a function's first line.
	if err := l.storeGroup(ctx, account, region, group); err != nil {
		return err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if _, ok := l.stream(account, region, group, name); ok {
		return state.ErrConflict
	}
	return state.Create(ctx, l.docs, LogStreamKey(account, region, group, name), LogStream{Name: name, Created: l.clock.Now()})
}

// UpdateGroup changes a group; state.ErrNotFound if there is none.
func (l *Logs) UpdateGroup(ctx context.Context, account, region, name string, change func(*LogGroup) error) error {
	if err := l.storeGroup(ctx, account, region, name); err != nil {
		return err
	}
	_, err := state.Update(ctx, l.docs, LogGroupKey(account, region, name), change)
	return err
}

// DeleteGroup removes a group with its streams and their lines, after check, if
// it is not nil, has agreed.
func (l *Logs) DeleteGroup(ctx context.Context, account, region, name string, check func(*LogGroup) error) error {
	if err := l.storeGroup(ctx, account, region, name); err != nil {
		return err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if check != nil {
		g, ok := l.Group(account, region, name)
		if !ok {
			return state.ErrNotFound
		}
		if err := check(&g); err != nil {
			return err
		}
	}
	// The group goes last: what is interrupted can be done again.
	for _, s := range l.docs.List(LogStreamsPrefix + linesPrefix(account, region, name)) {
		if err := state.Remove[LogStream](ctx, l.docs, s.Key, nil); err != nil && !errors.Is(err, state.ErrNotFound) {
			return err
		}
	}
	if err := l.lines.Purge(ctx, linesPrefix(account, region, name), time.Time{}); err != nil {
		return err
	}
	return state.Remove[LogGroup](ctx, l.docs, LogGroupKey(account, region, name), nil)
}

// DeleteStream removes a stream with its lines.
func (l *Logs) DeleteStream(ctx context.Context, account, region, group, name string) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	s, ok := l.stream(account, region, group, name)
	if !ok {
		return state.ErrNotFound
	}
	if err := l.lines.Purge(ctx, linesKey(account, region, group, name), time.Time{}); err != nil {
		return err
	}
	err := state.Remove[LogStream](ctx, l.docs, LogStreamKey(account, region, group, name), nil)
	if errors.Is(err, state.ErrNotFound) {
		// Its document was not written yet, and now will not be.
		l.mu.Lock()
		s.gone = true
		delete(s.group.streams, name)
		l.mu.Unlock()
		return nil
	}
	return err
}

// Group returns a group.
func (l *Logs) Group(account, region, name string) (LogGroup, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[groupID{account, region, name}]
	if g == nil {
		return LogGroup{}, false
	}
	return g.LogGroup, true
}

// GroupBytes returns how much has been appended to a group's streams.
func (l *Logs) GroupBytes(account, region, name string) (total int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.groups[groupID{account, region, name}]; g != nil {
		for _, s := range g.streams {
			total += s.Bytes
		}
	}
	return total
}

// Groups returns the groups of an account in a region, in the order of their
// names.
func (l *Logs) Groups(account, region string) []LogGroup {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []LogGroup
	for id, g := range l.groups {
		if id.account == account && id.region == region {
			list = append(list, g.LogGroup)
		}
	}
	slices.SortFunc(list, func(a, b LogGroup) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Streams returns the streams of a group in the order of their names; false if
// there is no such group.
func (l *Logs) Streams(account, region, group string) ([]LogStream, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[groupID{account, region, group}]
	if g == nil {
		return nil, false
	}
	list := make([]LogStream, 0, len(g.streams))
	for _, name := range slices.Sorted(maps.Keys(g.streams)) {
		list = append(list, g.streams[name].LogStream)
	}
	return list, true
}

// HasStream reports whether a group has a stream.
func (l *Logs) HasStream(account, region, group, name string) bool {
	_, ok := l.stream(account, region, group, name)
	return ok
}

func (l *Logs) stream(account, region, group, name string) (*logStream, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[groupID{account, region, group}]
	if g == nil {
		return nil, false
	}
	s, ok := g.streams[name]
	return s, ok
}
