package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/endpoint"
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
	stamp := now.Format("20060102T150405Z")
	digest := hexSHA256(c.outgoing.body)
	headers := setField(c.outgoing.headers, "X-Amz-Date", true, stamp)
	headers = setField(headers, "X-Amz-Security-Token", true)
	if key.SessionToken != "" {
		headers = append(headers, field{"X-Amz-Security-Token", key.SessionToken})
	}
	scope := wire.Scope{Day: now.Format("20060102"), Region: u.Region, Service: wire.SigningName(u.Service)}
	if scope.Service == "s3" {
		headers = setField(headers, "X-Amz-Content-Sha256", true, digest)
	}
	canonical := wire.Canonical{Method: q.Method, Names: signedNames(headers), Payload: digest, Values: func(name string) []string {
		if name == "host" {
			return []string{q.Host}
		}
		return valuesOf(headers, name)
	}}
	canonical.Path, canonical.Query, _ = strings.Cut(q.Target, "?")
	c.outgoing.headers = append(headers, field{"Authorization", "AWS4-HMAC-SHA256 Credential=" + key.ID + "/" + scope.String() +
		", SignedHeaders=" + strings.Join(canonical.Names, ";") + ", Signature=" + scope.Sign(key.Secret, stamp, &canonical)})
}

// signedNames are the names of the headers that are signed: those of AWS, the
// type and the host.
func signedNames(headers []field) []string {
	names := []string{"host"}
	for _, f := range headers {
		if name := strings.ToLower(f.name); name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func valuesOf(headers []field, name string) []string {
	var values []string
	for _, f := range headers {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
