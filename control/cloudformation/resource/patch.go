package resource

import (
	"slices"
	"strings"

	"github.com/lamgate/lamgate/api/apigateway"
)

// patches collects patch operations.
type patches []apigateway.PatchOperation

func (p *patches) add(op, path, value string) {
	o := apigateway.PatchOperation{Op: &op, Path: &path}
	if op != "remove" {
		o.Value = &value
	}
	*p = append(*p, o)
}

// replace adds an operation if a value is not what it should be.
func (p *patches) replace(path, have, want string) {
	if have != want {
		p.add("replace", path, want)
	}
}

// mapping adds operations that turn one map under a path into another, in the
// order of the keys.
func (p *patches) mapping(path string, have, want map[string]string) {
	keys := make([]string, 0, len(have)+len(want))
	for k := range have {
		keys = append(keys, k)
	}
	for k := range want {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		v, wanted := want[k]
		old, had := have[k]
		switch at := path + "/" + pointer(k); {
		case !wanted:
			p.add("remove", at, "")
		case !had || old != v:
			p.add("replace", at, v)
		}
	}
}

// pointer escapes a segment of a JSON pointer.
func pointer(s string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
}
