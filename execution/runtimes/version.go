package runtimes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A version is that of an interpreter.
type version struct{ major, minor, patch int }

func (v version) less(w version) bool {
	return slices.Compare([]int{v.major, v.minor, v.patch}, []int{w.major, w.minor, w.patch}) < 0
}

func (v version) String() string {
	if v.patch < 0 {
		return fmt.Sprintf("%d.%d", v.major, v.minor)
	}
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
}

// parseVersion reads versions such as "3.13", "v20.9.0", "cpython-3.12.1-…" and
// "1.8.0_392", which Java calls 8.
func parseVersion(s string) (v version, ok bool) {
	start := strings.IndexFunc(s, func(r rune) bool { return r >= '0' && r <= '9' })
	if start < 0 {
		return v, false
	}
	v.patch = -1
	for n, part := range strings.SplitN(s[start:], ".", 3) {
		end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		if end >= 0 {
			part = part[:end]
		}
		number, err := strconv.Atoi(part)
		if err != nil {
			break
		}
		switch n {
		case 0:
			v.major, ok = number, true
		case 1:
			v.minor = number
		case 2:
			v.patch = number
		}
		if end >= 0 {
			break
		}
	}
	return v, ok
}
