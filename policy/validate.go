package policy

import (
	"strings"
)

// Parse reads the text of a policy of a kind. Its error is a *SyntaxError,
// which the service that was given the text makes a fault of its own.
func Parse(kind Kind, text string) (Document, error) {
	doc, src, err := read(text)
	if err != nil {
		return Document{}, err
	}
	if len(doc.Statement) == 0 {
		return Document{}, src.fail(0, syntaxErrors, "Statement", "a policy needs at least one statement")
	}
	sids := map[string]bool{}
	for i := range doc.Statement {
		s := &doc.Statement[i]
		if s.Sid != "" && sids[s.Sid] {
			return Document{}, src.failStatement(i, "Statement IDs (SID) in a single policy must be unique.", "")
		}
		sids[s.Sid] = true
		reason, detail := s.check(kind)
		if reason != "" {
			return Document{}, src.failStatement(i, reason, detail)
		}
	}
	return doc, nil
}

// check returns what a statement lacks or has too much for its kind of policy,
// in AWS's words and, where they say too little, in ours.
func (s *Statement) check(kind Kind) (reason, detail string) {
	switch kind {
	case Identity:
		return s.checkIdentity()
	case Trust:
		return s.checkTrust()
	}
	return s.checkResource()
}

func (s *Statement) checkIdentity() (reason, detail string) {
	if s.Principal != nil || s.NotPrincipal != nil {
		return "Policy document should not specify a principal.", ""
	}
	if strings.ContainsFunc(s.Sid, notAlphanumeric) {
		return "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", ""
	}
	if len(s.Action)+len(s.NotAction) == 0 {
		return "Policy statement must contain actions.", ""
	}
	if len(s.Resource)+len(s.NotResource) == 0 {
		return "Policy statement must contain resources.", ""
	}
	for _, list := range [...][]string{s.Resource, s.NotResource} {
		for _, resource := range list {
			if reason := checkResourceName(resource); reason != "" {
				return reason, ""
			}
		}
	}
	return s.checkActions(), ""
}

func (s *Statement) checkTrust() (reason, detail string) {
	switch {
	case s.Resource != nil:
		return "Has prohibited field Resource", "a trust policy is about its own role"
	case s.NotResource != nil:
		return "Has prohibited field NotResource", "a trust policy is about its own role"
	case s.NotPrincipal != nil:
		return "AssumeRole policy must not contain NotPrincipal field.", ""
	case s.Principal == nil, !s.Principal.Everyone && len(s.Principal.Kinds) == 0:
		return "Missing required field Principal", ""
	case len(s.Action)+len(s.NotAction) == 0:
		return "Missing required field Action", ""
	}
	for _, list := range [...][]string{s.Action, s.NotAction} {
		for _, action := range list {
			if len(action) < 4 || !strings.EqualFold(action[:4], "sts:") {
				return "AssumeRole policy may only specify STS AssumeRole actions.", action + " is none"
			}
		}
	}
	return s.checkPrincipal()
}

func (s *Statement) checkResource() (reason, detail string) {
	switch {
	case s.Principal == nil && s.NotPrincipal == nil:
		return "Missing required field Principal", ""
	case len(s.Action)+len(s.NotAction) == 0:
		return "Missing required field Action", ""
	case len(s.Resource)+len(s.NotResource) == 0:
		return "Missing required field Resource", ""
	}
	if reason := s.checkActions(); reason != "" {
		return reason, ""
	}
	return s.checkPrincipal()
}

// checkPrincipal refuses names that could never be anybody's. Whether a role
// or user that is named exists is not asked.
func (s *Statement) checkPrincipal() (reason, detail string) {
	p := s.Principal
	if p == nil {
		p = s.NotPrincipal
	}
	for _, kind := range sortedKeys(p.Kinds) {
		for _, name := range p.Kinds[kind] {
			invalid := "Invalid principal in policy: \"" + strings.ToUpper(kind) + "\":\"" + name + "\""
			switch kind {
			case "AWS":
				if !isAWSPrincipal(name) {
					return invalid, `want an account's twelve digits, the ARN of a root, user, role or session, or "*"; wildcards in it are not understood`
				}
			case "Service":
				if name == "*" || !strings.Contains(name, ".") {
					return invalid, "a service is named like lambda.amazonaws.com"
				}
			case "Federated":
				if name == "" {
					return invalid, ""
				}
			}
		}
	}
	return "", ""
}

func isAWSPrincipal(name string) bool {
	if name == "*" || isAccountID(name) {
		return true
	}
	// A principal that has been deleted stands there as its unique identifier.
	if strings.HasPrefix(name, "AROA") || strings.HasPrefix(name, "AIDA") {
		return !strings.ContainsFunc(name, notAlphanumeric)
	}
	parts := strings.SplitN(name, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[3] != "" || !isAccountID(parts[4]) {
		return false
	}
	if strings.ContainsAny(name, "*?") {
		return false
	}
	switch parts[2] {
	case "iam":
		return parts[5] == "root" || strings.HasPrefix(parts[5], "role/") || strings.HasPrefix(parts[5], "user/")
	case "sts":
		return strings.HasPrefix(parts[5], "assumed-role/") || strings.HasPrefix(parts[5], "federated-user/")
	}
	return false
}

func isAccountID(s string) bool {
	return len(s) == 12 && !strings.ContainsFunc(s, func(c rune) bool { return c < '0' || c > '9' })
}

func (s *Statement) checkActions() (reason string) {
	for _, list := range [...][]string{s.Action, s.NotAction} {
		for _, action := range list {
			vendor, _, ok := strings.Cut(action, ":")
			switch {
			case action == "*":
			case !ok:
				return "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
			case strings.Count(action, ":") > 1:
				return "Actions/Condition can contain only one colon."
			case vendor != "*" && strings.ContainsFunc(vendor, notVendor):
				return "Vendor " + vendor + " is not valid"
			}
		}
	}
	return ""
}

func checkResourceName(resource string) (reason string) {
	if resource == "*" {
		return ""
	}
	parts := strings.SplitN(resource, ":", 6)
	switch {
	case len(parts) < 2 || parts[0] != "arn":
		return "Resource " + resource + " must be in ARN format or \"*\"."
	case parts[1] != "aws" && parts[1] != "*":
		for len(parts) < 6 {
			parts = append(parts, "*")
		}
		return "Partition \"" + parts[1] + "\" is not valid for resource \"" + strings.Join(parts, ":") + "\"."
	case len(parts) < 4:
		return "Resource vendor must be fully qualified and cannot contain regexes."
	case len(parts) < 6 && !strings.HasSuffix(resource, "*"):
		return "The policy failed legacy parsing"
	}
	return ""
}

func notAlphanumeric(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9')
}

func notVendor(c rune) bool { return notAlphanumeric(c) && c != '-' && c != '.' }
