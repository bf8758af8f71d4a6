package apigateway

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// An importer builds an API from an OpenAPI document. It goes on after a
// mistake, so that one answer names them all.
type importer struct {
	api *restAPI
	doc *node

	schemes    map[string]*scheme // security schemes, by name
	validators map[string]string  // IDs by name
	renamed    map[string]string  // the document's models: their names in the API
	inline     map[*node]string   // models made of schemas within operations

	children map[string][]*plan.Resource // by the parent's ID
	parts    int                         // read so far

	errors   []string
	warnings []string
}

const (
	// maxResources is far above AWS's quota, 300 unless it is raised.
	maxResources = 20_000
	// maxParts bounds what a document makes of itself by references: so many
	// parameters, headers and contents of operations.
	maxParts = 1 << 19
	// maxMessages is how many mistakes are named.
	maxMessages = 100
)

var errTooManyParts = badRequest("Invalid OpenAPI input. Its operations have more than %d parameters, headers and contents.", maxParts)

// each calls f with the fields of a map, until there are too many in all.
func (i *importer) each(n *node, f func(key string, field *node)) {
	if n == nil {
		return
	}
	for _, key := range n.keys {
		if i.parts++; i.parts > maxParts {
			return
		}
		f(key, n.fields[key])
	}
}

func (i *importer) fail(format string, args ...any) {
	if len(i.errors) < maxMessages {
		i.errors = append(i.errors, fmt.Sprintf(format, args...))
	}
}

func (i *importer) warn(format string, args ...any) {
	if len(i.warnings) < maxMessages {
		i.warnings = append(i.warnings, fmt.Sprintf(format, args...))
	}
}

// message is what a fault says, without its code.
func message(err error) string {
	if f := aws.AsFault(err); f != nil {
		return f.Message
	}
	return err.Error()
}

// extension is what the names of AWS's extensions begin with.
const extension = "x-amazon-apigateway-"

// known returns the extensions that are read at each place.
func known(place string) []string {
	switch place {
	case "document":
		return []string{"binary-media-types", "minimum-compression-size", "api-key-source", "request-validators",
			"request-validator", "endpoint-configuration", "policy", "gateway-responses", "auth"}
	case "path":
		return []string{"any-method"}
	case "operation":
		return []string{"integration", "request-validator", "auth"}
	}
	return nil
}

// ignored are extensions that AWS passes over in a REST API without a word;
// they belong to HTTP APIs and to what AWS exports.
var ignored = []string{"importexport-version", "cors", "integrations", "tag-value"}

// checkExtensions refuses the extensions of AWS that n has and that place does
// not know.
func (i *importer) checkExtensions(n *node, place, where string) {
	if n == nil {
		return
	}
	for _, key := range n.keys {
		name, ok := strings.CutPrefix(key, extension)
		switch {
		case !ok || slices.Contains(known(place), name) || slices.Contains(ignored, name):
		case name == "documentation":
			i.warn("%s at %s is ignored: lamgate does not support it yet", key, where)
		default:
			i.fail("lamgate does not support %s at %s yet", key, where)
		}
	}
}

func (i *importer) extension(n *node, name string) *node { return n.get(extension + name) }

// run reads the whole document.
func (i *importer) run(parameters map[string]string, failOnWarnings bool) error {
	i.checkExtensions(i.doc, "document", "the top of the document")
	for _, step := range []func(){i.readInfo, i.readSettings, i.readModels, i.readValidators, i.readGatewayResponses, i.readSchemes} {
		step()
	}
	base, err := basePath(i.doc, parameters["basepath"])
	if err != nil {
		return err
	}
	for _, r := range i.api.byPath() {
		put(&i.children, r.ParentID, append(i.children[r.ParentID], r))
	}
	i.each(i.doc.get("paths"), func(path string, item *node) {
		if !strings.HasPrefix(path, "x-") {
			i.readPath(base, path, item)
		}
	})
	if i.parts > maxParts {
		return errTooManyParts
	}
	if len(i.errors) > 0 {
		return badRequest("Errors found during import:\n\t%s", strings.Join(i.errors, "\n\t"))
	}
	if failOnWarnings && len(i.warnings) > 0 {
		return badRequest("Warnings found during import:\n\t%s", strings.Join(i.warnings, "\n\t"))
	}
	return nil
}

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
	i.readEndpoint(i.extension(i.doc, "endpoint-configuration"))
	if servers := i.doc.get("servers"); servers != nil {
		for _, server := range servers.items {
			i.readEndpoint(i.extension(server, "endpoint-configuration"))
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
	for _, key := range c.keys {
		switch f := c.fields[key]; key {
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
	validators := i.extension(i.doc, "request-validators")
	if validators == nil {
		return
	}
	for _, name := range validators.keys {
		id, exists := i.validators[name]
		if !exists {
			id = newID(6, i.api.Validators)
			i.validators[name] = id
		}
		v := validators.fields[name]
		put(&i.api.Validators, id, &plan.RequestValidator{
			ID:         id,
			Name:       name,
			Body:       v.get("validateRequestBody").isTrue(),
			Parameters: v.get("validateRequestParameters").isTrue(),
		})
	}
}

func (i *importer) readGatewayResponses() {
	responses := i.extension(i.doc, "gateway-responses")
	if responses == nil {
		return
	}
	for _, responseType := range responses.keys {
		r := responses.fields[responseType]
		if !slices.Contains(gatewayResponseTypes, responseType) {
			i.fail("Unable to put gateway response '%s': it is not a response type", responseType)
			continue
		}
		put(&i.api.GatewayResponses, responseType, plan.GatewayResponse{
			ResponseType:       responseType,
			StatusCode:         r.get("statusCode").str(),
			ResponseParameters: r.get("responseParameters").texts(),
			ResponseTemplates:  r.get("responseTemplates").texts(),
		})
	}
}

var gatewayResponseTypes = []string{
	"ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE",
	"BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN",
	"INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE",
	"MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED",
	"UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
}

// maxReferences is how many references may lead from one to the next.
const maxReferences = 16

// deref follows a reference to another place of the document.
func (i *importer) deref(n *node) *node {
	for range maxReferences {
		ref := n.get("$ref")
		if ref == nil {
			return n
		}
		pointer, ok := strings.CutPrefix(ref.str(), "#/")
		if !ok {
			i.fail("Unable to resolve reference '%s'", ref.str())
			return nil
		}
		n = i.doc
		for part := range strings.SplitSeq(pointer, "/") {
			n = n.get(unescape(part))
		}
		if n == nil {
			i.fail("Unable to resolve reference '%s'", ref.str())
			return nil
		}
	}
	i.fail("Unable to resolve a reference: more than %d follow each other", maxReferences)
	return nil
}
