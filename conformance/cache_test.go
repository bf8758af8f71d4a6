package conformance

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// counted is an API whose GET / answers the number of the call that its
// endpoint sees, cached by the query parameter q, on the stage v0.
func counted(t *testing.T, settings ...types.PatchOperation) *restAPI {
	t.Helper()
	var calls atomic.Int64
	url := newBackend(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, calls.Add(1)) })
	a := newAPI(t)
	a.method("GET", "/", func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.querystring.q": false}
	})
	a.http("GET", "/", types.IntegrationTypeHttpProxy, url, func(in *apigateway.PutIntegrationInput) {
		in.RequestParameters = map[string]string{"integration.request.querystring.q": "method.request.querystring.q"}
		in.CacheKeyParameters = []string{"method.request.querystring.q"}
	})
	a.deploy("v0")
	a.patchStage("v0", append([]types.PatchOperation{
		setting("/cacheClusterEnabled", "true"), setting("/cacheClusterSize", "0.5"), setting("/*/*/caching/enabled", "true"),
	}, settings...)...)
	eventually(t, "the cache is there", func() bool {
		out, err := apiGateway().GetStage(t.Context(), &apigateway.GetStageInput{RestApiId: &a.id, StageName: new("v0")})
		return must(t, out, err).CacheClusterStatus == types.CacheClusterStatusAvailable
	})
	return a
}

func TestAStageAnswersFromItsCache(t *testing.T) {
	a := counted(t)
	a.get("/v0/").want(t, http.StatusOK, "1")
	a.get("/v0/").want(t, http.StatusOK, "1")
	a.get("/v0/?q=a").want(t, http.StatusOK, "2")
	a.get("/v0/?q=b").want(t, http.StatusOK, "3")
	a.get("/v0/?q=a").want(t, http.StatusOK, "2")
	// What is no key parameter tells no answers apart.
	a.get("/v0/?q=a&other=1").want(t, http.StatusOK, "2")
	a.ask("GET", "/v0/?q=b", "", "X-Other", "1").want(t, http.StatusOK, "3")
}

func TestAFlushEmptiesTheCache(t *testing.T) {
	a := counted(t)
	a.get("/v0/").want(t, http.StatusOK, "1")
	if _, err := apiGateway().FlushStageCache(t.Context(), &apigateway.FlushStageCacheInput{RestApiId: &a.id, StageName: new("v0")}); err != nil {
		t.Fatal(err)
	}
	a.get("/v0/").want(t, http.StatusOK, "2")
	a.get("/v0/").want(t, http.StatusOK, "2")
}

// max-age=0 fetches anew for who may, which is everybody where no authorization
// is required for it.
func TestACallerInvalidatesAnEntry(t *testing.T) {
	maxAge := []string{"Cache-Control", "max-age=0"}
	t.Run("everybody may", func(t *testing.T) {
		a := counted(t, setting("/*/*/caching/requireAuthorizationForCacheControl", "false"))
		a.get("/v0/").want(t, http.StatusOK, "1")
		a.ask("GET", "/v0/", "", maxAge...).want(t, http.StatusOK, "2")
		a.get("/v0/").want(t, http.StatusOK, "2")
	})
	t.Run("ignored with a warning", func(t *testing.T) {
		a := counted(t)
		a.get("/v0/").want(t, http.StatusOK, "1")
		got := a.ask("GET", "/v0/", "", maxAge...)
		got.want(t, http.StatusOK, "1")
		if got.header.Get("Warning") == "" {
			t.Error("there is no Warning")
		}
	})
	t.Run("ignored", func(t *testing.T) {
		a := counted(t, setting("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "SUCCEED_WITHOUT_RESPONSE_HEADER"))
		a.get("/v0/").want(t, http.StatusOK, "1")
		got := a.ask("GET", "/v0/", "", maxAge...)
		got.want(t, http.StatusOK, "1")
		got.wantHeader(t, "Warning", "")
	})
	t.Run("forbidden", func(t *testing.T) {
		a := counted(t, setting("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403"))
		a.get("/v0/").want(t, http.StatusOK, "1")
		if got := a.ask("GET", "/v0/", "", maxAge...); got.status != http.StatusForbidden {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
}

func TestWithoutACacheNothingIsKept(t *testing.T) {
	a := counted(t)
	a.patchStage("v0", setting("/cacheClusterEnabled", "false"))
	a.get("/v0/").want(t, http.StatusOK, "1")
	a.get("/v0/").want(t, http.StatusOK, "2")
}
