package plan

import (
	"cmp"
	"errors"
	"math/big"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/lamgate/lamgate/gateway/value"
)

// A rule is a schema as it is evaluated: references are followed, numbers can
// be compared, and what messages print is printed.
type rule struct {
	types     kinds
	typesText string

	enum     []value.Value
	enumText string

	minimum, maximum *limit
	multipleOf       *big.Rat
	multipleText     string

	minLength, maxLength *int
	pattern              jsonschema.Regexp
	format               string

	minItems, maxItems *int
	unique             bool
	items              *rule   // of all items
	tuple              []*rule // of the first ones
	moreItems          *rule   // of those after tuple
	noMoreItems        bool

	minProperties, maxProperties *int
	required                     []string // sorted
	properties                   map[string]*rule
	patterns                     []patternRule
	moreProperties               *rule
	noMoreProperties             bool
	dependencies                 []dependency

	allOf, anyOf, oneOf []*rule
	not                 *rule
}

// A limit is a minimum or a maximum.
type limit struct {
	value     value.Value
	text      string
	exclusive bool
}

type patternRule struct {
	pattern jsonschema.Regexp
	rule    *rule
}

// A dependency is what the presence of a property demands.
type dependency struct {
	property string
	required []string // sorted
	rule     *rule
}

// kinds is a set of JSON's types.
type kinds uint8

const (
	kindArray kinds = 1 << iota
	kindBoolean
	kindInteger
	kindNull
	kindNumber
	kindObject
	kindString
)

// kindNames are in the order in which messages name them.
func kindNames() [7]string {
	return [...]string{"array", "boolean", "integer", "null", "number", "object", "string"}
}

// kindOf returns the type of a value.
//
// AWS: 1.0 is a number and no integer, as draft 4 has it.
func kindOf(v value.Value) kinds {
	switch v.(type) {
	case nil:
		return kindNull
	case bool:
		return kindBoolean
	case string:
		return kindString
	case int64, *big.Int:
		return kindInteger
	case float64, value.Decimal:
		return kindNumber
	case *value.List:
		return kindArray
	}
	return kindObject
}

func (k kinds) names() []string {
	var names []string
	for i, name := range kindNames() {
		if k&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// A translator makes rules of what the library has compiled.
type translator struct {
	rules map[*jsonschema.Schema]*rule
}

var errReferenceLoop = errors.New("a $ref of the model leads back to itself")

func (t *translator) translate(s *jsonschema.Schema) (*rule, error) {
	if s == nil {
		return nil, nil
	}
	for followed := 0; s.Ref != nil; s = s.Ref {
		if followed++; followed > maxSchemaDepth {
			return nil, errReferenceLoop
		}
	}
	if n, ok := t.rules[s]; ok {
		return n, nil
	}
	n := &rule{}
	t.rules[s] = n
	if s.Types != nil {
		for i, name := range kindNames() {
			if slices.Contains(s.Types.ToStrings(), name) {
				n.types |= 1 << i
			}
		}
		if n.types&kindNumber != 0 {
			n.types |= kindInteger
		}
		n.typesText = compact(n.types.names())
	}
	n.pattern, n.unique = s.Pattern, s.UniqueItems
	n.minLength, n.maxLength = s.MinLength, s.MaxLength
	n.minItems, n.maxItems = s.MinItems, s.MaxItems
	n.minProperties, n.maxProperties = s.MinProperties, s.MaxProperties
	n.required = slices.Sorted(slices.Values(s.Required))
	if s.Format != nil {
		n.format = s.Format.Name
	}
	if s.Enum != nil {
		n.enumText = compact(s.Enum.Values)
		parsed, err := value.ParseJSON([]byte(n.enumText))
		if err != nil {
			return nil, err
		}
		n.enum = parsed.(*value.List).Items
	}
	if err := t.numbers(n, s); err != nil {
		return nil, err
	}
	return n, errors.Join(t.containers(n, s), t.combinations(n, s))
}

func (t *translator) numbers(n *rule, s *jsonschema.Schema) error {
	for _, l := range []struct {
		rat       *big.Rat
		exclusive bool
		to        **limit
	}{
		{s.Minimum, false, &n.minimum}, {s.ExclusiveMinimum, true, &n.minimum},
		{s.Maximum, false, &n.maximum}, {s.ExclusiveMaximum, true, &n.maximum},
	} {
		if l.rat == nil {
			continue
		}
		text := decimal(l.rat)
		v, err := value.ParseJSON([]byte(text))
		if err != nil {
			return err
		}
		*l.to = &limit{v, text, l.exclusive}
	}
	if s.MultipleOf != nil {
		n.multipleOf, n.multipleText = s.MultipleOf, decimal(s.MultipleOf)
	}
	return nil
}

// decimal writes a number out; those of JSON end.
func decimal(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return r.FloatString(digits)
}

func (t *translator) containers(n *rule, s *jsonschema.Schema) (err error) {
	child := func(s *jsonschema.Schema) *rule {
		c, e := t.translate(s)
		err = errors.Join(err, e)
		return c
	}
	more := func(v any) (c *rule, none bool) {
		switch v := v.(type) {
		case bool:
			return nil, !v
		case *jsonschema.Schema:
			return child(v), false
		}
		return nil, false
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		n.items = child(items)
	case []*jsonschema.Schema:
		for _, item := range items {
			n.tuple = append(n.tuple, child(item))
		}
		n.moreItems, n.noMoreItems = more(s.AdditionalItems)
	}
	if len(s.Properties) > 0 {
		n.properties = make(map[string]*rule, len(s.Properties))
		for name, property := range s.Properties {
			n.properties[name] = child(property)
		}
	}
	for pattern, property := range s.PatternProperties {
		n.patterns = append(n.patterns, patternRule{pattern, child(property)})
	}
	slices.SortFunc(n.patterns, func(a, b patternRule) int {
		return cmp.Compare(a.pattern.String(), b.pattern.String())
	})
	n.moreProperties, n.noMoreProperties = more(s.AdditionalProperties)
	for _, property := range sortedKeys(s.Dependencies) {
		d := dependency{property: property}
		switch v := s.Dependencies[property].(type) {
		case []string:
			d.required = slices.Sorted(slices.Values(v))
		case *jsonschema.Schema:
			d.rule = child(v)
		}
		n.dependencies = append(n.dependencies, d)
	}
	return err
}

func (t *translator) combinations(n *rule, s *jsonschema.Schema) (err error) {
	for _, c := range []struct {
		from []*jsonschema.Schema
		to   *[]*rule
	}{{s.AllOf, &n.allOf}, {s.AnyOf, &n.anyOf}, {s.OneOf, &n.oneOf}} {
		for _, schema := range c.from {
			branch, e := t.translate(schema)
			err = errors.Join(err, e)
			*c.to = append(*c.to, branch)
		}
	}
	var e error
	n.not, e = t.translate(s.Not)
	return errors.Join(err, e)
}
