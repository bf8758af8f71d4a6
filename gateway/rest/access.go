package rest

import (
	"strings"

	"github.com/lamgate/lamgate/telemetry"
)

// None of what guards access is built yet, so each guard that an API has set
// up refuses everybody: as AWS would refuse a caller who shows nothing. A guard
// that is not set up is skipped.

// unbuilt explains a guard that refuses because lamgate lacks it.
type unbuilt string

func (u unbuilt) Explain() (what, mend string) {
	return "lamgate does not build " + string(u) + " yet, so what it guards stays closed", ""
}

const (
	noResourcePolicy = telemetry.Note("the API has no resource policy")
	noAuthorizer     = telemetry.Note("the method's authorization type is NONE")
	noAPIKey         = telemetry.Note("the method requires no API key")
)

// resourcePolicy decides whether the API lets the caller near at all.
func (c *call) resourcePolicy() *gatewayResponse {
	d := c.published.plan.Deployment
	switch {
	case c.api.DisableExecuteAPI:
		return c.refuse(stepResourcePolicy, telemetry.Denied, advice{"the API's default endpoint is disabled",
			"aws apigateway update-rest-api --rest-api-id " + c.api.ID + " --patch-operations op=replace,path=/disableExecuteApiEndpoint,value=false"}, forbidden())
	case d.EndpointType == "PRIVATE":
		return c.refuse(stepResourcePolicy, telemetry.Denied, unbuilt("private APIs"), forbidden())
	case c.stage.WebACLARN != "":
		return c.refuse(stepResourcePolicy, telemetry.Denied, unbuilt("web ACLs"), forbidden())
	case d.ResourcePolicy != "":
		return c.refuse(stepResourcePolicy, telemetry.Denied, unbuilt("resource policies"), accessDenied(c.methodARN()))
	}
	c.skip(stepResourcePolicy, noResourcePolicy)
	return nil
}

// authorizer decides who the caller is.
func (c *call) authorizer() *gatewayResponse {
	switch kind := c.route.Method.AuthorizationType; kind {
	case "", "NONE":
		c.skip(stepAuthorizer, noAuthorizer)
		return nil
	case "AWS_IAM":
		return c.refuse(stepAuthorizer, telemetry.Denied, unbuilt("AWS_IAM authorization"), missingAuthenticationToken())
	default:
		return c.refuse(stepAuthorizer, telemetry.Denied, unbuilt("authorizers (the method's authorization type is "+kind+")"), unauthorized())
	}
}

// apiKey decides whether the caller's API key is good for the method.
func (c *call) apiKey() *gatewayResponse {
	if c.route.Method.APIKeyRequired {
		return c.refuse(stepAPIKey, telemetry.Denied, unbuilt("API keys"), invalidAPIKey())
	}
	c.skip(stepAPIKey, noAPIKey)
	return nil
}

// methodARN is the resource that the caller asks for, as policies name it.
func (c *call) methodARN() string {
	return "arn:aws:execute-api:" + c.api.Region + ":" + c.api.Account + ":" + c.api.ID + "/" + c.stage.Name +
		"/" + c.request.Method + "/" + strings.TrimLeft(c.address.Path, "/")
}
