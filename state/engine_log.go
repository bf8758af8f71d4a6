package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// An engineLog gives what the engine says to slog, a level lower than the
// engine thinks of itself: its start and stop are no news to our users.
type engineLog struct {
	log    *slog.Logger
	failed context.CancelCauseFunc

	mu   sync.Mutex
	last string
}

func (l *engineLog) Noticef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }
func (l *engineLog) Warnf(format string, v ...any)   { l.say(slog.LevelInfo, format, v) }
func (l *engineLog) Debugf(string, ...any)           {}
func (l *engineLog) Tracef(string, ...any)           {}

func (l *engineLog) Errorf(format string, v ...any) {
	l.say(slog.LevelError, format, v)
}

// Fatalf is what the engine says when it cannot start.
func (l *engineLog) Fatalf(format string, v ...any) { l.say(slog.LevelError, format, v) }

func (l *engineLog) say(level slog.Level, format string, v []any) {
	message := fmt.Sprintf(format, v...)
	l.log.Log(context.Background(), level, "state: engine: "+message)
	if level == slog.LevelError {
		l.mu.Lock()
		l.last = message
		l.mu.Unlock()
	}
	for _, end := range theEnd {
		if strings.Contains(message, end) {
			l.failed(errors.New(message))
		}
	}
}

// theEnd is what the engine says when it will store nothing more. It says so
// nowhere else: the write that failed gets no answer.
var theEnd = [...]string{"write error", "DISABLED", "disabling JetStream"}

func (l *engineLog) lastError() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
