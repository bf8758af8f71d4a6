package apigateway

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

func (i *importer) readInfo() {
	info := i.doc.get("info")
	if title := info.get("title").str(); title != "" {
		i.api.Name = title
	}
	if v := info.get("version"); v != nil {
		i.api.Version = v.str()
	}
	if d := info.get("description"); d != nil {
		i.api.Description = d.str()
	}
}

// readSettings reads what the document says of the API as a whole.
func (i *importer) readSettings() {
	a := i.api
	for _, t := range i.extension(i.doc, "binary-media-types").list() {
		if !slices.Contains(a.BinaryMediaTypes, t) {
			a.BinaryMediaTypes = append(a.BinaryMediaTypes, t)
		}
	}
	if size := i.extension(i.doc, "minimum-compression-size"); size != nil && size.kind != nullNode {
		n, err := strconv.Atoi(size.str())
		if err != nil {
			n = -1
		}
		i.note("set the minimum compression size", a.setMinimumCompressionSize(n))
	}
	if source := i.extension(i.doc, "api-key-source"); source != nil {
		i.note("set the API key source", a.setAPIKeySource(strings.ToUpper(source.str())))
	}
	if policy := i.extension(i.doc, "security-policy"); policy != nil {
		i.note("set the security policy", a.setSecurityPolicy(policy.str()))
	}
	if mode := i.extension(i.doc, "endpoint-access-mode"); mode != nil {
		i.note("set the endpoint access mode", a.setEndpointAccessMode(strings.ToUpper(mode.str())))
	}
	i.readEndpoint(i.extension(i.doc, "endpoint-configuration"))
	if servers := i.doc.get("servers").elements(); len(servers) > 0 {
		i.checkExtensions(servers[0], "document", "a server")
		i.readEndpoint(i.extension(servers[0], "endpoint-configuration"))
		if len(servers) > 1 {
			i.warn("More than one server provided. Ignoring all but the first for defining endpoint configuration")
		}
	}
	if p := i.extension(i.doc, "policy"); p != nil && p.kind == mapNode {
		text, _ := p.MarshalJSON()
		i.note("set the resource policy", a.setPolicy(string(text)))
	} else if p != nil {
		i.note("set the resource policy", a.setPolicy(p.str()))
	}
}

func (i *importer) readEndpoint(c *node) {
	if c == nil {
		return
	}
	for key, f := range c.all() {
		switch key {
		case "disableExecuteApiEndpoint":
			i.api.DisableExecuteAPI = f.isTrue()
		case "vpcEndpointIds":
			i.api.VPCEndpointIDs = f.list()
		case "types":
			if types := f.list(); len(types) == 1 {
				i.api.EndpointType = strings.ToUpper(types[0])
				if i.api.EndpointType == private {
					i.api.IPAddressType = dualstack
				}
			}
		case "ipAddressType":
			i.api.IPAddressType = f.str()
		default:
			i.fail("lamgate does not support %s in %sendpoint-configuration yet", key, extension)
		}
	}
	i.note("set the endpoint configuration", i.api.checkEndpoint())
}

// note records an error of what could not be done.
func (i *importer) note(what string, err error) {
	if err != nil {
		i.fail("Unable to %s: %s", what, message(err))
	}
}

func (i *importer) readValidators() {
	i.validators = map[string]string{}
	for id, v := range i.api.Validators {
		i.validators[v.Name] = id
	}
	for name, v := range i.extension(i.doc, "request-validators").all() {
		id, exists := i.validators[name]
		if !exists {
			id = newID(6, i.api.Validators)
			i.validators[name] = id
		}
		put(&i.api.Validators, id, &plan.RequestValidator{
			ID:         id,
			Name:       name,
			Body:       v.get("validateRequestBody").isTrue(),
			Parameters: v.get("validateRequestParameters").isTrue(),
		})
	}
}

func (i *importer) readGatewayResponses() {
	for responseType, r := range i.extension(i.doc, "gateway-responses").all() {
		g := plan.GatewayResponse{
			ResponseType:       responseType,
			StatusCode:         r.get("statusCode").str(),
			ResponseParameters: i.mapping(r, "responseParameters", "of gateway response '"+responseType+"'"),
			ResponseTemplates:  i.mapping(r, "responseTemplates", "of gateway response '"+responseType+"'"),
		}
		if err := checkGatewayResponse(g); err != nil {
			i.fail("Unable to put gateway response '%s': %s", responseType, message(err))
			continue
		}
		put(&i.api.GatewayResponses, responseType, g)
	}
}

// securityPolicy is a name of which there are ever more.
var securityPolicy = regexp.MustCompile(`^(TLS_1_[02]|SecurityPolicy_TLS1[23]_[A-Za-z0-9_]+)$`)

func (a *restAPI) setSecurityPolicy(name string) error {
	if !securityPolicy.MatchString(name) {
		return badRequest("Invalid security policy specified: %s", name)
	}
	a.SecurityPolicy = name
	return nil
}

func (a *restAPI) setEndpointAccessMode(mode string) error {
	if mode != "BASIC" && mode != "STRICT" {
		return badRequest("Invalid endpoint access mode specified: %s. Valid options are BASIC, STRICT", mode)
	}
	a.EndpointAccessMode = mode
	return nil
}

var gatewayResponseTypes = []string{
	"ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE",
	"BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN",
	"INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE",
	"MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED",
	"UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
}
