package wire

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/lamgate/lamgate/api"
	"github.com/lamgate/lamgate/aws"
)

// A Validator checks inputs of a service's operations that did not come over
// the wire against the same constraints.
type Validator struct {
	service  *service
	patterns patterns
}

// NewValidator returns the Validator of a service.
func NewValidator(s *api.Service) *Validator {
	return &Validator{service: &service{Service: s, quirks: quirksOf(s)}}
}

// Validate checks the input of an operation, a pointer to its struct.
func (v *Validator) Validate(operation string, in any) error {
	op := v.service.Operation(operation)
	if op == nil {
		return fmt.Errorf("wire: %s has no operation %s", v.service.Name, operation)
	}
	return v.service.validate(op, in, &v.patterns)
}

// A validation gathers what is wrong with an input, in AWS's words.
type validation struct {
	service    *service
	patterns   *patterns
	violations []string
}

// maxMatched bounds the strings that are matched although they are too long.
const maxMatched = 64 << 10

// maxViolations bounds the message that a hostile input can make.
const maxViolations = 100

func (c *call) validate(in any) error {
	return c.service.validate(c.operation.Operation, in, &c.patterns)
}

// validate checks an input against the constraints of its model.
//
// AWS: recorded from Lambda, API Gateway and CloudFormation, which share it:
// "1 validation error detected: Value 'x' at 'member' failed to satisfy
// constraint: Member must …".
func (s *service) validate(op *api.Operation, in any, p *patterns) error {
	sh := s.shape(op.Input)
	if sh == nil {
		return nil
	}
	if s.validationCode == "" {
		return validatePresence(sh, reflect.ValueOf(in).Elem())
	}
	v := validation{service: s, patterns: p}
	fields := reflect.ValueOf(in).Elem()
	if s.bodyPrefix {
		// AWS: recorded (update-method-response-invalid-statuscode-and-wrong-op):
		// first what stands in the body, under the name of the input.
		prefix := lowerFirst(op.Name) + "Input."
		v.structure(sh, fields, prefix, func(m *api.Member) bool { return m.Location == api.InBody })
		v.structure(sh, fields, "", func(m *api.Member) bool { return m.Location != api.InBody })
	} else {
		v.structure(sh, fields, "", func(*api.Member) bool { return true })
	}
	switch n := len(v.violations); n {
	case 0:
		return nil
	case 1:
		return aws.Faultf(http.StatusBadRequest, s.validationCode, "1 validation error detected: %s", v.violations[0])
	default:
		return aws.Faultf(http.StatusBadRequest, s.validationCode, "%d validation errors detected: %s", n, strings.Join(v.violations, "; "))
	}
}

// validatePresence is all that is checked for S3, which has faults of its own
// for everything else.
func validatePresence(sh *api.Shape, v reflect.Value) error {
	for i := range sh.Members {
		m := &sh.Members[i]
		if !m.Required || !absent(v.Field(i)) {
			continue
		}
		switch {
		case i == sh.Payload:
			return aws.Faultf(http.StatusBadRequest, "MissingRequestBodyError", "Request Body is empty")
		case m.Location != api.InBody:
			return aws.Faultf(http.StatusBadRequest, "InvalidRequest", "Missing required parameter for this operation: %s", m.WireName)
		}
	}
	return nil
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func (v *validation) fail(value, path, constraint string) {
	if len(v.violations) < maxViolations {
		v.violations = append(v.violations, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, path, constraint))
	}
}

func (v *validation) structure(sh *api.Shape, fields reflect.Value, prefix string, wanted func(*api.Member) bool) {
	for i := range sh.Members {
		m := &sh.Members[i]
		if !wanted(m) {
			continue
		}
		field := fields.Field(i)
		if absent(field) {
			if m.Required {
				v.fail("null", prefix+lowerFirst(m.Name), "Member must not be null")
			}
			continue
		}
		if m.Streaming || v.service.unchecked[sh.Name+"."+m.Name] {
			continue
		}
		v.member(&v.service.Shapes[m.Shape], field, prefix, m.Name)
	}
}

// member checks a value. Its path is put together only when it is needed.
func (v *validation) member(sh *api.Shape, value reflect.Value, prefix, name string) {
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch sh.Kind {
	case api.Structure:
		if len(sh.Members) > 0 {
			v.structure(sh, value, prefix+lowerFirst(name)+".", func(*api.Member) bool { return true })
		}
		return
	case api.List:
		v.list(sh, value, prefix+lowerFirst(name))
		return
	case api.Map:
		v.mapping(sh, value, prefix+lowerFirst(name))
		return
	}
	v.check(sh, value, func(constraint string) {
		v.fail("'"+display(sh, value)+"'", prefix+lowerFirst(name), constraint)
	})
}

func (v *validation) list(sh *api.Shape, value reflect.Value, path string) {
	v.check(sh, value, func(constraint string) {
		v.fail("'"+v.display(sh, value)+"'", path, constraint)
	})
	element := &v.service.Shapes[sh.Element]
	if isScalar(element) {
		for i := range value.Len() {
			if v.satisfies(element, value.Index(i)) {
				continue
			}
			constraint := "Member must satisfy constraint: [" + strings.Join(v.constraints(element, !v.service.sparseNull[sh.Name]), ", ") + "]"
			if v.service.plainElements[sh.Name] {
				constraint = strings.Join(v.constraints(element, false), ", ")
			}
			v.fail("'"+v.display(sh, value)+"'", path, constraint)
			return
		}
		return
	}
	for i := range value.Len() {
		v.member(element, value.Index(i), path+"."+strconv.Itoa(i+1)+".", "member")
	}
}

