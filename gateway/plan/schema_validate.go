package plan

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lamgate/lamgate/gateway/value"
)

// The bounds of a validation. Branches multiply: a hostile body could make a
// harmless model work for hours.
const (
	maxSteps       = 20 << 20
	stepsPerByte   = 64
	leastSteps     = 1 << 16
	maxNesting     = 2 * value.MaxDepth
	maxViolations  = 50
	maxMessageText = 1024
)

var (
	errTooMuchWork = errors.New("the body makes the model work too long")
	errTooDeep     = errors.New("the model refers to itself without end")
)

// Validate returns what a body lacks of the model, nil if nothing.
func (s *Schema) Validate(body []byte) *Mismatch {
	m := &Mismatch{Model: s.Model}
	v, err := value.ParseJSON(body)
	if err != nil {
		m.unread = err
		return m
	}
	steps := min(leastSteps+stepsPerByte*len(body), maxSteps)
	c := checker{steps: &steps, err: &m.gaveUp}
	c.check(s.root, v, nil)
	if !c.failed && m.gaveUp == nil {
		return nil
	}
	m.Violations = c.violations
	return m
}

// A checker validates as the library that AWS uses does, and so finds the same
// violations in the same order: a value's own keywords by their names, formats
// last; then its members by theirs, unless anything was wrong before.
type checker struct {
	quiet      bool // only whether it failed counts
	failed     bool
	violations []Violation
	depth      int
	steps      *int
	err        *error // why it gave up
}

// A place is where a value stands.
type place struct {
	above *place
	token string
}

func (p *place) String() string {
	if p == nil {
		return ""
	}
	return p.above.String() + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p.token)
}

func (c *checker) fail(at *place, within []Violation, format string, args ...any) {
	c.failed = true
	if c.quiet || len(c.violations) == maxViolations {
		return
	}
	message := fmt.Sprintf(format, args...)
	if len(message) > maxMessageText {
		message = strings.ToValidUTF8(message[:maxMessageText], "") + "…"
	}
	c.violations = append(c.violations, Violation{at.String(), message, within})
}

// over reports whether there is no sense in going on.
func (c *checker) over() bool { return *c.err != nil || (c.quiet && c.failed) }

// work counts steps.
func (c *checker) work(n int) bool {
	if *c.steps -= n; *c.steps < 0 && *c.err == nil {
		*c.err = errTooMuchWork
	}
	return *c.err == nil
}

