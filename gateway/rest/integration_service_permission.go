package rest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/telemetry"
)

const (
	noRole = telemetry.Note("the integration's credentials are empty on this stage")
)

// mayCall decides whether the integration's role may do what is called: may API
// Gateway assume it, and do its own policies allow it, as far as the request
// tells the action and the resource.
//
// AWS: a role that cannot be assumed is a 500. What the role may not do, the
// service refuses, and that is an answer like any other.
//
// Neither lamgate's own services nor those of the endpoint map ask a policy
// themselves. A role whose resource is not known must be allowed the action on
// all, and one whose action is not known must be allowed everything there.
func (c *call) mayCall(q *endpoint.Request) (bool, *gatewayResponse) {
	t, roles := c.target, c.gateway.roles
	if t.role == "" {
		return false, c.refuse(stepPermission, telemetry.Denied, noRole, internalServerError())
	}
	context := c.timedContext()
	if d := roles.MayAssume(t.role, policy.Service(gatewayService), context); !d.Allowed() {
		return false, c.refuse(stepPermission, telemetry.Denied, d, internalServerError())
	}
	action, resource := c.actionOf(q)
	if action == "" {
		action = policyPrefix(t.service.Service) + ":*"
	}
	d := roles.AllowsAll(t.role, action, context)
	if resource != "" {
		d = roles.Allows(t.role, action, resource, context)
	}
	if d.Allowed() {
		c.pass(stepPermission, d)
		return true, nil
	}
	c.journey.Add(c.gateway.clock.Now(), stepPermission, telemetry.Denied, d)
	c.denyAsService(action, resource)
	return false, nil
}

// denyAsService answers as the service does whose action the role may not do.
func (c *call) denyAsService(action, resource string) {
	session := c.target.role
	if role, ok := c.gateway.roles.Role(session); ok {
		session = aws.NewARN("sts", "", role.Account, "assumed-role/"+role.Name+"/"+sessionName).String()
	}
	message := "User: " + session + " is not authorized to perform: " + action
	if resource != "" {
		message += " on resource: " + resource
	}
	r := &c.received
	r.status = http.StatusForbidden
	contentType := "application/xml"
	escaped := xmlText(message)
	switch prefix, _ := jsonService(c.target.service.Service); {
	case prefix != "":
		r.status, contentType = http.StatusBadRequest, "application/x-amz-json-1.1"
		r.body = append(appendString([]byte(`{"__type":"AccessDeniedException","Message":`), message), '}')
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

// actionOf tells which action, as policies name it, a request is, and on which
// resource; empty where the request does not tell.
func (c *call) actionOf(q *endpoint.Request) (action, resource string) {
	u := &c.target.service
	path, query, _ := strings.Cut(q.Target, "?")
	if u.Service == "s3" && u.Action == "" {
		return objectAction(q.Method, u.Subdomain, path, query)
	}
	name, parameters, _ := strings.Cut(u.Action, "&")
	names := append(formValues(parameters, "Action"), formValues(query, "Action")...)
	if target, ok := c.outgoingHeader("X-Amz-Target"); ok {
		names = append(names, target[strings.LastIndexByte(target, '.')+1:])
	}
	if contentType, _ := c.outgoingHeader("Content-Type"); mediaType(contentType) == "application/x-www-form-urlencoded" {
		names = append(names, formValues(string(c.outgoing.body), "Action")...)
	}
	for _, other := range names {
		if name != "" && other != name {
			return "", "" // which one the service takes, only it knows
		}
		name = other
	}
	if name == "" || strings.ContainsAny(name, ":*? ") {
		return "", ""
	}
	switch u.Service {
	case "sqs":
		if parts := strings.Split(strings.Trim(path, "/"), "/"); len(parts) == 2 {
			resource = "arn:aws:sqs:" + u.Region + ":" + parts[0] + ":" + parts[1]
		}
	case "dynamodb":
		// A map, for its keys must be the very ones that the service looks for.
		var told map[string]any
		_ = json.Unmarshal(c.outgoing.body, &told) // what is not JSON names no table
		if table, _ := told["TableName"].(string); strings.Contains(table, ":") {
			resource = table // its ARN
		} else if table != "" {
			resource = "arn:aws:dynamodb:" + u.Region + ":" + c.api.Account + ":table/" + table
		}
	}
	return policyPrefix(u.Service) + ":" + name, resource
}

// policyPrefix is the name under which policies speak of a service, where that
// is not the name of its host.
func policyPrefix(service string) string {
	switch service {
	case "email":
		return "ses"
	case "monitoring":
		return "cloudwatch"
	case "appsync-api":
		return "appsync"
	}
	return service
}

func formValues(form, name string) []string {
	values, _ := url.ParseQuery(form)
	return values[name]
}

// objectAction is the action of a request to S3, where its method and path
// tell.
func objectAction(method, bucket, path, query string) (action, resource string) {
	for pair := range strings.SplitSeq(query, "&") {
		if name, _, valued := strings.Cut(pair, "="); name != "" && !valued {
			return "", "" // a part of a bucket or an object, such as its tags
		}
	}
	path, err := url.PathUnescape(strings.TrimPrefix(path, "/"))
	if err != nil {
		return "", ""
	}
	key := path
	if bucket == "" {
		bucket, key, _ = strings.Cut(path, "/")
	}
	object, container := "arn:aws:s3:::"+bucket+"/"+key, "arn:aws:s3:::"+bucket
	switch {
	case bucket == "" && method == http.MethodGet:
		return "s3:ListAllMyBuckets", "*"
	case bucket == "":
		return "", ""
	case key == "" && (method == http.MethodGet || method == http.MethodHead):
		return "s3:ListBucket", container
	case key == "" && method == http.MethodPut:
		return "s3:CreateBucket", container
	case key == "" && method == http.MethodDelete:
		return "s3:DeleteBucket", container
	case key == "":
		return "", ""
	case method == http.MethodGet, method == http.MethodHead:
		return "s3:GetObject", object
	case method == http.MethodPut:
		return "s3:PutObject", object
	case method == http.MethodDelete:
		return "s3:DeleteObject", object
	}
	return "", ""
}
