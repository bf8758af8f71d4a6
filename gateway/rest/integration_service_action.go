package rest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/lamgate/lamgate/gateway/endpoint"
)

// A need is what a role must be allowed for a request: an action as policies
// name it, and the resource; empty where the request does not tell, so that the
// role must be allowed the action on all.
type need struct{ action, resource string }

// needsOf tells what a request to an AWS service needs. Where the request may
// mean several things, or one that is not known here, it needs everything.
//
// A service looks for its action in places of its own choice, and callers may
// have a say in each of them: what they name must be one and the same.
func (c *call) needsOf(q *endpoint.Request, own bool) []need {
	u := &c.target.service
	prefix := policyPrefix(u.Service)
	everything := []need{{action: prefix + ":*"}}
	path, query, _ := strings.Cut(q.Target, "?")
	if u.Service == "s3" {
		headers := c.outgoing.headers
		if needs := objectNeeds(q.Method, u.Subdomain, path, query, headers, own); needs != nil {
			return needs
		}
		return everything
	}
	if protocol, _ := jsonService(u.Service); protocol == "" && path != "/" && u.Service != "sqs" || !own && ambiguous(path) {
		return everything // a service that goes by method and path
	}
	parameters, ok := c.parametersOf(q.Method, query)
	if !ok {
		return everything
	}
	names := parameters["Action"]
	if u.Action != "" {
		name, _, _ := strings.Cut(u.Action, "&")
		names = append(names, name)
	}
	targeted := false
	for _, f := range c.outgoing.headers {
		if strings.EqualFold(f.name, "X-Amz-Target") {
			targeted = true
			names = append(names, f.value[strings.LastIndexByte(f.value, '.')+1:])
		}
	}
	name, ok := only(names)
	if !ok || strings.ContainsAny(name, ":*? ") {
		return everything
	}
	n := need{action: prefix + ":" + name}
	switch u.Service {
	case "sqs":
		if !targeted { // else the body names the queue
			n.resource = queueOf(u.Region, path, parameters["QueueUrl"])
		}
	case "dynamodb":
		n.resource = tableOf("arn:aws:dynamodb:"+u.Region+":"+c.api.Account+":table/", name, c.outgoing.body)
	}
	return []need{n}
}

// parametersOf returns the parameters of a service of the query protocol, which
// may stand in the query string and in the body; ok is false if the body cannot
// be looked into.
func (c *call) parametersOf(method, query string) (parameters url.Values, ok bool) {
	parameters, err := url.ParseQuery(query)
	if err != nil {
		return nil, false
	}
	if prefix, _ := jsonService(c.target.service.Service); prefix != "" || method != http.MethodPost {
		return parameters, true
	}
	if _, packed := c.outgoingHeader("Content-Encoding"); packed {
		return nil, false
	}
	// Not every service asks for the Content-Type of a form. What is none has
	// no part that is named like an action.
	form, _ := url.ParseQuery(string(c.outgoing.body))
	for name, values := range form {
		parameters[name] = append(parameters[name], values...)
	}
	return parameters, true
}

// only returns what all texts are; ok is false if they differ or there is none.
func only(texts []string) (text string, ok bool) {
	for i, t := range texts {
		if i > 0 && t != text {
			return "", false
		}
		text = t
	}
	return text, text != ""
}

// ambiguous reports whether an endpoint may take a path for another: it has
// segments that some servers clear away.
func ambiguous(path string) bool {
	meant, err := url.PathUnescape(path)
	if err != nil || strings.Contains(meant, "//") || strings.Contains(meant, `\`) {
		return true
	}
	for segment := range strings.SplitSeq(meant, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// queueOf returns the ARN of the queue that a request to SQS is for: its path
// or the parameter QueueUrl names it.
func queueOf(region, path string, urls []string) string {
	var paths []string
	if path = strings.Trim(path, "/"); path != "" {
		paths = append(paths, path)
	}
	for _, s := range urls {
		u, err := url.Parse(s)
		if err != nil {
			return ""
		}
		paths = append(paths, strings.Trim(u.Path, "/"))
	}
	queue, _ := only(paths)
	account, name, ok := strings.Cut(queue, "/")
	if !ok || strings.ContainsAny(queue, "*?%") || strings.Contains(name, "/") {
		return ""
	}
	return "arn:aws:sqs:" + region + ":" + account + ":" + name
}

// tableOf returns the ARN of the table, or of its index, that an action of
// DynamoDB is for, where it is for one.
func tableOf(tables, action string, body []byte) string {
	switch action {
	case "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DescribeTable", "UpdateTable", "DeleteTable":
	default:
		return "" // its body may name others
	}
	// A map, for its keys must be the very ones that the service looks for.
	var told map[string]any
	if json.Unmarshal(body, &told) != nil {
		return ""
	}
	table, _ := told["TableName"].(string)
	if table == "" {
		return ""
	}
	if !strings.Contains(table, ":") {
		table = tables + table
	}
	if index, ok := told["IndexName"].(string); ok {
		table += "/index/" + index
	}
	return table
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
