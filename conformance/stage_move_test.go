package conformance

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// A stage moves between two Deployments while it is asked without pause: every
// request meets one of them whole, and once UpdateStage has answered, the new.
func TestAStageMovesUnderLoadWithoutAFailedRequest(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "one")
	one := a.deploy("v0")
	a.retemplate("two")
	two := a.deploy("v0")

	ctx, stop := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	defer callers.Wait()
	defer stop()
	var served atomic.Int64
	for range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				r := newRequest(t.Context(), t, http.MethodGet, a.url("/v0/"), "")
				response, err := client.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != 200 || string(body) != "one" && string(body) != "two" {
					t.Errorf("in flight: %d %s %v", response.StatusCode, body, err)
					return
				}
				served.Add(1)
			}
		})
	}
	for range 10 {
		a.patchStage("v0", setting("/deploymentId", one))
		a.get("/v0/").want(t, http.StatusOK, "one")
		a.patchStage("v0", setting("/deploymentId", two))
		a.get("/v0/").want(t, http.StatusOK, "two")
	}
	eventually(t, "the callers have been served", func() bool { return served.Load() > 20 || t.Failed() })
}
