package wire

import (
	"cmp"
	"crypto/hmac"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamgate/lamgate/aws"
)

// A Verifier verifies that requests are signed by who they say, by Signature
// Version 4 in the Authorization header or in a presigned URL. It knows the
// secrets of the credentials that lamgate itself issues, and of no others.
type Verifier struct {
	credentials *Credentials
	clock       aws.Clock
}

// NewVerifier returns a Verifier of signatures made with issued credentials.
func NewVerifier(c *Credentials, clock aws.Clock) *Verifier { return &Verifier{c, clock} }

// An Unverified is why a request is not taken to be from whom it says. Its Fault
// is what the caller is told, in AWS's words; what it explains is for those who
// run the server.
type Unverified struct {
	Fault *aws.Fault
	what  string
	mend  string
}

func (u *Unverified) Error() string { return u.Fault.Error() + " (" + u.what + ")" }

// Unwrap makes an Unverified the fault that it tells.
func (u *Unverified) Unwrap() error { return u.Fault }

// Explain makes an Unverified the detail of a journey's step.
func (u *Unverified) Explain() (what, mend string) { return u.what, u.mend }

// The codes of refusals.
const (
	missingAuthentication = "MissingAuthenticationTokenException"
	incompleteSignature   = "IncompleteSignatureException"
	invalidSignature      = "InvalidSignatureException"
	unrecognizedClient    = "UnrecognizedClientException"
	expiredToken          = "ExpiredTokenException"
)

// refuse returns a refusal. Without an explanation of its own, what the caller
// is told explains itself.
func refuse(code, mend, what, message string, args ...any) *Unverified {
	u := &Unverified{Fault: aws.Faultf(http.StatusForbidden, code, message, args...), what: what, mend: mend}
	u.what = cmp.Or(what, u.Fault.Message)
	return u
}

// IsUnsigned reports whether a request was refused for bearing no signature.
func IsUnsigned(err error) bool { return aws.HasCode(err, missingAuthentication) }

// A signature is what a request says of its own signature.
type signature struct {
	scope
	day       string // of the scope, YYYYMMDD
	date      string // as signed, YYYYMMDDTHHMMSSZ
	expires   time.Duration
	headers   []string // the signed ones, in lower case
	token     string
	signature string
}

// allowedSkew is how far the clock of a caller may be from this one.
//
// AWS: five minutes; the faults say so.
const allowedSkew = 5 * time.Minute

// Verify returns who has signed a request to a service in a region.
// payloadSHA256 is the digest of the body in hexadecimal digits. Errors are
// *Unverified.
func (v *Verifier) Verify(r *http.Request, service, region, payloadSHA256 string) (aws.Caller, error) {
	s, err := readSignature(r)
	if err != nil {
		return aws.Caller{}, err
	}
	if err := s.check(service, region); err != nil {
		return aws.Caller{}, err
	}
	now := v.clock.Now()
	session, err := v.session(s, now)
	if err != nil {
		return aws.Caller{}, err
	}
	if err := s.checkTime(now); err != nil {
		return aws.Caller{}, err
	}
	if err := s.checkHeaders(r); err != nil {
		return aws.Caller{}, err
	}
	canonical := s.canonical(r, payloadSHA256)
	if err := checkPath(canonical.Path); err != nil {
		return aws.Caller{}, err
	}
	scope := Scope{s.day, s.region, s.service}
	if want := scope.Sign(v.credentials.SecretAccessKey(s.accessKeyID, s.token), s.date, canonical); !hmac.Equal([]byte(want), []byte(s.signature)) {
		what := "the signature is not that of the request, which is, as it arrived:\n" + redactCanonical(string(canonical.text(s.service)))
		if signed := r.Header.Get("X-Amz-Content-Sha256"); signed != "" && signed != payloadSHA256 {
			what = "the body that arrived is not the one that was signed: the request says " + strconv.Quote(signed) + " of it\n" + what
		}
		return aws.Caller{}, refuse(invalidSignature,
			"sign the whole request, its body included, with the secret access key and the session token that were issued together; have nothing between the client and lamgate change it",
			what, doesNotMatch)
	}
	return session.caller(region, s.accessKeyID), nil
}

const doesNotMatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// canonical is the request as it arrived, for the signature to be held against.
func (s *signature) canonical(r *http.Request, payloadSHA256 string) *Canonical {
	path, query := r.URL.EscapedPath(), r.URL.RawQuery
	if strings.HasPrefix(r.RequestURI, "/") {
		path, query, _ = strings.Cut(r.RequestURI, "?") // as it was sent
	}
	if s.presigned {
		query = withoutSignature(query)
	}
	return &Canonical{
		Method: r.Method, Path: path, Query: query, Names: s.headers, Payload: payloadSHA256,
		Values: func(name string) []string { return headerValues(r, name) },
	}
}

// withoutSignature returns a presigned URL's query without its signature, the one
// part of it that is not signed. A second one stays, and nobody has signed that.
func withoutSignature(query string) string {
	pairs := strings.Split(query, "&")
	if i := slices.IndexFunc(pairs, func(p string) bool { return strings.HasPrefix(p, "X-Amz-Signature=") }); i >= 0 {
		pairs = slices.Delete(pairs, i, i+1)
	}
	return strings.Join(pairs, "&")
}

// headerValues returns a header as it was signed: net/http keeps some of them
// elsewhere.
func headerValues(r *http.Request, name string) []string {
	switch name {
	case "host":
		return []string{r.Host}
	case "content-length":
		return []string{strconv.FormatInt(max(r.ContentLength, 0), 10)}
	}
	return r.Header.Values(name)
}

// checkPath refuses paths with dots. What is signed of them has none, so that a
// signature of /b would hold for /a/../b, which is another path to the function.
// Clients take the dots out before they send.
func checkPath(path string) error {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return refuse(invalidSignature, "send the path without them", "the path "+strconv.Quote(path)+" has segments of dots, which are no part of what is signed", doesNotMatch)
		}
	}
	return nil
}

// session returns whose the access key is.
func (v *Verifier) session(s *signature, now time.Time) (Session, error) {
	session, issued, err := v.credentials.verify(s.accessKeyID, s.token, now)
	const assume = "use credentials that lamgate has issued: aws sts assume-role, aws sts get-session-token or those of a function"
	switch {
	case err == errTokenExpired:
		return session, refuse(expiredToken, assume, "", "The security token included in the request is expired")
	case err != nil:
		return session, refuse(unrecognizedClient, assume, err.Error(), "The security token included in the request is invalid.")
	case !issued:
		return session, refuse(unrecognizedClient, assume,
			"lamgate knows no secret of the access key "+s.accessKeyID+", so that anybody could have signed with it", "The security token included in the request is invalid.")
	}
	return session, nil
}

// readSignature reads what a request says of its signature.
func readSignature(r *http.Request) (*signature, error) {
	if headers := r.Header.Values("Authorization"); len(headers) > 1 {
		return nil, refuse(incompleteSignature, "send one Authorization header", "the request has "+strconv.Itoa(len(headers))+" Authorization headers, any of which could be meant",
			"Authorization header must not be repeated.")
	} else if len(headers) > 0 && headers[0] != "" {
		return readSignatureHeader(r, headers[0])
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-") {
		if query := r.URL.Query(); query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature") || query.Has("X-Amz-Credential") {
			return readPresigned(query)
		}
	}
	return nil, refuse(missingAuthentication, "sign the request by Signature Version 4", "the request is not signed", "Missing Authentication Token")
}

