package rest

import (
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/gateway/jsontext"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/telemetry"
)

// notAssumed is what the execution log says of a role that cannot be assumed.
const notAssumed = "API Gateway does not have permission to assume the provided role"

// mayCall decides whether the integration's role may do what is called: may API
// Gateway assume it, and do its own policies allow it, as far as the request
// tells the action and the resource.
//
// AWS: a role that cannot be assumed is a 500. What the role may not do, the
// service refuses, and that is an answer like any other.
//
// Neither lamgate's own services nor those of the endpoint map ask a policy
// themselves: needsOf tells what the role must be allowed.
func (c *call) mayCall(q *endpoint.Request, own bool) (bool, *gatewayResponse) {
	t, roles := c.target, c.gateway.roles
	if t.role == "" {
		return false, c.refuse(stepPermission, telemetry.Denied, inAWSWords{advice{"the integration's credentials are empty on this stage",
			"set the stage's variable to the ARN of a role that " + gatewayService + " may assume"}, notAssumed}, internalServerError())
	}
	context := c.conditions()
	if d := roles.MayAssume(t.role, policy.Service(gatewayService), context); !d.Allowed() {
		what, mend := d.Explain()
		return false, c.refuse(stepPermission, telemetry.Denied, inAWSWords{advice{what, mend}, notAssumed}, internalServerError())
	}
	var d policy.Decision
	for _, n := range c.needsOf(q, own) {
		if n.resource == "" {
			d = roles.AllowsAll(t.role, n.action, context)
		} else {
			d = roles.Allows(t.role, n.action, n.resource, context)
		}
		if !d.Allowed() {
			c.journey.Add(c.gateway.clock.Now(), stepPermission, telemetry.Denied, d)
			c.denyAsService(n)
			return false, nil
		}
	}
	c.pass(stepPermission, d)
	return true, nil
}

// denyAsService answers as the service does whose action the role may not do.
func (c *call) denyAsService(n need) {
	session := c.target.role
	if role, ok := c.gateway.roles.Role(session); ok {
		session = aws.NewARN("sts", "", role.Account, "assumed-role/"+role.Name+"/"+sessionName).String()
	}
	message := "User: " + session + " is not authorized to perform: " + n.action
	if n.resource != "" {
		message += " on resource: " + n.resource
	}
	r := &c.received
	r.status = http.StatusForbidden
	contentType := "application/xml"
	escaped := xmlText(message)
	switch prefix, _ := jsonService(c.target.service.Service); {
	case prefix != "":
		r.status, contentType = http.StatusBadRequest, "application/x-amz-json-1.1"
		r.body = append(jsontext.AppendString([]byte(`{"__type":"AccessDeniedException","Message":`), message), '}')
	case c.target.service.Service == "s3":
		r.body = []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>AccessDenied</Code><Message>" + escaped + "</Message></Error>")
	default:
		r.body = []byte("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>" + escaped + "</Message></Error></ErrorResponse>")
	}
	r.headers = append(r.headers, field{"Content-Type", contentType})
	c.outgoing.method = c.transform.asked.Method
}

func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
