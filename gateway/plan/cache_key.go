package plan

import (
	"slices"
	"strings"
)

// A CacheKey tells what the responses of a route are cached by.
type CacheKey struct {
	Namespace  string      // the resource's ID, unless the integration names another
	Parameters []Parameter // of the method's request, in the order of their names

	// Closed is why nothing can be cached, nil if it can.
	Closed *Closed
}

// compileCacheKey reads an integration's cacheKeyParameters. Each is a
// parameter of the method's request, or one of the integration's request, which
// stands for what is mapped to it.
func compileCacheKey(resource string, i *Integration) CacheKey {
	k := CacheKey{Namespace: i.CacheNamespace}
	if k.Namespace == "" {
		k.Namespace = resource
	}
	names := slices.Clone(i.CacheKeyParameters)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		source := name
		if strings.HasPrefix(name, "integration.request.") {
			mapped, ok := i.RequestParameters[name]
			if !ok {
				continue // it is never there, and so the same for all requests
			}
			source = mapped
		}
		p, ok := cacheKeyParameter(source)
		if !ok {
			k.Closed = &Closed{"nothing is cached: the cache key parameter " + name + " is not of the form method.request.LOCATION.NAME or integration.request.LOCATION.NAME",
				"correct the integration's cacheKeyParameters and deploy the API again"}
			return k
		}
		k.Parameters = append(k.Parameters, p)
	}
	return k
}

func cacheKeyParameter(source string) (Parameter, bool) {
	if len(source) >= 2 && source[0] == '\'' && source[len(source)-1] == '\'' {
		return Parameter{Static, source[1 : len(source)-1]}, true
	}
	if name, ok := strings.CutPrefix(source, "stageVariables."); ok && name != "" {
		return Parameter{StageVariable, name}, true
	}
	if name, ok := strings.CutPrefix(source, "context."); ok {
		return Parameter{RequestContext, name}, IsContextVariable(name)
	}
	return parseParameter(source, "method.request.")
}
