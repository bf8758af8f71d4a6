package environment

import (
	"cmp"
	"slices"

	"github.com/lamgate/lamgate/execution"
)

// A Use is what the environments of a function's version take of this host.
type Use struct {
	Function      execution.FunctionRef // the qualifier is the version
	Environments  int
	Idle          int
	PrivateMemory int64 // bytes, of all together, that nobody else shares
}

// Use lists what functions use now, for people.
func (f *Fleet) Use() (list []Use) {
	at := map[execution.FunctionRef]int{}
	for _, e := range f.allAlive() {
		ref := e.pool.function
		ref.Qualifier = e.pool.config.Version
		i, ok := at[ref]
		if !ok {
			i = len(list)
			at[ref] = i
			list = append(list, Use{Function: ref})
		}
		e.mu.Lock()
		box, resting := e.box, e.state == Idle || e.state == Frozen
		e.mu.Unlock()
		list[i].Environments++
		if resting {
			list[i].Idle++
		}
		if box != nil {
			list[i].PrivateMemory += box.PrivateMemory()
		}
	}
	slices.SortFunc(list, func(a, b Use) int { return cmp.Compare(a.Function.ARN(), b.Function.ARN()) })
	return list
}

// StemCells lists those that stand ready, for people.
func (f *Fleet) StemCells() []StemCells { return f.stems.stand() }
