package invoke

import (
	"runtime"
	"strings"
	"testing"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/environment"
)

// The journeys of the last thousands of invocations do not hold their answers.
func TestExplanationsHoldNoAnswers(t *testing.T) {
	const size, many = 1 << 20, 8
	for name, o := range map[string]environment.Outcome{"an answer": {}, "an error": {Cause: environment.FunctionError}} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var kept []*ended
		for range many {
			o.Payload = []byte(`{"errorType":"E","errorMessage":"` + strings.Repeat("a", size) + `"}`)
			kept = append(kept, endedOf(execution.FunctionRef{Name: "f"}, &execution.Configuration{}, &o))
		}
		o.Payload = nil
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > size {
			t.Errorf("%s: %d explanations hold %d bytes", name, many, grown)
		}
		what, _ := kept[0].Explain()
		if len(what) > 3000 || o.Cause == environment.None && what != "f after 0s answered 1048611 bytes" || o.Cause != environment.None && !strings.HasPrefix(what, "f after 0s raised E: aaa") {
			t.Errorf("%s is told as %.100s (%d bytes)", name, what, len(what))
		}
	}
}
