package aws

// Value returns what p points to, or the zero value if p is nil: the members of
// AWS's structures are pointers, so that absent and empty differ, and most
// readers do not care.
func Value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
