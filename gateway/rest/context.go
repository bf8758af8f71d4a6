package rest

import (
	"strconv"
	"strings"
)

// contextVariable returns a variable of $context; plan admits no others.
func (c *call) contextVariable(name string) string {
	switch name {
	case "accountId":
		return c.api.Account
	case "apiId":
		return c.api.ID
	case "domainName":
		return c.address.Domain
	case "domainPrefix":
		return domainPrefix(c.address.Domain)
	case "extendedRequestId":
		return c.extendedID
	case "httpMethod":
		return c.request.Method
	case "identity.sourceIp":
		return c.sourceIP
	case "identity.userAgent":
		return c.request.UserAgent()
	case "path":
		return c.fullPath()
	case "protocol":
		return c.request.Proto
	case "requestId":
		return c.requestID
	case "requestTime":
		return c.now.UTC().Format(clfTime)
	case "requestTimeEpoch":
		return strconv.FormatInt(c.now.UnixMilli(), 10)
	case "resourceId":
		return c.route.ResourceID
	case "resourcePath":
		return c.route.ResourcePath
	case "stage":
		return c.stage.Name
	}
	return ""
}

// fullPath is the request's path with its stage, as sent.
func (c *call) fullPath() string { return "/" + c.stage.Name + c.address.Path }

func domainPrefix(domain string) string {
	prefix, _, _ := strings.Cut(domain, ".")
	return prefix
}
