package policy

import (
	"strings"

	"github.com/lamgate/lamgate/aws"
)

// Subject returns the subject that a caller is, with what its role adds.
func (r *Roles) Subject(c aws.Caller) Subject {
	s := CallerSubject(c)
	if account, name, _, ok := parseSession(c.ARN); ok {
		if v, found := r.roles.Load(RoleKey(account, name)); found {
			s.RoleARN, s.Tags = v.(*Role).ARN, v.(*Role).Tags
		}
	}
	return s
}

// Authorize decides a request by the subject's own policies and the resource's,
// which may be nil. Within an account either may allow it, across accounts both
// must; a Deny in any of them holds. The root of an account may do everything
// there.
func (r *Roles) Authorize(request Request, resource *Document) Decision {
	theirs := Decision{request: request}
	if resource != nil {
		theirs = resource.Evaluate(request)
	}
	return r.weigh(request, theirs)
}

// AuthorizeAssume decides whether the subject may assume a role: by the role's
// trust policy and, where that leaves it to the subject's account or names
// another account, by the subject's own policies too.
func (r *Roles) AuthorizeAssume(roleARN string, by Subject, context Context) Decision {
	theirs := r.MayAssume(roleARN, by, context)
	if !theirs.Allowed() {
		return theirs // a trust policy is never passed by
	}
	return r.weigh(theirs.request, theirs)
}

// weigh decides a request by the subject's own policies and what the
// resource's say.
func (r *Roles) weigh(request Request, theirs Decision) Decision {
	own := r.own(request)
	if own.Outcome == ExplicitDeny {
		return own
	}
	if theirs.Outcome == ExplicitDeny {
		return theirs
	}
	s := &request.Subject
	if s.Service != "" || s.Federated != "" || s.Account == "" {
		return theirs // has no policies of its own
	}
	owner := s.Account
	if a, err := aws.ParseARN(request.Resource); err == nil && a.Account != "" {
		owner = a.Account
	}
	if owner != s.Account {
		if theirs.Allowed() {
			return own
		}
		return theirs
	}
	if theirs.Allowed() && !theirs.Delegated && !own.limited {
		return theirs
	}
	return own
}

// own decides a request by the subject's own policies.
func (r *Roles) own(request Request) Decision {
	s := &request.Subject
	if s.IsRoot() {
		return Decision{Outcome: Allowed, request: request, reason: "it is the root of its account"}
	}
	if s.RoleARN == "" {
		return denied(request, "use the account's own access key, or a role's", "lamgate knows no policies of it: it is neither a root nor a role's session")
	}
	role, ok := r.Role(s.RoleARN)
	if !ok {
		return noRole(request, s.RoleARN)
	}
	if id, _, ok := strings.Cut(s.UserID, ":"); ok && id != role.ID {
		return denied(request, "assume the role again", "its role was deleted, and what is now called %s is another", s.RoleARN)
	}
	return r.allows(role, request)
}
