package rest

import (
	"crypto/tls"
	"testing"

	"github.com/lamgate/lamgate/gateway/value"
)

func TestContext(t *testing.T) {
	c := prepared(t, "REGIONAL")
	c.request.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256}
	for name, want := range map[string]value.Value{
		"accountId": account, "apiId": "api", "deploymentId": "dep001", "domainName": "api.execute-api.us-east-1.amazonaws.com",
		"domainPrefix": "api", "endpointType": "REGIONAL", "httpMethod": "GET", "path": "/v0/users/42", "protocol": "HTTP/1.1",
		"requestTime": "15/May/2020:06:01:09 +0000", "requestTimeEpoch": int64(1589522469469), "resourceId": "rusersid",
		"resourcePath": "/users/{id}", "stage": "v0", "identity.sourceIp": "192.0.2.1", "identity.caller": "",
		"authorizer.principalId": "", "error.message": "", "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
		"xrayTraceId": "", "wafResponseCode": "", "requestId": c.requestID, "extendedRequestId": c.extendedID,
	} {
		if got, ok := c.contextValue(name); !ok || got != want {
			t.Errorf("%s is %#v, %v, want %#v", name, got, ok, want)
		}
	}
	for _, name := range []string{"isCanaryRequest", "nothing", "identity.", "error.nothing", "authorizer.", "requestOverride.header.a"} {
		if got, ok := c.contextValue(name); ok {
			t.Errorf("%s is %#v", name, got)
		}
	}
	identity, _ := c.contextValue("identity")
	if ip, _ := identity.(*value.Map).Get("sourceIp"); ip != "192.0.2.1" {
		t.Errorf("identity is %v", identity)
	}
	c.refusal = badRequestParameters(`say "x"`)
	if got, _ := c.contextValue("error.messageString"); got != `"say \"x\""` {
		t.Errorf("error.messageString is %v", got)
	}
}

// TestContextBeforeAnythingIsFound asks for everything at the worst moment.
func TestContextBeforeAnythingIsFound(t *testing.T) {
	h := newHouse(t)
	c := new(call)
	c.begin(h.gateway, typicalRequest())
	for _, name := range []string{"accountId", "apiId", "deploymentId", "endpointType", "isCanaryRequest", "path", "resourceId",
		"resourcePath", "stage", "webaclArn", "xrayTraceId", "error.message", "tlsVersion", "awsEndpointRequestId"} {
		c.contextValue(name)
		c.appendAccessVariable(nil, name)
	}
	for _, name := range []string{"integrationLatency", "integrationStatus", "integration.error", "status"} {
		c.appendAccessVariable(nil, name)
	}
}

func TestContextCostsNothing(t *testing.T) {
	c := prepared(t, "REGIONAL")
	names := []string{"requestId", "identity.sourceIp", "stage", "authorizer.principalId", "resourcePath", "domainPrefix"}
	if n := testing.AllocsPerRun(100, func() {
		for _, name := range names {
			c.contextVariable(name)
		}
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
