package policy

import "strings"

// names reports whether the principal includes the subject. byAccount says
// that it does so only because it names the subject's account: such an Allow
// leaves it to the account to allow its own.
func (p *Principal) names(s *Subject) (included, byAccount bool) {
	if p.Everyone {
		return true, false
	}
	for kind, names := range p.Kinds {
		for _, name := range names {
			switch kind {
			case "AWS":
				switch {
				case name == "*":
					return true, false
				case isAccount(name, s.Account):
					if s.IsRoot() {
						return true, false
					}
					included, byAccount = true, true
				case name == s.ARN && name != "", name == s.RoleARN && name != "":
					return true, false
				}
			case "Service":
				if s.Service != "" && name == s.Service {
					return true, false
				}
			case "Federated":
				if s.Federated != "" && name == s.Federated {
					return true, false
				}
			}
		}
	}
	return included, byAccount
}

// excepts reports whether a NotPrincipal leaves the subject out.
//
// AWS: it must name the session, its role and its account, all of them, or the
// one that is missing keeps the statement in force ("NotPrincipal", Specifying
// NotPrincipal with Deny).
func (p *Principal) excepts(s *Subject) bool {
	if p.Everyone || p.lists("AWS", func(n string) bool { return n == "*" }) {
		return true
	}
	is := func(want string) func(string) bool {
		return func(n string) bool { return n == want }
	}
	switch {
	case s.Service != "":
		return p.lists("Service", is(s.Service))
	case s.Federated != "":
		return p.lists("Federated", is(s.Federated))
	case s.ARN == "" && s.Account == "":
		return false
	}
	return p.lists("AWS", func(n string) bool { return isAccount(n, s.Account) }) &&
		(s.ARN == "" || s.IsRoot() || p.lists("AWS", is(s.ARN))) &&
		(s.RoleARN == "" || p.lists("AWS", is(s.RoleARN)))
}

func (p *Principal) lists(kind string, matches func(string) bool) bool {
	for _, name := range p.Kinds[kind] {
		if matches(name) {
			return true
		}
	}
	return false
}

// isAccount reports whether a principal's name is that of an account: its
// twelve digits or the ARN of its root.
func isAccount(name, account string) bool {
	return account != "" && (name == account || name == rootARN(account))
}

// String renders the principal as explanations show it.
func (p *Principal) String() string {
	if p.Everyone {
		return `"*"`
	}
	var b strings.Builder
	for _, kind := range sortedKeys(p.Kinds) {
		for _, name := range p.Kinds[kind] {
			if b.Len() > 0 {
				b.WriteString(", ")
			}
			b.WriteString(kind + " " + name)
		}
	}
	return b.String()
}
