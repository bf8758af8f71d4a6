package apigateway

import (
	"slices"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
)

// A patch is one operation of an Update operation's list.
type patch struct {
	op       string
	path     string   // as it was sent
	segments []string // of the path, unescaped
	value    string
	hasValue bool
	from     string // of a copy
}

// patches reads a list of patch operations. AWS names a missing path "null".
func patches(ops []api.PatchOperation) ([]patch, error) {
	list := make([]patch, len(ops))
	for i, o := range ops {
		if o.Path == nil {
			return nil, badRequest("Invalid patch path null")
		}
		list[i] = patch{op: aws.Value(o.Op), path: *o.Path, value: aws.Value(o.Value), hasValue: o.Value != nil, from: aws.Value(o.From)}
		rest, ok := strings.CutPrefix(*o.Path, "/")
		if !ok {
			return nil, list[i].unknown()
		}
		list[i].segments = strings.Split(rest, "/")
		for j, s := range list[i].segments {
			list[i].segments[j] = unescape(s)
		}
	}
	return list, nil
}

// unescape undoes the escapes of a JSON pointer's segment.
func unescape(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}

// is reports whether the path is that of one member, /name.
func (p patch) is(name string) bool { return len(p.segments) == 1 && p.segments[0] == name }

// in returns the key of a path /name/key.
func (p patch) in(name string) (key string, ok bool) {
	if len(p.segments) != 2 || p.segments[0] != name || p.segments[1] == "" {
		return "", false
	}
	return p.segments[1], true
}

func (p patch) unknown() error { return badRequest("Invalid patch path %s", p.path) }

// replaces refuses every operation but replace.
func (p patch) replaces() error {
	if p.op != "replace" {
		return badRequest("Invalid patch operation specified. Must be one of: [replace]")
	}
	return nil
}

// only refuses every operation but replace and every path but those given, in
// the words of the nouns that can be replaced only.
func (p patch) only(paths ...string) error {
	if p.op != "replace" {
		return badRequest("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", p.path, p.op)
	}
	if !slices.Contains(paths, p.path) {
		return badRequest("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", p.path, p.op, strings.Join(paths, ", "))
	}
	return nil
}

// isTrue reads a boolean. AWS: everything but "true" is false
// (test_update_method_validation, wrong-value-type).
func (p patch) isTrue() bool { return strings.EqualFold(p.value, "true") }

// apply performs the operation on an entry of a map. The map is nil once it is
// empty: AWS then leaves it out of its answers.
func apply[V any](p patch, m *map[string]V, key string, v V, absent error) error {
	_, exists := (*m)[key]
	switch {
	case p.op == "remove" && !exists, p.op == "replace" && !exists:
		return absent
	case p.op == "remove":
		delete(*m, key)
		if len(*m) == 0 {
			*m = nil
		}
	case p.op == "add", p.op == "replace":
		put(m, key, v)
	default:
		return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	}
	return nil
}
