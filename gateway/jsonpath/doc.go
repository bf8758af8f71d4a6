// Package jsonpath reads values by JSONPath in the dialect of Jayway's Java
// library, which API Gateway uses for $input.path and $input.json.
//
// The dialect is older than RFC 9535 and differs from it: a path without $ gets
// one, several names give one object, slices take no step, a filter on an object
// tests the object itself, functions stand at the end of a path. Where Jayway's
// result surprises, the surprise is kept, because templates that run on AWS rely
// on it; each is marked AWS: and has a golden test. Where its own scanner trips
// over what the dialect allows (a parenthesis in a regular expression) or its
// evaluation crashes in Java, this package does what was meant.
//
// path.go is what callers see. cursor.go and parse.go make the steps of a path,
// parse_filter.go the expression in [?(…)]; read.go follows a path, walk.go and
// scan.go step by step; filter.go decides expressions, operand.go compares,
// pattern.go matches regular expressions and function.go has the functions.
//
// Paths are parsed once and shared; reading changes neither the path nor the
// document. Both are hostile: a path is bounded in length and depth, and reading
// in steps, so that a deep scan inside a filter inside a deep scan ends. Scripts
// ([(@.length-1)]) are refused, as Jayway refuses them, and so are predicates
// given from outside ([?]).
package jsonpath
