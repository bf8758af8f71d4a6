package invoke

import (
	"testing"
)

func TestFunctionsAnswer(t *testing.T) {
	levels(t, func(t *testing.T, o options) {
		h := newHost(t, o)
		for name, f := range map[string]struct {
			runtime, handler string
			files            map[string]string
		}{
			"python": {"python3.13", "app.handler", map[string]string{"app.py": "def handler(event, context):\n    print('hello', flush=True)\n    return {'got': event['n']}\n"}},
			"node":   {"nodejs20.x", "index.handler", map[string]string{"index.js": "exports.handler = async (event) => { console.log('hello'); return { got: event.n } }\n"}},
		} {
			t.Run(name, func(t *testing.T) {
				ref := h.deploy(name, f.runtime, f.handler, f.files)
				for range 3 {
					r := h.invoke(ref, `{"n":1}`)
					t.Log(r.ColdStart, r.InitDuration, r.Duration, string(r.Payload), r.FunctionError, "\n"+string(r.LogTail))
				}
			})
		}
	})
}
