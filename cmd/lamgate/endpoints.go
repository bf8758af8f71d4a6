package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/lamgate/lamgate/gateway/rest"
)

// misnomer returns the name of the endpoint of a service that people call
// otherwise; empty if they do not.
func misnomer(name string) string {
	return map[string]string{
		"eventbridge": "events", "stepfunctions": "states", "step-functions": "states", "cloudwatch": "monitoring", "ses": "email",
	}[name]
}

// parseEndpoints reads what --endpoint says, NAME=URL each.
func parseEndpoints(list []string) (map[string]*url.URL, error) {
	const begins = "a service's name, as in dynamodb=URL, or a VPC link's, as in vpclink/NAME=URL"
	named, err := pairs("--endpoint", begins, list)
	if err != nil {
		return nil, err
	}
	endpoints := make(map[string]*url.URL, len(named))
	for _, p := range named {
		if !isEndpointName(p.name) {
			return nil, fmt.Errorf("--endpoint %s does not begin with %s", p.name, begins)
		}
		if right := misnomer(p.name); right != "" {
			return nil, fmt.Errorf("--endpoint %s: AWS's endpoints call that service %s, as in %[2]s=URL", p.name, right)
		}
		u, err := url.Parse(p.value)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("--endpoint %s: %q is no URL of an HTTP endpoint, such as http://127.0.0.1:8000", p.name, p.value)
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("--endpoint %s: the URL has more than a host and a path", p.name)
		}
		endpoints[p.name] = u
	}
	return endpoints, nil
}

// isEndpointName reports whether name can be that of a service or of a VPC link.
func isEndpointName(name string) bool {
	if link, ok := strings.CutPrefix(name, rest.VPCLinks); ok {
		return link != ""
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}
