package apigateway

import (
	"slices"

	api "github.com/lamgate/lamgate/api/apigateway"
)

const (
	edge     = "EDGE"
	regional = "REGIONAL"
	private  = "PRIVATE"

	ipv4      = "ipv4"
	dualstack = "dualstack"
)

func (a *restAPI) setEndpoint(c *api.EndpointConfiguration) error {
	if c == nil {
		c = &api.EndpointConfiguration{}
	}
	a.EndpointType = edge
	switch {
	case c.Types != nil && len(c.Types) == 0:
		return badRequest("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	case len(c.Types) > 1:
		return badRequest("Cannot create an api with multiple Endpoint Types.")
	case len(c.Types) == 1:
		a.EndpointType = c.Types[0]
	}
	switch {
	case c.IpAddressType != nil:
		a.IPAddressType = *c.IpAddressType
	case a.EndpointType == private:
		a.IPAddressType = dualstack
	default:
		a.IPAddressType = ipv4
	}
	a.VPCEndpointIDs = c.VpcEndpointIds
	return a.checkEndpoint()
}

func (a *restAPI) checkEndpoint() error {
	if !slices.Contains([]string{edge, regional, private}, a.EndpointType) {
		return badRequest("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
	}
	if a.IPAddressType != ipv4 && a.IPAddressType != dualstack {
		return badRequest("ipAddressType must be either ipv4 or dualstack.")
	}
	if a.EndpointType == private && a.IPAddressType == ipv4 {
		return badRequest("Only dualstack ipAddressType is supported for Private APIs.")
	}
	if a.EndpointType != private && len(a.VPCEndpointIDs) > 0 {
		return badRequest("VPCEndpoints can only be specified with PRIVATE apis.")
	}
	return nil
}

// patchEndpoint applies an operation below /endpointConfiguration.
func (a *restAPI) patchEndpoint(p patch) error {
	if len(p.segments) < 2 {
		return p.unknown()
	}
	switch p.segments[1] {
	case "types":
		return a.patchEndpointType(p)
	case "ipAddressType":
		if err := p.replaces(); err != nil {
			return err
		}
		a.IPAddressType = p.value
		return a.checkEndpoint()
	case "vpcEndpointIds":
		return a.patchVPCEndpoints(p)
	}
	return p.unknown()
}

// patchEndpointType takes /endpointConfiguration/types/X with any X: clients
// send the type that is replaced, or the index 0.
func (a *restAPI) patchEndpointType(p patch) error {
	if len(p.segments) > 3 {
		return p.unknown()
	}
	switch p.op {
	case "add", "replace":
		if !slices.Contains([]string{edge, regional, private}, p.value) {
			return badRequest("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
		}
		a.EndpointType = p.value
		if p.value == private {
			a.IPAddressType = dualstack
		} else {
			a.VPCEndpointIDs = nil
		}
	case "remove":
		// One type is the most an API has, and the least.
		return badRequest("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	default:
		return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	}
	return nil
}

func (a *restAPI) patchVPCEndpoints(p patch) error {
	id := p.value
	if id == "" && len(p.segments) == 3 {
		id = p.segments[2]
	}
	switch p.op {
	case "add":
		if !slices.Contains(a.VPCEndpointIDs, id) {
			a.VPCEndpointIDs = append(a.VPCEndpointIDs, id)
		}
	case "remove":
		a.VPCEndpointIDs = slices.DeleteFunc(a.VPCEndpointIDs, func(x string) bool { return x == id })
	default:
		return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	}
	return a.checkEndpoint()
}
