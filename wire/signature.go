package wire

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// A scope is what a signature says of its request: AKID/20260102/eu-west-1/s3/aws4_request.
type scope struct {
	accessKeyID, region, service string
	presigned                    bool
}

const (
	algorithmV4  = "AWS4-HMAC-SHA256"
	algorithmV4A = "AWS4-ECDSA-P256-SHA256" // for many regions; its scope names none
)

// scopeOf reads the scope of a signature in the Authorization header or in the
// query string of a presigned URL; ok is false without one that can be read.
func scopeOf(r *http.Request) (s scope, ok bool) {
	if algorithm, rest, found := strings.Cut(r.Header.Get("Authorization"), " "); found {
		switch algorithm {
		case algorithmV4, algorithmV4A:
			return parseCredential(authorizationFields(rest)["Credential"], algorithm)
		case "AWS":
			id, _, found := strings.Cut(rest, ":")
			return scope{accessKeyID: id, region: aws.DefaultRegion, service: "s3"}, found
		}
		return scope{}, false
	}
	if !strings.Contains(r.URL.RawQuery, "X-Amz-Credential") && !strings.Contains(r.URL.RawQuery, "AWSAccessKeyId") {
		return scope{}, false
	}
	query := r.URL.Query()
	if c := query.Get("X-Amz-Credential"); c != "" {
		s, ok = parseCredential(c, query.Get("X-Amz-Algorithm"))
		s.presigned = true
		return s, ok
	}
	if id := query.Get("AWSAccessKeyId"); id != "" && query.Has("Signature") {
		return scope{accessKeyID: id, region: aws.DefaultRegion, service: "s3", presigned: true}, true
	}
	return scope{}, false
}

func parseCredential(credential, algorithm string) (scope, bool) {
	parts := strings.Split(credential, "/")
	want := 5
	if algorithm == algorithmV4A {
		want = 4
	}
	// An access key ID of test suites may itself have slashes.
	if len(parts) < want || parts[len(parts)-1] != "aws4_request" {
		return scope{}, false
	}
	s := scope{accessKeyID: strings.Join(parts[:len(parts)-want+1], "/"), region: aws.DefaultRegion, service: parts[len(parts)-2]}
	if algorithm != algorithmV4A {
		s.region = parts[len(parts)-3]
	}
	return s, s.accessKeyID != "" && s.region != "" && s.service != ""
}

func authorizationFields(s string) map[string]string {
	fields := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		if name, value, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			fields[name] = value
		}
	}
	return fields
}

// issuedOnly marks the context of a request by its type.
type issuedOnly struct{}

// IssuedOnly returns a handler that lets requests to a Handler behind next speak
// for nobody but the sessions that lamgate issued. It stands before what
// functions reach: on AWS a function is its role and, whatever access key it
// makes up, nobody else.
func IssuedOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), issuedOnly{}, true)))
	})
}

// authenticate says who the caller is. Signatures are read, not verified: every
// access key is let in as the account it stands for, unless the request is one
// of IssuedOnly's. Credentials that lamgate issued itself are verified, and speak
// for their role.
func (c *call) authenticate() (aws.Caller, error) {
	strict := c.r.Context().Value(issuedOnly{}) != nil
	s, ok := scopeOf(c.r)
	if !ok {
		if err := c.refuseMalformed(); err != nil {
			return aws.Caller{}, err
		}
		if strict {
			return aws.Caller{}, c.service.faultOfUnsigned()
		}
		return callerOf(aws.DefaultAccount, aws.DefaultRegion, ""), nil
	}
	if s.presigned {
		if err := c.checkPresigned(); err != nil {
			return aws.Caller{}, err
		}
	}
	token := c.r.Header.Get("X-Amz-Security-Token")
	if s.presigned {
		token = c.message.query.Get("X-Amz-Security-Token")
	}
	session, issued, err := c.credentials.verify(s.accessKeyID, token, c.clock.Now())
	switch {
	case err != nil:
		return aws.Caller{}, c.service.faultOfToken(err)
	case issued:
		return session.caller(s.region, s.accessKeyID), nil
	case strict:
		c.log.Warn("a function called with an access key that is not its own: let it use its AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or what AssumeRole gives it",
			append(c.logAttrs(), "accessKey", s.accessKeyID)...)
		return aws.Caller{}, c.service.faultOfKey()
	}
	account := aws.DefaultAccount
	if isAccountID(s.accessKeyID) {
		account = s.accessKeyID
	}
	return callerOf(account, s.region, s.accessKeyID), nil
}

func callerOf(account, region, accessKeyID string) aws.Caller {
	return aws.Caller{
		Account:     account,
		Region:      region,
		AccessKeyID: accessKeyID,
		ARN:         aws.NewARN("iam", "", account, "root").String(),
		UserID:      account,
	}
}

