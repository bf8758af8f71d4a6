// Package value holds JSON values as the engine behind API Gateway's mapping
// templates holds them.
//
// That engine is written in Java, and templates can see it: numbers are printed
// as Java prints them (1.0E10), an object as {foo=bar} but a list as JSON, keys
// stay in the order in which the body had them, an integer of forty digits keeps
// them all. Go's own maps and float64 would lose each of these, so there is a
// small model of values here: value.go names it, list.go and map.go hold the
// containers; parse.go and parse_string.go read JSON as strictly as the standard
// has it, parse_loose.go as loosely as AWS does; json.go and text.go write,
// number.go has Java's forms of numbers, equal.go compares.
//
// Everything is bounded: depth, the length of a number, and what writing may
// yield, for a template can build a list that contains itself.
//
// The package knows no paths (gateway/jsonpath) and no templates (gateway/vtl).
// Values are not safe for concurrent writing; any number may read.
package value
