package policy

import (
	"strings"
)

// unmet returns the first operator and key of a condition, in the order of
// their names, that do not hold; empty if the condition holds.
func (c Condition) unmet(version string, r *Request) (op, key string) {
	if len(c) == 0 || c.holds(version, r) {
		return "", ""
	}
	for _, op := range sortedKeys(c) {
		for _, key := range sortedKeys(c[op]) {
			if !holds(op, key, c[op][key], version, r) {
				return op, key
			}
		}
	}
	return "", ""
}

// holds reports whether every operator holds for every one of its keys.
func (c Condition) holds(version string, r *Request) bool {
	for op, keys := range c {
		for key, wanted := range keys {
			if !holds(op, key, wanted, version, r) {
				return false
			}
		}
	}
	return true
}

// understood reports whether all of a condition's operators are known. Reading
// a document refuses the others, so this is the second lock on that door.
func (c Condition) understood() bool {
	for op := range c {
		if _, ok := parseOperator(op); !ok {
			return false
		}
	}
	return true
}

func holds(name, key string, wanted []string, version string, r *Request) bool {
	op, ok := parseOperator(name)
	if !ok {
		return false
	}
	have := r.values(key)
	if op.null {
		absent := "false"
		if len(have) == 0 {
			absent = "true"
		}
		for _, w := range wanted {
			if strings.EqualFold(w, absent) {
				return true
			}
		}
		return false
	}
	if len(have) == 0 {
		// AWS: "If the key that you specify in a policy condition is not present
		// in the request context, the values do not match and the condition is
		// false", so a negated one is true. The quantifiers differ: ForAllValues
		// is true of nothing, ForAnyValue false.
		switch {
		case op.ifExists, op.quantifier == forAllValues:
			return true
		case op.quantifier == forAnyValue:
			return false
		}
		return op.negated
	}
	switch op.quantifier {
	case forAllValues:
		for _, h := range have {
			if op.any(name, wanted, h, version, r) == op.negated {
				return false
			}
		}
		return true
	case forAnyValue:
		for _, h := range have {
			if op.any(name, wanted, h, version, r) != op.negated {
				return true
			}
		}
		return false
	}
	for _, h := range have {
		if op.any(name, wanted, h, version, r) {
			return !op.negated
		}
	}
	return op.negated
}

// any reports whether one of the policy's values compares with the request's.
func (op *operator) any(name string, wanted []string, have, version string, r *Request) bool {
	for _, w := range wanted {
		if op.arn {
			if arnLike(w, have, version, r) {
				return true
			}
			continue
		}
		want := wildcards(w)
		if op.text && strings.Contains(w, "${") {
			var missing string
			if want, missing = expand(w, version, r); missing != "" {
				continue
			}
			if exact(name) {
				want.text = restoreWildcards(want)
			}
		}
		if op.compare(want, have) {
			return true
		}
	}
	return false
}

// restoreWildcards returns a pattern's text for an operator to which its
// wildcards are characters like others.
func restoreWildcards(p pattern) string {
	if p.run != expandedAnyRun {
		return p.text
	}
	b := []byte(p.text)
	for i := range b {
		switch b[i] {
		case expandedAnyRun:
			b[i] = anyRun
		case expandedAnyOne:
			b[i] = anyOne
		}
	}
	return string(b)
}

// arnLike reports whether an ARN of the request is like one of a policy.
func arnLike(want, have, version string, r *Request) bool {
	texts, ok := splitARN(want)
	if !ok {
		return false
	}
	var parts [6]pattern
	for i, text := range texts {
		p, missing := expand(text, version, r)
		if missing != "" {
			return false
		}
		parts[i] = p
	}
	return matchARN(parts, have)
}
