package sandbox

import (
	"fmt"
	"log/slog"
)

// The levels of isolation.
const (
	NamespaceLevel = "namespace"
	ProcessLevel   = "process"
)

// DefaultLevel is the strongest level that this operating system offers.
const DefaultLevel = defaultLevel

// Options are what a driver may be told.
type Options struct {
	Log *slog.Logger // slog.Default() if nil
	// Network is what the sandboxes will have. Probe tries the way out only if
	// it is EgressNetwork; otherwise the first sandbox with one does.
	Network Network
}

// Open returns the driver of a level. It returns at once and may be used at
// once; call its Probe, beside everything else that a start has to do, before
// trusting it with anyone's code.
func Open(level string, options Options) (Driver, error) {
	if options.Log == nil {
		options.Log = slog.Default()
	}
	switch level {
	case NamespaceLevel:
		return openNamespace(options)
	case ProcessLevel:
		return openProcess(options)
	}
	return nil, fmt.Errorf("there is no isolation called %q; choose %s or %s", level, NamespaceLevel, ProcessLevel)
}