func readSignatureHeader(r *http.Request, header string) (*signature, error) {
	algorithm, rest, _ := strings.Cut(header, " ")
	if err := checkAlgorithm(algorithm); err != nil {
		return nil, err
	}
	fields := authorizationFields(rest)
	var missing strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[name] == "" {
			missing.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		if t, err := http.ParseTime(r.Header.Get("Date")); err == nil {
			date = t.UTC().Format(compactTime)
		}
	}
	if date == "" {
		missing.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	if missing.Len() > 0 {
		return nil, refuse(incompleteSignature, "", "", "%sAuthorization=%s", missing.String(), algorithm)
	}
	s := &signature{date: date, token: r.Header.Get("X-Amz-Security-Token"), signature: fields["Signature"]}
	return s, s.parse(fields["Credential"], fields["SignedHeaders"])
}

// readPresigned reads the signature of a presigned URL.
func readPresigned(query url.Values) (*signature, error) {
	if err := checkAlgorithm(query.Get("X-Amz-Algorithm")); err != nil {
		return nil, err
	}
	var missing strings.Builder
	for _, name := range []string{"X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature", "X-Amz-SignedHeaders"} {
		if query.Get(name) == "" {
			missing.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if missing.Len() > 0 {
		return nil, refuse(incompleteSignature, "", "", "%sRe-examine the query-string parameters.", missing.String())
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if err != nil || seconds < 1 || seconds > maxPresigned {
		return nil, refuse(incompleteSignature, "presign for 1 to 604800 seconds", "", "X-Amz-Expires must be a number of seconds from 1 to 604800: %s", query.Get("X-Amz-Expires"))
	}
	s := &signature{
		date: query.Get("X-Amz-Date"), expires: time.Duration(seconds) * time.Second,
		token: query.Get("X-Amz-Security-Token"), signature: query.Get("X-Amz-Signature"),
	}
	err = s.parse(query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"))
	s.presigned = true
	return s, err
}

func checkAlgorithm(algorithm string) error {
	switch algorithm {
	case algorithmV4:
		return nil
	case algorithmV4A:
		return refuse(incompleteSignature, "sign for one region, with "+algorithmV4, "lamgate verifies no signatures for many regions", "Unsupported AWS 'algorithm': '%s'.", algorithm)
	}
	return refuse(incompleteSignature, "sign the request by Signature Version 4", "what says who calls is no signature of Version 4",
		"Authorization header requires the algorithm '%s'. Authorization=%s", algorithmV4, algorithm)
}

// parse reads the credential and the list of signed headers.
func (s *signature) parse(credential, headers string) error {
	var ok bool
	if s.scope, ok = parseCredential(credential, algorithmV4); !ok {
		return refuse(incompleteSignature, "", "", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	parts := strings.Split(credential, "/")
	s.day = parts[len(parts)-4]
	s.headers = strings.Split(headers, ";")
	return nil
}

// check holds the scope against what the request is for.
func (s *signature) check(service, region string) error {
	day, _, _ := strings.Cut(s.date, "T")
	switch {
	case s.service != service:
		return refuse(invalidSignature, "", "", "Credential should be scoped to correct service: '%s'. ", service)
	case s.region != region:
		return refuse(invalidSignature, "sign for the region "+region, "", "Credential should be scoped to a valid region, not '%s'. ", s.region)
	case s.day != day:
		return refuse(invalidSignature, "", "", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", s.day, day, s.date)
	}
	return nil
}

// checkTime refuses what was signed too long ago, or is yet to be.
func (s *signature) checkTime(now time.Time) error {
	signed, err := time.Parse(compactTime, s.date)
	if err != nil {
		return refuse(incompleteSignature, "", "", "Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601", s.date)
	}
	at := func(t time.Time) string { return t.UTC().Format(compactTime) }
	const setClock = "set the clock of the client, or of this machine"
	switch {
	case signed.After(now.Add(allowedSkew)):
		return refuse(invalidSignature, setClock, "", "Signature not yet current: %s is still later than %s (%s + 5 min.)", s.date, at(now.Add(allowedSkew)), at(now))
	case s.presigned && !now.Before(signed.Add(s.expires)):
		return refuse(invalidSignature, "presign the URL again", "", "Signature expired: %s is now earlier than %s (%s - %d sec.)", s.date, at(now.Add(-s.expires)), at(now), int(s.expires.Seconds()))
	case !s.presigned && signed.Before(now.Add(-allowedSkew)):
		return refuse(invalidSignature, setClock, "", "Signature expired: %s is now earlier than %s (%s - 5 min.)", s.date, at(now.Add(-allowedSkew)), at(now))
	}
	return nil
}

// checkHeaders demands that everything is signed which tells what the request
// is for: a signature that leaves it out would hold for other requests too.
func (s *signature) checkHeaders(r *http.Request) error {
	for name := range r.Header {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-") && !slices.Contains(s.headers, lower) {
			return refuse(invalidSignature, "", "", "'%s' must be a 'SignedHeader' in the AWS Authorization.", name)
		}
	}
	if !slices.Contains(s.headers, "host") {
		return refuse(invalidSignature, "", "", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}
