package wire

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// A message is what of a request the decoder reads.
type message struct {
	path   string            // escaped; for S3 with the bucket as its first segment
	query  url.Values        // of the URL
	labels map[string]string // from the router
	form   url.Values        // Query protocol: the parameters of the call
	length int64             // of the body; -1 if unknown
}

// identify finds the service that the request is for.
func (c *call) identify() error {
	r := c.r
	c.message = message{path: r.URL.EscapedPath(), query: r.URL.Query(), length: r.ContentLength}
	scope, signed := scopeOf(r)
	switch {
	case c.only != nil:
		c.service = c.among(c.only)
	case signed:
		candidates := c.bySigningName(scope.service)
		if len(candidates) == 0 {
			if c.elsewhere = c.Handler.elsewhere[scope.service]; c.elsewhere != nil {
				return nil
			}
			return aws.Faultf(http.StatusNotImplemented, "NotImplemented",
				"lamgate does not serve the AWS service that signs as %q; serve --endpoint NAME=URL passes its calls on", scope.service)
		}
		c.service = c.among(candidates)
	case r.Header.Get("X-Amz-Target") != "":
		prefix, _, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		i := slices.IndexFunc(c.services, func(s *service) bool { return s.TargetPrefix == prefix && prefix != "" })
		if i < 0 {
			return aws.Faultf(http.StatusBadRequest, "UnknownOperationException", "lamgate does not serve the target %q", prefix)
		}
		c.service = c.services[i]
	case c.message.query.Has("Action") || isForm(r) && r.URL.Path == "/":
		if err := c.readForm(); err != nil {
			return err
		}
		version := c.message.form.Get("Version")
		i := slices.IndexFunc(c.services, func(s *service) bool { return s.Protocol == api.Query && s.Version == version })
		if i < 0 {
			return aws.Faultf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", c.message.form.Get("Action"), version)
		}
		c.service = c.services[i]
	default:
		if c.service = c.byHost(r); c.service == nil {
			c.service = c.byPath(c.services)
		}
		if c.service == nil {
			c.service = c.s3()
		}
		if c.service == nil {
			return aws.Faultf(http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token")
		}
	}
	if c.service.isS3() {
		_, bySignature := scopeOf(r)
		if bucket := bucketOfHost(hostOf(r), bySignature); bucket != "" {
			c.message.path = "/" + url.PathEscape(bucket) + c.message.path
		}
	}
	return nil
}

// among returns the service that the request is for, of those that share a
// name: which one it is, the path tells.
func (c *call) among(candidates []*service) *service {
	if len(candidates) > 1 {
		if s := c.byPath(candidates); s != nil {
			return s
		}
	}
	return candidates[0]
}

func (h *Handler) bySigningName(name string) []*service {
	var found []*service
	for _, s := range h.services {
		if s.SigningName == name {
			found = append(found, s)
		}
	}
	return found
}

// byPath returns the one REST service among candidates, S3 aside, that has an
// operation at the request's path.
func (c *call) byPath(candidates []*service) *service {
	var found *service
	for _, s := range candidates {
		if s.isS3() || s.router.root.literals == nil {
			continue
		}
		if op, _ := s.router.find(c.r.Method, c.message.path, c.message.query, c.r.Header); op == nil {
			continue
		}
		if found != nil {
			return nil
		}
		found = s
	}
	return found
}

// byHost knows the hosts of AWS (lambda.eu-west-1.amazonaws.com) and their kin
// that lead to this machine (lambda.localhost, bucket.s3.localhost).
func (h *Handler) byHost(r *http.Request) *service {
	host := hostOf(r)
	first, rest, ok := strings.Cut(host, ".")
	if !ok {
		return nil
	}
	for _, s := range h.services {
		if s.EndpointPrefix == first && isServiceDomain(rest) || s.isS3() && (first == "s3" || bucketOfHost(host, false) != "") {
			return s
		}
	}
	return nil
}

func isServiceDomain(domain string) bool {
	return strings.HasSuffix(domain, "amazonaws.com") || strings.HasSuffix(domain, "localhost") ||
		strings.HasSuffix(domain, "localhost.localstack.cloud")
}

func (h *Handler) s3() *service {
	for _, s := range h.services {
		if s.isS3() {
			return s
		}
	}
	return nil
}

func (s *service) isS3() bool { return s.Name == "s3" }

// bucketOfHost returns the bucket that stands before ".s3" in a virtual-host
// style name: my.bucket.s3.eu-west-1.amazonaws.com, bucket.s3.localhost. Clients
// told to use http://localhost:4566 write bucket.localhost; that is taken for a
// bucket only where the signature says that the request is S3's.
func bucketOfHost(host string, signedForS3 bool) string {
	labels := strings.Split(host, ".")
	for i := len(labels) - 1; i > 0; i-- {
		if labels[i] == "s3" || strings.HasPrefix(labels[i], "s3-") && isServiceDomain(strings.Join(labels[i+1:], ".")) {
			return strings.Join(labels[:i], ".")
		}
	}
	if bucket, ok := strings.CutSuffix(host, ".localhost"); ok && signedForS3 && bucket != "s3" && !strings.HasPrefix(bucket, "s3.") {
		return bucket
	}
	return ""
}

func hostOf(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(host)
}

func isForm(r *http.Request) bool {
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return r.Method == http.MethodPost && strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded")
}

// route finds the operation.
func (c *call) route() error {
	switch c.service.Protocol {
	case api.Query:
		if err := c.readForm(); err != nil {
			return err
		}
		action := c.message.form.Get("Action")
		if action == "" {
			return aws.Faultf(http.StatusBadRequest, "MissingAction", "The request must contain the parameter Action.")
		}
		if c.operation = c.service.named(action); c.operation == nil {
			return aws.Faultf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", action, c.service.Version)
		}
	case api.JSON10, api.JSON11:
		// AWS: the target of another service is no operation of this one.
		prefix, name, _ := strings.Cut(c.r.Header.Get("X-Amz-Target"), ".")
		if prefix == c.service.TargetPrefix {
			c.operation = c.service.named(name)
		}
		if c.operation == nil {
			return aws.Faultf(http.StatusBadRequest, "UnknownOperationException", "")
		}
	default:
		c.operation, c.message.labels = c.service.router.find(c.r.Method, c.message.path, c.message.query, c.r.Header)
		if c.operation == nil && c.service.isS3() && strings.HasPrefix(c.r.Header.Get("Content-Type"), "multipart/form-data") {
			return aws.Faultf(http.StatusNotImplemented, "NotImplemented", "lamgate does not implement uploads to S3 by HTML forms yet")
		}
		if c.operation == nil {
			c.log.Info("no operation for this method and path", c.logAttrs()...)
			return c.service.noRoute()
		}
	}
	return nil
}

func (s *service) named(name string) *operation {
	i, ok := slices.BinarySearchFunc(s.operations, name, func(op operation, name string) int { return strings.Compare(op.Name, name) })
	if !ok {
		return nil
	}
	return &s.operations[i]
}