func (v *validation) mapping(sh *api.Shape, value reflect.Value, path string) {
	v.check(sh, value, func(constraint string) {
		v.fail("'"+v.display(sh, value)+"'", path, constraint)
	})
	key, item := &v.service.Shapes[sh.Key], &v.service.Shapes[sh.Value]
	keysFit, itemsFit := true, true
	for entries := value.MapRange(); entries.Next(); {
		keysFit = keysFit && v.satisfies(key, entries.Key())
		if isScalar(item) {
			itemsFit = itemsFit && v.satisfies(item, entries.Value())
		}
	}
	// AWS: recorded (test_notfound_and_invalid_routingconfigs): keys without
	// a word on null, values with.
	if !keysFit {
		v.fail("'"+v.display(sh, value)+"'", path, "Map keys must satisfy constraint: ["+strings.Join(v.constraints(key, false), ", ")+"]")
	}
	if !itemsFit {
		v.fail("'"+v.display(sh, value)+"'", path, "Map value must satisfy constraint: ["+strings.Join(v.constraints(item, true), ", ")+"]")
	}
	if isScalar(item) {
		return
	}
	for _, k := range sortedKeys(value) {
		v.member(item, value.MapIndex(k), path+"."+k.String()+".", "member")
	}
}

func (v *validation) satisfies(sh *api.Shape, value reflect.Value) bool {
	ok := true
	v.check(sh, value, func(string) { ok = false })
	return ok
}

// check calls fail with each constraint that a value violates.
func (v *validation) check(sh *api.Shape, value reflect.Value, fail func(constraint string)) {
	switch sh.Kind {
	case api.String, api.Blob, api.List, api.Map:
		n := lengthOf(sh, value)
		if sh.HasMax && n > sh.Max {
			fail(v.maximum(sh))
		}
		if sh.HasMin && n < sh.Min {
			fail(v.minimum(sh))
		}
	case api.Integer, api.Long:
		if sh.HasMax && value.Int() > sh.Max {
			fail(v.maximum(sh))
		}
		if sh.HasMin && value.Int() < sh.Min {
			fail(v.minimum(sh))
		}
	case api.Float, api.Double:
		if sh.HasMax && value.Float() > float64(sh.Max) {
			fail(v.maximum(sh))
		}
		if sh.HasMin && value.Float() < float64(sh.Min) {
			fail(v.minimum(sh))
		}
	}
	if sh.Kind != api.String {
		return
	}
	if sh.HasMax && value.Len() > maxMatched && lengthOf(sh, value) > sh.Max {
		return // refused already; to match megabytes would only take time
	}
	if p := v.pattern(sh); p != "" && !v.patterns.get(p).matches(value.String()) {
		fail("Member must satisfy regular expression pattern: " + p)
	}
	if len(sh.Enum) > 0 && !slices.Contains(sh.Enum, value.String()) {
		fail(v.enumeration(sh))
	}
}

func (v *validation) pattern(sh *api.Shape) string {
	if sh.Pattern != "" {
		return sh.Pattern
	}
	return v.service.quirks.patterns[sh.Name]
}

// constraints lists all constraints of the elements of a list or map, which AWS
// prints whichever is violated.
func (v *validation) constraints(sh *api.Shape, null bool) []string {
	var all []string
	if sh.HasMax {
		all = append(all, v.maximum(sh))
	}
	if sh.HasMin {
		all = append(all, v.minimum(sh))
	}
	if p := v.pattern(sh); p != "" {
		all = append(all, "Member must satisfy regular expression pattern: "+p)
	}
	if len(sh.Enum) > 0 {
		all = append(all, v.enumeration(sh))
	}
	if null {
		all = append(all, "Member must not be null")
	}
	return all
}

func (v *validation) maximum(sh *api.Shape) string {
	return "Member must have " + measure(sh) + " less than or equal to " + bound(sh, sh.Max)
}

func (v *validation) minimum(sh *api.Shape) string {
	return "Member must have " + measure(sh) + " greater than or equal to " + bound(sh, sh.Min)
}

func measure(sh *api.Shape) string {
	switch sh.Kind {
	case api.String, api.Blob, api.List, api.Map:
		return "length"
	}
	return "value"
}

func bound(sh *api.Shape, n int64) string {
	text := strconv.FormatInt(n, 10)
	if sh.Kind == api.Double || sh.Kind == api.Float {
		text += ".0"
	}
	return text
}

func (v *validation) enumeration(sh *api.Shape) string {
	order, ok := v.service.enumOrder[sh.Name]
	if !ok {
		order = sh.Enum
	}
	return "Member must satisfy enum value set: [" + strings.Join(order, ", ") + "]"
}

// lengthOf counts a string in UTF-16 units, as Java does.
func lengthOf(sh *api.Shape, value reflect.Value) int64 {
	if sh.Kind != api.String {
		return int64(value.Len())
	}
	n := 0
	for _, r := range value.String() {
		n += max(1, utf16.RuneLen(r))
	}
	return int64(n)
}

func isScalar(sh *api.Shape) bool {
	switch sh.Kind {
	case api.Structure, api.List, api.Map, api.Document:
		return false
	}
	return true
}
