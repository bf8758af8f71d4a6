package runtimes

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Family is a kind of runtime that lamgate can run.
type Family string

const (
	Python   Family = "python"
	Node     Family = "nodejs"
	Java     Family = "java"
	Ruby     Family = "ruby"
	DotNet   Family = "dotnet"
	Provided Family = "provided"
)

// A language is a family that an interpreter of this host can serve.
type language struct {
	family Family
	title  string // for people: "Node.js"
	mend   string // how to install it, after "install Python 3.13"
	// names are the managed runtimes, the newest first.
	names []string
	// minor says that two versions differ for functions when their minor
	// numbers do.
	minor bool
	// upwards says that an older version never serves: it cannot read what was
	// compiled for a newer one.
	upwards bool
	client  string // lamgate's runtime client, below the directory of clients; empty if there is none

	installations func(*search) []installation
	// launch completes a command. It starts with the interpreter alone.
	launch func(*Runtime, *Launch, *Command) error
}

var languages = []*language{&python, &node, &java, &ruby, &dotnet}

// name is a managed runtime's: python3.13, nodejs22.x, java8.al2, dotnetcore3.1.
var name = regexp.MustCompile(`^(python|nodejs|java|ruby|dotnet)(?:core)?(\d+)(?:\.(\d+))?(\.x|\.al2)?$`)

// parseName returns the language and the version that a runtime's name asks for.
func parseName(s string) (*language, version, bool) {
	m := name.FindStringSubmatch(s)
	if m == nil {
		return nil, version{}, false
	}
	want := version{patch: -1}
	want.major, _ = strconv.Atoi(m[2])
	want.minor, _ = strconv.Atoi(m[3])
	for _, l := range languages {
		// Python 2 is another language.
		if string(l.family) == m[1] && !(l.minor && m[3] == "") && !(l == &python && want.major < 3) {
			return l, want, true
		}
	}
	return nil, version{}, false
}

// of is the part of a version that a runtime's name has.
func (l *language) of(v version) string {
	if l.minor {
		return fmt.Sprintf("%d.%d", v.major, v.minor)
	}
	return strconv.Itoa(v.major)
}

// place is a version as a point on a line, for the distance between two.
func (l *language) place(v version) int {
	if l.minor {
		return v.major*10 + v.minor
	}
	return v.major * 10
}

// nearest returns the installation whose version is wanted, or the one least
// far from it that can serve; the newer of two as far.
func (l *language) nearest(list []installation, want version) *installation {
	var best *installation
	distance := func(i *installation) int { return abs(l.place(i.version) - l.place(want)) }
	for n := range list {
		i := &list[n]
		if l.upwards && l.place(i.version) < l.place(want) {
			continue
		}
		if best == nil {
			best = i
			continue
		}
		switch d, b := distance(i), distance(best); {
		case d < b, d == b && best.version.less(i.version):
			best = i
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// missing is why there is no interpreter for a version, among those that have told
// theirs.
func (l *language) missing(list []installation, unasked error, want version) error {
	if unasked != nil {
		return fmt.Errorf("%s %s was not found on this host, but not everything has answered, and will be asked again: %w", l.title, l.of(want), unasked)
	}
	install := fmt.Sprintf("install %s %s, in PATH or with %s", l.title, l.of(want), l.mend)
	if len(list) == 0 {
		return fmt.Errorf("%s is not installed on this host: %s", l.title, install)
	}
	var have []string
	for _, i := range list {
		have = append(have, i.version.String())
	}
	return fmt.Errorf("%s %s is not installed on this host, nor any newer one (there is %s): %s", l.title, l.of(want), strings.Join(have, ", "), install)
}
