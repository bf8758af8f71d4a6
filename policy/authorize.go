package policy

import "github.com/lamgate/lamgate/aws"

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
	own := r.own(request)
	if own.Outcome == ExplicitDeny {
		return own
	}
	theirs := Decision{request: request}
	if resource != nil {
		theirs = resource.Evaluate(request)
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
	return r.allows(role, request)
}
