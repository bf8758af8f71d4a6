package plan

import "strings"

// A Param is a path parameter of a request: the name that the resource's path
// gives it and the text that stands there, as sent.
type Param struct {
	Name, Value string
}

// MaxSegments bounds the segments of a path that Match looks at one by one.
// Paths of resources are far shorter; what follows can only belong to {proxy+}.
const MaxSegments = 128

// A node is a place in the tree of paths.
type node struct {
	literals map[string]*node
	params   []branch // {name}, seldom more than one
	methods  map[string]*Route
	greedy   []greedy // {name+}
}

type branch struct {
	name string
	node *node
}

type greedy struct {
	name    string
	methods map[string]*Route
}

// add enters the route of a resource's path.
func (n *node) add(path string, r *Route) {
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		switch {
		case part == "":
			continue
		case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "+}"):
			n.addGreedy(part[1:len(part)-2], r)
			return
		case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}"):
			n = n.param(part[1 : len(part)-1])
		default:
			n = n.literal(part)
		}
	}
	if n.methods == nil {
		n.methods = map[string]*Route{}
	}
	n.methods[r.HTTPMethod] = r
}

func (n *node) addGreedy(name string, r *Route) {
	for i := range n.greedy {
		if n.greedy[i].name == name {
			n.greedy[i].methods[r.HTTPMethod] = r
			return
		}
	}
	n.greedy = append(n.greedy, greedy{name, map[string]*Route{r.HTTPMethod: r}})
}

func (n *node) param(name string) *node {
	for _, b := range n.params {
		if b.name == name {
			return b.node
		}
	}
	b := branch{name, &node{}}
	n.params = append(n.params, b)
	return b.node
}

func (n *node) literal(part string) *node {
	if child, ok := n.literals[part]; ok {
		return child
	}
	if n.literals == nil {
		n.literals = map[string]*node{}
	}
	child := &node{}
	n.literals[part] = child
	return child
}

// Match finds the route of a request and appends the path's parameters to
// params. path is what follows the stage, as sent: percent-encodings stay.
//
// AWS: at each segment a literal beats {name}, which beats {name+}; what has
// no method for the request is passed over, so that OPTIONS /test may be
// served by /{proxy+} though a resource /test exists (recorded:
// test_proxy_routing_with_hardcoded_resource_sibling). On one resource a named
// method beats ANY. Slashes before the path count as one and one after it does
// not count; double slashes inside are an empty segment, which only a greedy
// parameter takes (recorded: test_lambda_aws_proxy_integration).
func (p *Plan) Match(method, path string, params []Param) (*Route, []Param) {
	path = strings.TrimLeft(path, "/")
	path = strings.TrimSuffix(path, "/")
	return p.tree.match(method, path, params, 0)
}

func (n *node) match(method, rest string, params []Param, depth int) (*Route, []Param) {
	if rest == "" {
		return pick(n.methods, method), params
	}
	if depth < MaxSegments {
		part, after, more := strings.Cut(rest, "/")
		if part != "" && (!more || after != "") {
			if child, ok := n.literals[part]; ok {
				if r, found := child.match(method, after, params, depth+1); r != nil {
					return r, found
				}
			}
			for _, b := range n.params {
				if r, found := b.node.match(method, after, append(params, Param{b.name, part}), depth+1); r != nil {
					return r, found
				}
			}
		}
	}
	for _, g := range n.greedy {
		if r := pick(g.methods, method); r != nil {
			return r, append(params, Param{g.name, rest})
		}
	}
	return nil, params
}

func pick(methods map[string]*Route, method string) *Route {
	if r, ok := methods[method]; ok {
		return r
	}
	return methods[AnyMethod]
}
