package environment

import "fmt"

// A State is where an environment stands in its life.
type State uint8

// The states.
const (
	Starting     State = iota // its sandbox is being made
	Initialising              // the runtime loads the function
	Idle                      // the runtime waits for an event
	Frozen                    // idle, and its processes are stopped
	Busy                      // the runtime has an event
	Dead                      // ended, or being ended
)

func (s State) String() string {
	return [...]string{"starting", "initialising", "idle", "frozen", "busy", "dead"}[s]
}

// legal[from] are the states that may follow. From everywhere but Dead an
// environment may die.
var legal = [...][]State{
	Starting:     {Initialising},
	Initialising: {Idle, Busy},
	Idle:         {Busy, Frozen},
	Frozen:       {Busy},
	Busy:         {Idle, Busy},
	Dead:         {},
}

// next returns to, or an error if it may not follow.
func (s State) next(to State) (State, error) {
	if to == Dead && s != Dead {
		return Dead, nil
	}
	for _, l := range legal[s] {
		if l == to {
			return to, nil
		}
	}
	return s, fmt.Errorf("an environment that is %s cannot become %s", s, to)
}
