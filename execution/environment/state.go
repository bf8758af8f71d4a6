package environment

import (
	"fmt"
	"slices"
)

// A State is where an environment stands in its life.
type State uint8

// The states.
const (
	Starting     State = iota // its sandbox is being made
	Initialising              // the runtime loads the function, and extensions get ready
	Idle                      // the runtime waits for an event
	Frozen                    // idle, and its processes are stopped
	Busy                      // the runtime has an event
	Settling                  // the runtime waits for an event, and extensions are still at work
	ShuttingDown              // it has been told to end, and has a moment for it
	Dead                      // ended, or being ended
)

func (s State) String() string {
	return [...]string{"starting", "initialising", "idle", "frozen", "busy", "settling", "shutting down", "dead"}[s]
}

// over reports whether the environment is of no use any more.
func (s State) over() bool { return s >= ShuttingDown }

// legal[from] are the states that may follow. From everywhere but Dead an
// environment may die.
var legal = [...][]State{
	Starting:     {Initialising},
	Initialising: {Idle, Busy, ShuttingDown},
	Idle:         {Busy, Frozen, ShuttingDown},
	Frozen:       {Busy, ShuttingDown},
	Busy:         {Idle, Busy, Settling, ShuttingDown},
	Settling:     {Idle, Busy, ShuttingDown},
	ShuttingDown: {},
	Dead:         {},
}

// next returns to, or an error if it may not follow.
func (s State) next(to State) (State, error) {
	if to == Dead && s != Dead || slices.Contains(legal[s], to) {
		return to, nil
	}
	return s, fmt.Errorf("an environment that is %s cannot become %s", s, to)
}
