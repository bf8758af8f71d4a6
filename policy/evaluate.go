package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A Kind is what a policy is attached to, which decides what its statements
// must say.
type Kind uint8

// The kinds of policies.
const (
	Identity Kind = iota // attached to a role: speaks of no principal
	Resource             // attached to a resource: names principals and resources
	Trust                // a role's: names principals; the resource is the role
)

// A Source is a policy with the name under which explanations speak of it.
type Source struct {
	Kind     Kind
	Name     string
	Document *Document // must not change as long as a Decision refers to it
}

// Evaluate decides a request by policies that count alike: a statement that
// denies wins over all that allow, and without one that allows the request is
// denied.
func Evaluate(r Request, sources ...Source) Decision {
	d := Decision{request: r, sources: sources}
	allowed := false
	for i := range sources {
		doc := sources[i].Document
		for j := range doc.Statement {
			s := &doc.Statement[j]
			if allowed && !d.Delegated && s.Effect == Allow {
				continue
			}
			part, delegated := s.applies(sources[i].Kind, doc.Version, &d.request)
			if part != everything {
				continue
			}
			if s.Effect != Allow {
				d.Outcome, d.source, d.statement, d.Delegated = ExplicitDeny, i, j, false
				return d
			}
			if !allowed || !delegated {
				d.source, d.statement, d.Delegated = i, j, delegated
			}
			allowed = true
		}
	}
	if allowed {
		d.Outcome = Allowed
	}
	return d
}

// Evaluate decides a request by the document as a resource's policy.
func (d *Document) Evaluate(r Request) Decision {
	return Evaluate(r, Source{Resource, "the resource policy", d})
}

// EvaluateTrust decides by the document as a role's trust policy; the action
// is sts:AssumeRole or one of its sisters.
func (d *Document) EvaluateTrust(r Request) Decision {
	return Evaluate(r, Source{Trust, "the trust policy", d})
}

// A part is how far a statement spoke of a request: the first of its elements
// that did not, in the order in which they are looked at.
type part uint8

const (
	actionPart part = iota
	resourcePart
	principalPart
	conditionPart
	everything
)

// applies reports which part of the statement keeps it from applying to the
// request, and whether its principal is there only by its account. What cannot
// be made out keeps a statement from allowing, never one from denying.
func (s *Statement) applies(kind Kind, version string, r *Request) (failed part, delegated bool) {
	denies := s.Effect != Allow
	switch {
	case s.Action != nil:
		if !anyAction(s.Action, r.Action) && !(denies && r.AnyResource && anyOfService(s.Action, r.Action)) {
			return actionPart, false
		}
	case s.NotAction != nil:
		if anyAction(s.NotAction, r.Action) {
			return actionPart, false
		}
	default:
		return actionPart, false
	}
	switch {
	case r.AnyResource:
		if !denies && !slices.Contains(s.Resource, "*") {
			return resourcePart, false
		}
	case s.Resource != nil:
		if matched, _ := anyResource(s.Resource, version, r); !matched {
			return resourcePart, false
		}
	case s.NotResource != nil:
		matched, unclear := anyResource(s.NotResource, version, r)
		if matched || unclear && !denies {
			return resourcePart, false
		}
	default:
		if kind != Trust {
			return resourcePart, false
		}
	}
	switch {
	case kind == Identity:
		if s.Principal != nil || s.NotPrincipal != nil {
			return principalPart, false
		}
	case s.Principal != nil:
		included, byAccount := s.Principal.names(&r.Subject)
		if !included {
			return principalPart, false
		}
		delegated = byAccount
	case s.NotPrincipal != nil:
		if s.NotPrincipal.excepts(&r.Subject) {
			return principalPart, false
		}
	default:
		return principalPart, false
	}
	if len(s.Condition) > 0 && !s.Condition.holds(version, r) && !(denies && !s.Condition.understood()) {
		return conditionPart, false
	}
	return everything, delegated
}

func anyAction(patterns []string, action string) bool {
	for _, p := range patterns {
		if p == "*" || matchFold(p, action) {
			return true
		}
	}
	return false
}

// anyOfService reports whether a pattern speaks of the service whose actions
// are all asked for, as in "dynamodb:*".
func anyOfService(patterns []string, action string) bool {
	service, all := strings.CutSuffix(action, "*")
	if !all {
		return false
	}
	for _, p := range patterns {
		if len(p) >= len(service) && strings.EqualFold(p[:len(service)], service) {
			return true
		}
	}
	return false
}

// anyResource reports whether a pattern matches the request's resource, and
// whether one could not be made out because of a variable without a value.
func anyResource(patterns []string, version string, r *Request) (matched, unclear bool) {
	for _, text := range patterns {
		if text == "*" {
			return true, false
		}
		p, missing := expand(text, version, r)
		if missing != "" {
			unclear = true
			continue
		}
		if p.match(r.Resource) {
			return true, false
		}
	}
	return false, unclear
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
