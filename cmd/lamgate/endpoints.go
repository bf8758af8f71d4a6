package main

import (
	"fmt"
	"net/url"
	"strings"
)

// parseEndpoints reads what --endpoint says, NAME=URL each.
func parseEndpoints(pairs []string) (map[string]*url.URL, error) {
	endpoints := make(map[string]*url.URL, len(pairs))
	for _, pair := range pairs {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || !isEndpointName(name) {
			return nil, fmt.Errorf("--endpoint %s does not begin with a service's name, as in dynamodb=URL, or a VPC link's, as in vpclink/NAME=URL", pair)
		}
		if _, twice := endpoints[name]; twice {
			return nil, fmt.Errorf("--endpoint says twice where %s is", name)
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("--endpoint %s: %q is no URL of an HTTP endpoint, such as http://127.0.0.1:8000", name, text)
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("--endpoint %s: the URL has more than a host and a path", name)
		}
		endpoints[name] = u
	}
	return endpoints, nil
}

// isEndpointName reports whether name can be that of a service or of a VPC link.
func isEndpointName(name string) bool {
	if link, ok := strings.CutPrefix(name, "vpclink/"); ok {
		return link != ""
	}
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}
