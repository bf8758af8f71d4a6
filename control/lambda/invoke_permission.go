package lambda

import (
	"encoding/json"
	"net/http"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// invokeAction is what it takes to run a function.
const invokeAction = "lambda:InvokeFunction"

// authorize decides whether the caller may run a function. Its own account may,
// unless the function's policy denies it; another account may if the policy and
// the caller's own allow it.
func (s *Service) authorize(caller aws.Caller, ref execution.FunctionRef) error {
	if ref.Account == caller.Account {
		return s.checkDenials(caller, ref)
	}
	var allowed bool
	// AWS: that another account's function does not exist is not told.
	if f, err := s.load(ref); err == nil {
		p := f.Policies[ref.Qualifier]
		d := s.Roles.Authorize(s.asking(caller, ref), &p.Document)
		allowed = d.Allowed()
	}
	if allowed {
		return nil
	}
	return notAllowed(caller, invokeAction, ref.ARN())
}

// notAllowed is the fault of what no policy of another account's resource allows.
func notAllowed(caller aws.Caller, action, resource string) error {
	return userFault(http.StatusForbidden, "AccessDeniedException",
		"User: %s is not authorized to perform: %s on resource: %s because no resource-based policy allows the %[2]s action", caller.ARN, action, resource)
}

func (s *Service) asking(caller aws.Caller, ref execution.FunctionRef) policy.Request {
	return policy.Request{Action: invokeAction, Resource: ref.ARN(), Subject: s.Roles.Subject(caller), Time: s.Clock.Now()}
}

// denials are those of a function's policies that deny something, by qualifier:
// hardly ever any. Every invocation asks them, so they are at hand.
type denials map[string]*policy.Document

func formDenials(d state.Document) (denials, error) {
	var f struct {
		Policies map[string]execution.ResourcePolicy
	}
	if err := json.Unmarshal(d.Value, &f); err != nil {
		return nil, err
	}
	var list denials
	for qualifier, p := range f.Policies {
		for i := range p.Document.Statement {
			if p.Document.Statement[i].Effect == policy.Deny {
				if list == nil {
					list = denials{}
				}
				list[qualifier] = &p.Document
			}
		}
	}
	return list, nil
}

// checkDenials refuses what a function's policy denies to its own account.
func (s *Service) checkDenials(caller aws.Caller, ref execution.FunctionRef) error {
	list, _ := s.denials.Get(ref.Key())
	if list == nil {
		return nil
	}
	asked := ref
	if asked.Qualifier == execution.Latest {
		asked.Qualifier = "" // which is the same, and has the policy
	}
	p := list[asked.Qualifier]
	if p == nil || p.Evaluate(s.asking(caller, asked)).Outcome != policy.ExplicitDeny {
		return nil
	}
	return userFault(http.StatusForbidden, "AccessDeniedException",
		"User: %s is not authorized to perform: %s on resource: %s with an explicit deny in a resource-based policy", caller.ARN, invokeAction, ref.ARN())
}
