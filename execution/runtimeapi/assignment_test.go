package runtimeapi

import (
	"net/http"
	"testing"
)

// held reports whether a client waits.
func (a *assignment) held() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.waiting != nil
}

// The client of a stem cell gets what it is to become, once, whoever is first;
// until then there is nothing else for it.
func TestAssignment(t *testing.T) {
	const ask = "GET /lamgate/assignment/secret HTTP/1.1\r\n\r\n"
	const given = `{"environment":{"A":"b\"c","_HANDLER":"h"}}`
	environment := map[string]string{"_HANDLER": "h", "A": `b"c`}
	for name, before := range map[string]bool{"before it asks": true, "while it waits": false} {
		t.Run(name, func(t *testing.T) {
			s, w, address := serveWith(t, Options{Assignment: "/lamgate/assignment/secret"})
			c := dial(t, address)
			c.expect(next, 403, `{"errorMessage":"this environment has no function yet","errorType":"Lamgate.NotAssigned"}`)
			c.expect("GET /lamgate/assignment/guess HTTP/1.1\r\n\r\n", 403, `{"errorMessage":"this environment has no function yet","errorType":"Lamgate.NotAssigned"}`)
			if before {
				s.Assign(Options{}, environment)
			}
			c.say(ask)
			if !before {
				for !s.assignment.held() {
				}
				s.Assign(Options{}, environment)
			}
			if status, _, body := c.hear(); status != http.StatusOK || body != given {
				t.Errorf("%d %s", status, body)
			}
			s.Assign(Options{}, map[string]string{"B": "c"})
			c.expect(ask, 403, `{"errorMessage":"this environment has been told what to become, or waits to be told","errorType":"Lamgate.AssignedAlready"}`)
			c.say(next)
			<-w.ready
		})
	}
	_, _, address := serveWith(t, Options{})
	dial(t, address).expect(ask, 404, `{"errorMessage":"the Runtime API has no such path","errorType":"NotFound"}`)
}
