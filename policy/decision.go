package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// An Outcome is what policies say of a request. The zero Outcome denies.
type Outcome uint8

// The outcomes.
const (
	ImplicitDeny Outcome = iota // no statement allows it
	ExplicitDeny                // a statement denies it
	Allowed
)

// A Decision is the outcome of an evaluation with what it takes to explain it.
// It refers to the request and the policies and formats nothing until it is
// asked to.
type Decision struct {
	Outcome Outcome

	// Delegated says that what allows names the subject's account only, so that
	// the account's own policies must allow it too.
	Delegated bool

	request   Request
	sources   []Source
	source    int // which decided, unless the outcome is ImplicitDeny
	statement int
	limited   bool   // by a permissions boundary, which outlives other allowances
	reason    string // where no policy was asked
	mend      string
}

// denied is a Decision that no policy was asked for.
func denied(r Request, mend, reason string, args ...any) Decision {
	return Decision{request: r, reason: fmt.Sprintf(reason, args...), mend: mend}
}

// Allowed reports whether the request is allowed.
func (d *Decision) Allowed() bool { return d.Outcome == Allowed }

// Request returns what was asked.
func (d *Decision) Request() Request { return d.request }

// Statement returns the statement that allowed or denied, and the name of its
// policy; nil if none did.
func (d *Decision) Statement() (source string, s *Statement) {
	if d.Outcome == ImplicitDeny || d.source >= len(d.sources) {
		return "", nil
	}
	from := &d.sources[d.source]
	return from.Name, &from.Document.Statement[d.statement]
}

// Explain says in one sentence what decided, and what would mend a denial. It
// makes a Decision the detail of a journey's step.
func (d Decision) Explain() (what, mend string) {
	r := &d.request
	asked := r.Action
	if r.Resource != "" {
		asked += " on " + r.Resource
	}
	if d.reason != "" && d.Allowed() {
		return fmt.Sprintf("%s may do %s: %s", r.Subject, asked, d.reason), ""
	}
	if d.reason != "" {
		return fmt.Sprintf("%s may not do %s: %s", r.Subject, asked, d.reason), d.mend
	}
	switch d.Outcome {
	case Allowed:
		return fmt.Sprintf("%s allows %s to do %s", d.decider(), r.Subject, asked), ""
	case ExplicitDeny:
		return fmt.Sprintf("%s denies %s to %s", d.decider(), asked, r.Subject),
			"narrow or remove that statement: no other can outweigh a Deny"
	}
	source, index, failed := d.nearest()
	if source == nil {
		what = fmt.Sprintf("no policy allows %s to do %s: ", r.Subject, asked)
		if len(d.sources) == 0 {
			what += "there is none"
		} else {
			what += "no statement speaks of it in " + d.names()
		}
		return what, "add a statement that allows " + asked
	}
	s := &source.Document.Statement[index]
	what = fmt.Sprintf("no statement allows %s to do %s; the nearest is %s, but its %s",
		r.Subject, asked, describe(source, index), s.shortfall(failed, source.Document.Version, r))
	return what, "change that statement, or add one that allows " + asked
}

func (d *Decision) decider() string { return describe(&d.sources[d.source], d.statement) }

func (d *Decision) names() string {
	names := make([]string, len(d.sources))
	for i := range d.sources {
		names[i] = d.sources[i].Name
	}
	return strings.Join(names, ", ")
}

// describe names a statement by its number and, if it has one, its Sid.
func describe(source *Source, index int) string {
	b := "statement " + strconv.Itoa(index+1)
	if sid := source.Document.Statement[index].Sid; sid != "" {
		b += " (" + sid + ")"
	}
	return b + " of " + source.Name
}

// nearest returns the allowing statement that came closest: the one of which
// the fewest parts failed to match, the first among equals. A statement that
// has not even the action or the resource right is near to nothing.
func (d *Decision) nearest() (source *Source, index int, failed part) {
	best := 0
	for i := range d.sources {
		doc := d.sources[i].Document
		for j := range doc.Statement {
			s := &doc.Statement[j]
			if s.Effect != Allow {
				continue
			}
			score, first := s.score(d.sources[i].Kind, doc.Version, &d.request)
			if score > best {
				source, index, failed, best = &d.sources[i], j, first, score
			}
		}
	}
	return source, index, failed
}

// score counts the parts of a statement that match, and returns the first that
// does not.
func (s *Statement) score(kind Kind, version string, r *Request) (matching int, failed part) {
	failed, _ = s.applies(kind, version, r)
	// What comes after the first part that fails is judged with that part
	// taken out.
	switch failed {
	case actionPart:
		rest := *s
		rest.Action, rest.NotAction = []string{"*"}, nil
		after, _ := rest.applies(kind, version, r)
		return int(after) - 1, failed
	case resourcePart:
		return 2, failed
	}
	return int(failed), failed
}

// shortfall says what the part of the statement says and what the request has.
func (s *Statement) shortfall(failed part, version string, r *Request) string {
	switch failed {
	case actionPart:
		if s.NotAction != nil {
			return "NotAction " + quoted(s.NotAction) + " leaves " + r.Action + " out"
		}
		return "Action is " + quoted(s.Action) + ", not " + r.Action
	case resourcePart:
		if s.NotResource != nil {
			return "NotResource " + quoted(s.NotResource) + " leaves the resource out" + unresolved(s.NotResource, version, r)
		}
		return "Resource is " + quoted(s.Resource) + unresolved(s.Resource, version, r)
	case principalPart:
		if s.NotPrincipal != nil {
			return "NotPrincipal leaves out " + s.NotPrincipal.String()
		}
		if s.Principal == nil {
			return "Principal is missing"
		}
		return "Principal is " + s.Principal.String()
	}
	op, key := s.Condition.unmet(version, r)
	wanted := s.Condition[op][key]
	text := "Condition wants " + op + " " + key + " " + quoted(wanted) + unresolved(wanted, version, r)
	if have := r.values(key); len(have) > 0 {
		return text + "; the request has " + quoted(have)
	}
	return text + "; the request has no " + key
}

// unresolved names the variable without a value in the first of texts that has
// one.
func unresolved(texts []string, version string, r *Request) string {
	for _, text := range texts {
		if _, missing := expand(text, version, r); missing != "" {
			return " (the request has no single value for ${" + missing + "})"
		}
	}
	return ""
}

// quoted lists values, the first few of many.
func quoted(values []string) string {
	const most = 5
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(" or ")
		}
		if i == most {
			fmt.Fprintf(&b, "%d others", len(values)-most)
			break
		}
		b.WriteString(strconv.Quote(v))
	}
	return b.String()
}