func (c *checker) check(r *rule, v value.Value, at *place) {
	if r == nil || !c.work(1) {
		return
	}
	if c.depth++; c.depth > maxNesting {
		*c.err = errTooDeep
		return
	}
	defer func() { c.depth-- }()
	kind := kindOf(v)
	list, _ := v.(*value.List)
	object, _ := v.(*value.Map)
	text, isText := v.(string)
	number := kind == kindInteger || kind == kindNumber

	if list != nil && r.noMoreItems && len(list.Items) > len(r.tuple) {
		c.fail(at, nil, "schema only allows %d elements in array but instance has %d elements", len(r.tuple), len(list.Items))
	}
	if object != nil && r.noMoreProperties {
		c.additional(r, object, at)
	}
	c.combine(r, v, at)
	if object != nil {
		c.depend(r, object, at)
	}
	if r.enum != nil && !slices.ContainsFunc(r.enum, func(e value.Value) bool { return c.same(e, v) }) {
		c.fail(at, nil, "instance value (%s) not found in enum (possible values: %s)", c.print(v), r.enumText)
	}
	if list != nil {
		if n := r.maxItems; n != nil && len(list.Items) > *n {
			c.fail(at, nil, "array is too long: must have at most %d elements but instance has %d elements", *n, len(list.Items))
		}
	}
	length := -1
	if isText && (r.maxLength != nil || r.minLength != nil) {
		length = utf8.RuneCountInString(text)
	}
	if n := r.maxLength; isText && n != nil && length > *n {
		c.fail(at, nil, `string "%s" is too long (length: %d, maximum allowed: %d)`, c.cut(text), length, *n)
	}
	if n := r.maxProperties; object != nil && n != nil && object.Len() > *n {
		c.fail(at, nil, "object has too many properties (found %d but schema requires at most %d)", object.Len(), *n)
	}
	if number && r.maximum != nil {
		switch order, _ := value.Compare(v, r.maximum.value); {
		case order > 0:
			c.fail(at, nil, "numeric instance is greater than the required maximum (maximum: %s, found: %s)", r.maximum.text, c.print(v))
		case order == 0 && r.maximum.exclusive:
			c.fail(at, nil, "numeric instance is not strictly lower than the required maximum %s", r.maximum.text)
		}
	}
	if list != nil {
		if n := r.minItems; n != nil && len(list.Items) < *n {
			c.fail(at, nil, "array is too short: must have at least %d elements but instance has %d elements", *n, len(list.Items))
		}
	}
	if n := r.minLength; isText && n != nil && length < *n {
		c.fail(at, nil, `string "%s" is too short (length: %d, required minimum: %d)`, c.cut(text), length, *n)
	}
	if n := r.minProperties; object != nil && n != nil && object.Len() < *n {
		c.fail(at, nil, "object has too few properties (found %d but schema requires at least %d)", object.Len(), *n)
	}
	if number && r.minimum != nil {
		switch order, _ := value.Compare(v, r.minimum.value); {
		case order < 0:
			c.fail(at, nil, "numeric instance is lower than the required minimum (minimum: %s, found: %s)", r.minimum.text, c.print(v))
		case order == 0 && r.minimum.exclusive:
			c.fail(at, nil, "numeric instance is not strictly greater than the required minimum %s", r.minimum.text)
		}
	}
	if number && r.multipleOf != nil && !multiple(value.Text(v), r.multipleOf) {
		c.fail(at, nil, "remainder of division is not zero (%s / %s)", c.print(v), r.multipleText)
	}
	if c.over() {
		return
	}
	c.exclude(r, v, at)
	if isText && r.pattern != nil {
		if !c.matches(r.pattern, text) {
			c.fail(at, nil, `ECMA 262 regex "%s" does not match input string "%s"`, r.pattern, c.cut(text))
		}
	}
	if object != nil {
		if missing := absent(object, r.required); missing != nil {
			c.fail(at, nil, "object has missing required properties (%s)", compact(missing))
		}
	}
	if r.types != 0 && r.types&kind == 0 {
		c.fail(at, nil, "instance type (%s) does not match any allowed primitive type (allowed: %s)", kind.names()[0], r.typesText)
	}
	if list != nil && r.unique && !c.distinct(list.Items) {
		c.fail(at, nil, "array must not contain duplicate elements")
	}
	if isText && r.format != "" {
		if form := misformed(r.format, text); form != "" {
			c.fail(at, nil, form, c.cut(text))
		}
	}
	if c.failed || c.over() {
		return // AWS: what is in a value that is wrong itself is not looked at
	}
	if list != nil {
		c.items(r, list, at)
	} else if object != nil {
		c.members(r, object, at)
	}
}

func (c *checker) additional(r *rule, object *value.Map, at *place) {
	var unwanted []string
	for name := range object.All() {
		if !c.work(1) {
			return
		}
		if _, ok := r.properties[name]; !ok && !slices.ContainsFunc(r.patterns, func(p patternRule) bool { return c.matches(p.pattern, name) }) {
			unwanted = append(unwanted, name)
		}
	}
	if unwanted != nil {
		slices.Sort(unwanted)
		c.fail(at, nil, "object instance has properties which are not allowed by the schema: %s", compact(unwanted))
	}
}

func (c *checker) items(r *rule, list *value.List, at *place) {
	if r.items == nil && r.tuple == nil {
		return
	}
	for i, item := range list.Items {
		s := r.items
		if r.tuple != nil {
			if s = r.moreItems; i < len(r.tuple) {
				s = r.tuple[i]
			}
		}
		if c.over() {
			return
		}
		c.check(s, item, &place{at, strconv.Itoa(i)})
	}
}

func (c *checker) members(r *rule, object *value.Map, at *place) {
	if r.properties == nil && r.patterns == nil && r.moreProperties == nil {
		return
	}
	names := make([]string, 0, object.Len())
	for name := range object.All() {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !c.work(1) || c.over() {
			return
		}
		member, _ := object.Get(name)
		here := &place{at, name}
		property, known := r.properties[name]
		c.check(property, member, here)
		for _, p := range r.patterns {
			if c.matches(p.pattern, name) {
				known = true
				c.check(p.rule, member, here)
			}
		}
		if !known {
			c.check(r.moreProperties, member, here)
		}
	}
}

// matches looks for a pattern; one that is given up ends the validation.
func (c *checker) matches(pattern jsonschema.Regexp, s string) bool {
	if !c.work(1 + len(s)/16) {
		return false
	}
	ok, err := matches(pattern, s)
	if err != nil && *c.err == nil {
		*c.err = fmt.Errorf("the pattern %q took longer than %v", pattern, maxMatching)
	}
	return ok
}

func absent(object *value.Map, required []string) (missing []string) {
	for _, name := range required {
		if _, ok := object.Get(name); !ok {
			missing = append(missing, name)
		}
	}
	return missing
}
