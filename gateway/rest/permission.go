package rest

import (
	"strconv"
	"time"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/telemetry"
)

// The words of the question whether an API may invoke a function.
const (
	gatewayService = "apigateway.amazonaws.com"
	invokeAction   = "lambda:InvokeFunction"
)

// A permission is the decision whether a target may invoke its function, with
// what it was made from: as long as that is the same, so is the decision.
type permission struct {
	function   *function
	generation uint64 // of the roles
	second     int64  // policies may speak of the time
	allowed    bool
	detail     telemetry.Detail
}

// mayInvoke decides whether the API may invoke the function.
//
// AWS: with Credentials that role alone decides: its trust in API Gateway and
// its own policies. Without, the function's resource policy does. Whatever is
// missing is a 500, which says nothing.
func (c *call) mayInvoke() *gatewayResponse {
	t := c.target
	f, ok := c.gateway.functions.Get(t.key)
	if !ok {
		return c.refuse(stepPermission, telemetry.Failed, advice{t.functionARN + " does not exist", "create it, or let the integration name another"}, internalServerError())
	}
	var generation uint64
	if t.role != "" {
		generation = c.gateway.roles.Generation()
	}
	second := c.now.Unix()
	p := t.permission.Load()
	if p == nil || p.function != f || p.generation != generation || p.second != second {
		p = &permission{function: f, generation: generation, second: second}
		if t.role != "" {
			p.allowed, p.detail = c.roleAllows(f)
		} else {
			p.allowed, p.detail = c.functionAllows(f)
		}
		t.permission.Store(p)
	}
	if !p.allowed {
		return c.refuse(stepPermission, telemetry.Denied, p.detail, internalServerError())
	}
	c.pass(stepPermission, p.detail)
	return nil
}

// functionAllows asks the function's resource policy.
func (c *call) functionAllows(f *function) (bool, telemetry.Detail) {
	t := c.target
	d := resourcePolicyOf(f, t.function).Evaluate(policy.Request{
		Subject:  policy.Service(gatewayService),
		Action:   invokeAction,
		Resource: t.functionARN,
		Context:  c.conditions(),
	})
	if d.Allowed() {
		return true, d
	}
	return false, &missingPermission{&t.callee, c.api.ID, d}
}

// resourcePolicyOf returns the policy of the version or alias that is invoked.
//
// AWS: each qualifier has its own; that of the function itself is for
// invocations without one.
func resourcePolicyOf(f *function, ref execution.FunctionRef) *policy.Document {
	qualifier := ref.Qualifier
	if qualifier == execution.Latest {
		qualifier = ""
	}
	d := f.Policies[qualifier].Document
	return &d
}

// conditions are the condition keys that tell where an invocation comes from, and
// when.
func (c *call) conditions() policy.Context {
	return policy.Context{
		"aws:SourceArn":     {c.target.sourceARN},
		"aws:SourceAccount": {c.published.plan.Deployment.Account},
		"aws:CurrentTime":   {c.now.UTC().Format(time.RFC3339)},
		"aws:EpochTime":     {strconv.FormatInt(c.now.Unix(), 10)},
	}
}

// roleAllows asks the role: may API Gateway assume it, and may it invoke the
// function. A function of another account must allow it too.
func (c *call) roleAllows(f *function) (bool, telemetry.Detail) {
	t, roles := c.target, c.gateway.roles
	context := c.conditions()
	if d := roles.MayAssume(t.role, policy.Service(gatewayService), context); !d.Allowed() {
		return false, d
	}
	d := roles.Allows(t.role, invokeAction, t.functionARN, context)
	if !d.Allowed() {
		return false, d
	}
	role, ok := roles.Role(t.role)
	if !ok || role.Account == t.function.Account {
		return ok, d
	}
	other := resourcePolicyOf(f, t.function).Evaluate(policy.Request{
		Subject:  policy.Subject{ARN: role.ARN, RoleARN: role.ARN, Account: role.Account, UserID: role.ID, Tags: role.Tags},
		Action:   invokeAction,
		Resource: t.functionARN,
		Context:  context,
	})
	return other.Allowed(), other
}

// missingPermission explains a function's resource policy that does not let an
// API invoke it.
type missingPermission struct {
	target   *callee
	api      string
	decision policy.Decision
}

func (m *missingPermission) Explain() (what, mend string) {
	what, mend = m.decision.Explain()
	if m.decision.Outcome == policy.ExplicitDeny {
		return what, mend
	}
	f := m.target.function
	mend = "aws lambda add-permission --region " + f.Region + " --function-name " + f.Name
	if f.Qualifier != "" && f.Qualifier != execution.Latest {
		mend += " --qualifier " + f.Qualifier
	}
	return what, mend + " --statement-id apigateway-" + m.api + " --action " + invokeAction +
		" --principal " + gatewayService + " --source-arn '" + m.target.sourceARN + "'"
}
