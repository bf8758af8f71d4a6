package url

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/telemetry"
	"github.com/lamgate/lamgate/wire"
)

// What callers of a URL must be allowed to do.
//
// AWS: both of it. URLs made before October 2025 need the first only until their
// account is moved; here all need both ("Control access to Lambda function URLs").
const (
	invokeURL      = "lambda:InvokeFunctionUrl"
	invokeFunction = "lambda:InvokeFunction"
)

// The condition keys that are a URL's own: the type of its authentication, for
// the first action, and that there is one, for the second.
const (
	authTypeKey = "lambda:FunctionUrlAuthType"
	viaURLKey   = "lambda:InvokedViaFunctionUrl"
)

// An admission is the decision whether somebody may invoke a URL.
type admission struct {
	allowed bool
	detail  telemetry.Detail
}

// authorize decides who may invoke the function: of a URL for everybody whom the
// function's policy admits, of the other kind who has signed the request and may.
func (c *call) authorize() *refusal {
	e := c.endpoint
	var a *admission
	switch e.url.AuthType {
	case authNone:
		if a = e.open.Load(); a == nil {
			a = c.admit(policy.Subject{})
			if independent(e.policy) {
				e.open.Store(a)
			}
		}
	case authIAM:
		if refused := c.authenticate(); refused != nil {
			return refused
		}
		a = c.admit(c.gateway.roles.Subject(c.caller))
	default:
		return c.refuse(stepAuthorization, telemetry.Denied, note("lamgate knows no auth type %q", e.url.AuthType), forbidden())
	}
	if !a.allowed {
		return c.refuse(stepAuthorization, telemetry.Denied, a.detail, forbidden())
	}
	c.pass(stepAuthorization, a.detail)
	return nil
}

// authenticate finds out who has signed the request. The body is signed too, and
// so it is read first.
func (c *call) authenticate() *refusal {
	if refused := c.readBody(); refused != nil {
		return refused
	}
	sum := sha256.Sum256(c.body)
	caller, err := c.gateway.verifier.Verify(c.request, "lambda", c.endpoint.function.Region, hex.EncodeToString(sum[:]))
	if err == nil {
		c.caller = caller
		return nil
	}
	var why telemetry.Detail = note("%v", err)
	if u, ok := errors.AsType[*wire.Unverified](err); ok {
		why = u
	}
	fault := aws.AsFault(err)
	if fault == nil || wire.IsUnsigned(err) {
		return c.refuse(stepAuthorization, telemetry.Denied, why, forbidden())
	}
	return c.refuse(stepAuthorization, telemetry.Denied, why, unauthentic(fault))
}

// admit asks the policies whether somebody may do both.
func (c *call) admit(subject policy.Subject) *admission {
	e := c.endpoint
	for _, asked := range [...]struct{ action, key, value string }{
		{invokeURL, authTypeKey, e.url.AuthType},
		{invokeFunction, viaURLKey, "true"},
	} {
		context := c.conditions()
		context[asked.key] = []string{asked.value}
		request := policy.Request{Subject: subject, Action: asked.action, Resource: e.arn, Context: context, Time: c.now}
		d := c.decide(request)
		switch {
		case !d.Allowed() && d.Outcome != policy.ExplicitDeny && e.url.AuthType == authNone:
			return &admission{false, missingPermission{e, asked.action, d}}
		case !d.Allowed():
			return &admission{false, d}
		case asked.action == invokeFunction:
			return &admission{true, d}
		}
	}
	return &admission{}
}

func (c *call) decide(request policy.Request) policy.Decision {
	own := c.endpoint.policy
	if own == nil {
		own = &policy.Document{Version: policy.Version2012}
	}
	if c.endpoint.url.AuthType == authIAM {
		return c.gateway.roles.Authorize(request, own)
	}
	return own.Evaluate(request)
}

// conditions are the condition keys that requests to all services have.
func (c *call) conditions() policy.Context {
	context := policy.Context{
		"aws:SourceIp":        {c.sourceIP},
		"aws:SecureTransport": {strconv.FormatBool(c.request.TLS != nil)},
	}
	for key, header := range map[string]string{"aws:UserAgent": "User-Agent", "aws:Referer": "Referer"} {
		if v := c.request.Header[header]; len(v) > 0 {
			context[key] = v[:1]
		}
	}
	return context
}

// independent reports whether a policy decides the same for everybody who is
// nobody: it speaks of nothing that a request brings with it.
func independent(d *policy.Document) bool {
	if d == nil {
		return true
	}
	for i := range d.Statement {
		s := &d.Statement[i]
		for _, keys := range s.Condition {
			for key, values := range keys {
				if !strings.EqualFold(key, authTypeKey) && !strings.EqualFold(key, viaURLKey) || variable(values) {
					return false
				}
			}
		}
		if variable(s.Resource) || variable(s.NotResource) {
			return false
		}
	}
	return true
}

func variable(texts []string) bool {
	for _, t := range texts {
		if strings.Contains(t, "${") {
			return true
		}
	}
	return false
}

// A missingPermission explains a policy that does not let everybody invoke a URL
// that is for everybody.
type missingPermission struct {
	endpoint *endpoint
	action   string
	decision policy.Decision
}

func (m missingPermission) Explain() (what, mend string) {
	what, _ = m.decision.Explain()
	mend = "aws lambda add-permission --region " + m.endpoint.function.Region + " --function-name " + m.endpoint.function.Name + qualifierOption(m.endpoint)
	if m.action == invokeURL {
		return what, mend + " --statement-id FunctionURLAllowPublicAccess --action " + invokeURL + " --principal '*' --function-url-auth-type NONE"
	}
	return what + " (since October 2025 a function URL needs " + invokeURL + " and " + invokeFunction + ")",
		mend + " --statement-id FunctionURLAllowInvokeAction --action " + invokeFunction + " --principal '*' --invoked-via-function-url"
}

// qualifierOption is how the AWS CLI names the alias of a URL.
func qualifierOption(e *endpoint) string {
	if e.function.Qualifier == "" {
		return ""
	}
	return " --qualifier " + e.function.Qualifier
}

// unauthentic is what callers see of a signature that does not hold.
func unauthentic(fault *aws.Fault) *refusal {
	return &refusal{status: http.StatusForbidden, errorType: fault.Code, text: fault.Message, form: lower}
}
