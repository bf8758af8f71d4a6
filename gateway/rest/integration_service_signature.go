package rest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/endpoint"
	"github.com/lamgate/lamgate/gateway/plan"
	"github.com/lamgate/lamgate/wire"
)

// An AccessKey is what a request to an AWS service is signed with.
type AccessKey struct{ ID, Secret, SessionToken string }

// sessionName is the name of the sessions in which integrations use roles.
//
// AWS: it stands in the ARN of the caller that services see.
const sessionName = "BackplaneAssumeRoleSession"

// sign signs a request to an AWS service with credentials of the integration's
// role, by Signature Version 4. What a mapping has put in the place of a part of
// the signature, or of the session, gives way to it.
func (c *call) sign(q *endpoint.Request) {
	u := &c.target.service
	account := c.api.Account
	if role, err := aws.ParseARN(c.target.role); err == nil {
		account = role.Account
	}
	key := c.gateway.credentials(account, c.target.role, sessionName)
	now := c.gateway.clock.Now().UTC()
	stamp, day := now.Format("20060102T150405Z"), now.Format("20060102")
	digest := hexSHA256(c.outgoing.body)
	headers := setField(c.outgoing.headers, "X-Amz-Date", true, stamp)
	headers = setField(headers, "X-Amz-Security-Token", true)
	if key.SessionToken != "" {
		headers = append(headers, field{"X-Amz-Security-Token", key.SessionToken})
	}
	service := signingName(u.Service)
	if service == "s3" {
		headers = setField(headers, "X-Amz-Content-Sha256", true, digest)
	}
	canonical, signed := canonicalHeaders(q.Host, headers)
	path, query, _ := strings.Cut(q.Target, "?")
	text := strings.Join([]string{q.Method, canonicalPath(path, service), canonicalQuery(query), canonical, signed, digest}, "\n")
	scope := wire.Scope{Day: day, Region: u.Region, Service: service}
	c.outgoing.headers = append(headers, field{"Authorization", "AWS4-HMAC-SHA256 Credential=" + key.ID + "/" + scope.String() +
		", SignedHeaders=" + signed + ", Signature=" + scope.Sign(key.Secret, stamp, text)})
}

// signingName is the name under which a service takes signatures, where that is
// not the name of its host.
func signingName(service string) string {
	switch service {
	case "email":
		return "ses"
	case "appsync-api":
		return "appsync"
	}
	return service
}

// canonicalHeaders are the headers that are signed: those of AWS, the type and
// the host.
func canonicalHeaders(host string, headers []field) (canonical, signed string) {
	list := []field{{"host", host}}
	for _, f := range headers {
		name := strings.ToLower(f.name)
		if name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			list = append(list, field{name, strings.Join(strings.Fields(f.value), " ")})
		}
	}
	slices.SortStableFunc(list, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	var lines, names strings.Builder
	for i, f := range list {
		if i > 0 && list[i-1].name == f.name {
			lines.WriteString("," + f.value)
			continue
		}
		if i > 0 {
			lines.WriteByte('\n')
			names.WriteByte(';')
		}
		lines.WriteString(f.name + ":" + f.value)
		names.WriteString(f.name)
	}
	lines.WriteByte('\n')
	return lines.String(), names.String()
}

// canonicalPath is a path as it is signed.
//
// AWS: S3 takes it as it is meant, all others escape the one that is sent once
// more.
func canonicalPath(path, service string) string {
	if service == "s3" {
		if meant, err := url.PathUnescape(path); err == nil {
			path = meant
		}
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i] = string(plan.AppendQueryEscaped(nil, s))
	}
	return strings.Join(segments, "/")
}

func canonicalQuery(query string) string {
	values, _ := url.ParseQuery(query)
	var pairs []string
	for name, list := range values {
		for _, v := range list {
			pairs = append(pairs, string(plan.AppendQueryEscaped(nil, name))+"="+string(plan.AppendQueryEscaped(nil, v)))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
