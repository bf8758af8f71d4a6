package conformance

import (
	"net/http"
	"net/url"
	"testing"
)

// Where an API is served besides its name on AWS is lamgate's own choice; that
// all places serve the same is what is tested.
func TestAnAPIIsServedAtEachOfItsAddresses(t *testing.T) {
	a := newEchoAPI(t, nil)
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	onAWS := a.id + ".execute-api." + region + ".amazonaws.com"
	for _, c := range []struct{ name, host, path, domain string }{
		{"the host name on AWS", onAWS, "/v0/users/7", onAWS},
		{"localhost", a.id + ".execute-api.localhost:" + u.Port(), "/v0/users/7", a.id + ".execute-api.localhost"},
		{"localhost.localstack.cloud", a.id + ".execute-api.localhost.localstack.cloud:" + u.Port(), "/v0/users/7", a.id + ".execute-api.localhost.localstack.cloud"},
		{"a path", u.Host, "/_aws/execute-api/" + a.id + "/v0/users/7", onAWS},
		{"a path as LocalStack had it", u.Host, "/restapis/" + a.id + "/v0/_user_request_/users/7", onAWS},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := send(t, newRequest(t.Context(), t, "GET", endpoint+c.path, "", "Host", c.host))
			if got.status != http.StatusOK {
				t.Fatalf("%d %s", got.status, got.body)
			}
			event := decode(t, got.body)
			requestContext := event["requestContext"].(map[string]any)
			if event["path"] != "/users/7" || requestContext["path"] != "/v0/users/7" || requestContext["domainName"] != c.domain {
				t.Errorf("path %v, requestContext.path %v, domainName %v", event["path"], requestContext["path"], requestContext["domainName"])
			}
		})
	}
}

func TestAnotherRegionsHostNameIsForbidden(t *testing.T) {
	a := newAPI(t)
	a.mock("GET", "/", "root")
	a.deploy("v0")
	host := a.id + ".execute-api.eu-west-1.amazonaws.com"
	send(t, newRequest(t.Context(), t, "GET", endpoint+"/v0/", "", "Host", host)).
		wantGatewayFault(t, http.StatusForbidden, "ForbiddenException", forbidden)
}
