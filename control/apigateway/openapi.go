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
	spent    int                         // what references have multiplied, in bytes

	errors   []string
	warnings []string
}

const (
	// maxResources is far above AWS's quota, 300 unless it is raised.
	maxResources = 30_000
	// maxMessages is how many mistakes are named.
	maxMessages = 100
)

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

// ignored are extensions that AWS passes over in a REST API without a word,
// and documentation, which lamgate does not keep.
var ignored = []string{"documentation", "importexport-version", "cors", "integrations", "tag-value"}

// checkExtensions refuses the extensions of AWS that n has and that place does
// not know.
func (i *importer) checkExtensions(n *node, place, where string) {
	for key := range n.all() {
		name, ok := strings.CutPrefix(key, extension)
		if ok && !slices.Contains(known(place), name) && !slices.Contains(ignored, name) {
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
	for path, item := range i.doc.get("paths").all() {
		if !strings.HasPrefix(path, "x-") {
			i.readPath(base, path, item)
		}
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
	for _, server := range i.doc.get("servers").elements() {
		i.readEndpoint(i.extension(server, "endpoint-configuration"))
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

// deref follows a reference to another place of the document. What it finds
// counts once more each time.
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
		if i.spent = n.weigh(i.spent); i.spent > maxExpanded {
			i.fail("Unable to resolve reference '%s': the document's references make more than %d bytes of it", ref.str(), maxExpanded)
			return nil
		}
	}
	i.fail("Unable to resolve a reference: more than %d follow each other", maxReferences)
	return nil
}
