package apigateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// An importer builds an API from an OpenAPI document. It goes on after a
// mistake, so that one answer names them all.
type importer struct {
	api *restAPI
	doc *node

	// connects refuses an integration whose connection does not exist.
	connects func(*plan.Integration) error

	schemes    map[string]*scheme // security schemes, by name
	validators map[string]string  // IDs by name
	models     map[string]bool    // those that the document defines
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

// known are the extensions that are read at each place.
func known(place string) []string {
	switch place {
	case "document":
		return []string{"binary-media-types", "minimum-compression-size", "api-key-source", "request-validators",
			"request-validator", "endpoint-configuration", "policy", "gateway-responses", "auth", "security-policy",
			"endpoint-access-mode", "documentation"}
	case "path":
		return []string{"any-method"}
	case "operation":
		return []string{"integration", "request-validator", "auth"}
	case "scheme":
		return []string{"authorizer", "authtype"}
	}
	return nil
}

// forHTTPAPIs are extensions that mean nothing in a REST API.
var forHTTPAPIs = []string{"cors", "tag-value"}

// checkExtensions refuses the extensions of AWS that n has and that place does
// not know: what they would guard or change is not known either.
func (i *importer) checkExtensions(n *node, place, where string) {
	for key := range n.all() {
		name, ok := strings.CutPrefix(key, extension)
		switch {
		case !ok || slices.Contains(known(place), name):
		case name == "importexport-version": // the exporter's own mark
		case slices.Contains(forHTTPAPIs, name):
			i.warn("%s applies to HTTP APIs only. Ignoring.", key)
		default:
			i.fail("lamgate does not support %s at %s yet", key, where)
		}
	}
}

func (i *importer) extension(n *node, name string) *node { return n.get(extension + name) }

// run reads the whole document.
func (i *importer) run(parameters map[string]string, failOnWarnings bool) error {
	base, err := basePath(i.doc, parameters["basepath"])
	if err != nil {
		return err
	}
	i.checkExtensions(i.doc, "document", "the top of the document")
	for _, tag := range i.doc.get("tags").elements() {
		i.checkExtensions(tag, "tag", "a tag")
	}
	for _, step := range []func(){i.readInfo, i.readSettings, i.readModels, i.readValidators, i.readGatewayResponses, i.readSchemes} {
		step()
	}
	for _, r := range i.api.byPath() {
		put(&i.children, r.ParentID, append(i.children[r.ParentID], r))
	}
	for path, item := range i.doc.get("paths").all() {
		if !strings.HasPrefix(path, "x-") {
			i.readPath(base, path, item)
		}
	}
	if parameters["ignore"] != "documentation" && len(i.errors) == 0 {
		i.spent = 0 // what the references make is read once more, and not kept
		i.readDocumentation(base)
	}
	return i.verdict(failOnWarnings)
}

// verdict is the fault of a document that has mistakes.
func (i *importer) verdict(failOnWarnings bool) error {
	list := func(messages []string) string { return "\n\t" + strings.Join(messages, "\n\t") }
	switch {
	case len(i.errors) > 0 && len(i.warnings) > 0:
		return badRequest("Errors found during import:%s\nAdditionally, these warnings were found:%s", list(i.errors), list(i.warnings))
	case len(i.errors) > 0:
		return badRequest("Errors found during import:%s", list(i.errors))
	case failOnWarnings && len(i.warnings) > 0:
		return badRequest("Warnings found during import:%s", list(i.warnings))
	}
	return nil
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
		if n = i.doc.at(pointer); n == nil {
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