func isAccountID(s string) bool {
	if len(s) != 12 {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// refuseMalformed faults a request whose Authorization cannot be understood:
// who tried to sign is not to be taken for someone who did not.
func (c *call) refuseMalformed() error {
	header := c.r.Header.Get("Authorization")
	presigned := c.message.query.Has("X-Amz-Credential")
	if header == "" && !presigned {
		return nil
	}
	if c.service.isS3() {
		switch {
		case presigned:
			return aws.Faultf(http.StatusBadRequest, "AuthorizationQueryParametersError",
				"Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
		case strings.HasPrefix(header, algorithmV4):
			return aws.Faultf(http.StatusBadRequest, "AuthorizationHeaderMalformed",
				"The authorization header is malformed; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
		}
		return aws.Faultf(http.StatusBadRequest, "InvalidArgument", "Unsupported Authorization Type")
	}
	code := "IncompleteSignature"
	if c.service.Protocol != api.Query {
		code += "Exception"
	}
	if presigned {
		return aws.Faultf(http.StatusForbidden, code, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'",
			c.message.query.Get("X-Amz-Credential"))
	}
	algorithm, rest, _ := strings.Cut(header, " ")
	if algorithm != algorithmV4 && algorithm != algorithmV4A {
		return aws.Faultf(http.StatusForbidden, code, "Authorization header requires the algorithm '%s'. Authorization=%s", algorithmV4, algorithm)
	}
	fields := authorizationFields(rest)
	var missing strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[name] == "" {
			missing.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	if missing.Len() > 0 {
		return aws.Faultf(http.StatusForbidden, code, "%sAuthorization=%s", missing.String(), algorithm)
	}
	return aws.Faultf(http.StatusForbidden, code, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", fields["Credential"])
}

// checkPresigned refuses a presigned URL past its time.
//
// AWS: S3 gives none for ever; other services take one that names no end, as
// their SDKs make them.
func (c *call) checkPresigned() error {
	query := c.message.query
	if c.service.isS3() {
		if err := checkS3Presigned(query); err != nil {
			return err
		}
	}
	expiry, ok := presignedExpiry(query)
	if !ok || c.clock.Now().Before(expiry) {
		return nil
	}
	if c.service.isS3() {
		return aws.Faultf(http.StatusForbidden, "AccessDenied", "Request has expired")
	}
	return aws.Faultf(http.StatusForbidden, "SignatureDoesNotMatch", "Signature expired: %s is now earlier than %s",
		query.Get("X-Amz-Date"), c.clock.Now().UTC().Format(compactTime))
}

// checkS3Presigned refuses a presigned URL that does not say until when it is
// good.
func checkS3Presigned(query url.Values) error {
	if !isPresignedV4(query) {
		expires := query.Get("Expires")
		if expires == "" {
			return aws.Faultf(http.StatusForbidden, "AccessDenied", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
		}
		if _, err := strconv.ParseInt(expires, 10, 64); err != nil {
			return aws.Faultf(http.StatusForbidden, "AccessDenied", "Invalid date (should be seconds since epoch): %s", expires)
		}
		return nil
	}
	malformed := func(message string) error {
		return aws.Faultf(http.StatusBadRequest, "AuthorizationQueryParametersError", "%s", message)
	}
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires"} {
		if query.Get(name) == "" {
			return malformed("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
		}
	}
	if _, err := time.Parse(compactTime, query.Get("X-Amz-Date")); err != nil {
		return malformed(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	switch seconds, err := strconv.Atoi(query.Get("X-Amz-Expires")); {
	case err != nil:
		return malformed("X-Amz-Expires should be a number")
	case seconds < 0:
		return malformed("X-Amz-Expires must be non-negative")
	case seconds > maxPresigned:
		return malformed("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	return nil
}

// maxPresigned is how many seconds a presigned URL can be good.
//
// AWS: a week.
const maxPresigned = 7 * 24 * 3600

const compactTime = "20060102T150405Z"

// isPresignedV4 reports which of the two kinds of presigned URLs one is: scopeOf
// asks the same.
func isPresignedV4(query url.Values) bool { return query.Get("X-Amz-Credential") != "" }

func presignedExpiry(query url.Values) (time.Time, bool) {
	if !isPresignedV4(query) {
		seconds, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
		return time.Unix(seconds, 0), err == nil
	}
	signed, err := time.Parse(compactTime, query.Get("X-Amz-Date"))
	if err != nil {
		return time.Time{}, false
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil {
		return time.Time{}, false
	}
	return signed.Add(time.Duration(seconds) * time.Second), true
}
