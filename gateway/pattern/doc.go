// Package pattern matches Java's regular expressions, which people write in
// mapping templates ($x.replaceAll), in JSONPath filters (=~) and as selection
// patterns of integration responses.
//
// Go's own engine takes time that grows with the text only, but it neither knows
// all of Java's expressions nor means the same by all that it knows. So an
// expression is translated first (translate.go, class.go); what then needs
// lookarounds, backreferences or atomic groups goes to an engine that backtracks,
// within a time that the caller gives (pattern.go).
//
// Expressions and texts are hostile: an expression is bounded in length and in
// the size to which its repetitions unfold, and a match tells what it costs
// before it is tried. Unions and intersections of classes, [a-z&&[^b]], are
// refused.
package pattern
