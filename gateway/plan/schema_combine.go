package plan

import "github.com/lamgate/lamgate/gateway/value"

// branches validates against several schemas and returns how many match.
func (c *checker) branches(rules []*rule, v value.Value, at *place) (matched int, within []Violation) {
	for _, r := range rules {
		if *c.err != nil {
			return
		}
		sub := checker{quiet: c.quiet, depth: c.depth, steps: c.steps, err: c.err}
		sub.check(r, v, at)
		if !sub.failed {
			matched++
		} else if len(within) < maxViolations {
			within = append(within, sub.violations...)
		}
	}
	return
}

// combine checks allOf and anyOf.
func (c *checker) combine(r *rule, v value.Value, at *place) {
	if n := len(r.allOf); n > 0 && !c.over() {
		if matched, within := c.branches(r.allOf, v, at); matched < n {
			c.fail(at, within, "instance failed to match all required schemas (matched only %d out of %d)", matched, n)
		}
	}
	if n := len(r.anyOf); n > 0 && !c.over() {
		if matched, within := c.branches(r.anyOf, v, at); matched == 0 {
			c.fail(at, within, "instance failed to match at least one required schema among %d", n)
		}
	}
}

// exclude checks not and oneOf.
func (c *checker) exclude(r *rule, v value.Value, at *place) {
	if r.not != nil && !c.over() {
		sub := checker{quiet: true, depth: c.depth, steps: c.steps, err: c.err}
		if sub.check(r.not, v, at); !sub.failed {
			c.fail(at, nil, "instance matched a schema which it should not have")
		}
	}
	if n := len(r.oneOf); n > 0 && !c.over() {
		matched, within := c.branches(r.oneOf, v, at)
		if matched == 0 {
			c.fail(at, within, "instance failed to match exactly one schema (matched 0 out of %d)", n)
		} else if matched > 1 {
			c.fail(at, nil, "instance failed to match exactly one schema (matched %d out of %d)", matched, n)
		}
	}
}

func (c *checker) depend(r *rule, object *value.Map, at *place) {
	for _, d := range r.dependencies {
		if _, ok := object.Get(d.property); !ok || c.over() {
			continue
		}
		if d.rule != nil {
			c.check(d.rule, object, at)
		} else if missing := absent(object, d.required); missing != nil {
			c.fail(at, nil, `property "%s" of object has missing property dependencies (schema requires %s; missing: %s)`,
				d.property, compact(d.required), compact(missing))
		}
	}
}
