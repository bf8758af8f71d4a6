package state

import (
	"fmt"
	"log/slog"
	"sync"
)

// An engineLog gives what the engine says to slog, a level lower than the
// engine thinks of itself: its start and stop are no news to our users.
type engineLog struct {
	log *slog.Logger

	mu   sync.Mutex
	last string
}

func (l *engineLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *engineLog) Warnf(format string, v ...any)   { l.log.Info(fmt.Sprintf(format, v...)) }
func (l *engineLog) Debugf(string, ...any)           {}
func (l *engineLog) Tracef(string, ...any)           {}

func (l *engineLog) Errorf(format string, v ...any) {
	l.remember(fmt.Sprintf(format, v...))
	l.log.Error(fmt.Sprintf(format, v...))
}

// Fatalf is what the engine says when it cannot start.
func (l *engineLog) Fatalf(format string, v ...any) {
	l.remember(fmt.Sprintf(format, v...))
	l.log.Error(fmt.Sprintf(format, v...))
}

func (l *engineLog) remember(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = message
}

func (l *engineLog) lastError() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
