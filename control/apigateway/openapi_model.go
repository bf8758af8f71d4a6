package apigateway

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// schemaRef is how a document refers to a model.
var schemaRef = regexp.MustCompile(`^#/(definitions|components/schemas)/([a-zA-Z0-9]+)$`)

// schemas returns the document's models.
func (i *importer) schemas() *node {
	if d := i.doc.get("definitions"); d != nil {
		return d
	}
	return i.doc.get("components", "schemas")
}

// isOpenAPI3 reports whether the document is not one of Swagger 2.0.
func (i *importer) isOpenAPI3() bool { return i.doc.get("openapi") != nil }

// readModels creates the document's models. All names are known before the
// first schema is read, for schemas refer to each other in circles.
func (i *importer) readModels() {
	i.models = map[string]bool{}
	for name := range i.schemas().all() {
		i.models[name] = modelName.MatchString(name)
	}
	for name, schema := range i.schemas().all() {
		err := checkModelName(name)
		if err == nil {
			err = i.putModel(name, schema)
		}
		if err != nil {
			i.models[name] = false
			i.fail("Unable to create model for '%s': %s", name, message(err))
		}
	}
}

// putModel creates a model, or replaces the schema of one.
func (i *importer) putModel(name string, schema *node) error {
	text, err := i.schemaText(schema)
	if err != nil {
		return err
	}
	id := aws.NewResourceID(6)
	if old := i.api.Models[name]; old != nil {
		id = old.ID
	}
	put(&i.api.Models, name, &plan.Model{
		ID:          id,
		Name:        name,
		Description: schema.get("description").str(),
		ContentType: "application/json",
		Schema:      text,
	})
	return nil
}

// schemaText returns a schema as JSON, its references leading to the models of
// this API.
func (i *importer) schemaText(schema *node) (string, error) {
	l := linker{importer: i, root: schema}
	linked := l.relink(schema)
	if linked.kind != mapNode {
		l.fail("Invalid model schema specified")
	}
	eachSchema(linked, func(n *node) {
		if !wellFormed(n) {
			l.fail("Invalid model schema specified")
		}
	})
	text, _ := linked.MarshalJSON()
	if len(l.errors) > 0 {
		return "", badRequest("Invalid model specified: Validation Result: warnings : [], errors : [%s]", strings.Join(l.errors, ", "))
	}
	return string(text), nil
}

// A linker rewrites the references of one schema.
type linker struct {
	*importer
	root   *node
	errors []string
}

func (l *linker) fail(text string) {
	if len(l.errors) < maxMessages && !slices.Contains(l.errors, text) {
		l.errors = append(l.errors, text)
	}
}

// relink returns a copy of a schema with its references rewritten.
func (l *linker) relink(n *node) *node {
	c := &node{kind: n.kind, text: n.text}
	for _, item := range n.items {
		c.items = append(c.items, l.relink(item))
	}
	for key, f := range n.all() {
		if key == "$ref" && f.kind == textNode {
			f = &node{kind: textNode, text: l.link(f.text)}
		}
		if key == "required" && f.kind == listNode && l.isOpenAPI3() {
			// AWS: OpenAPI 3.0's lists of required properties come out sorted,
			// Swagger 2.0's do not (test_import_with_circular_models).
			f = sortedList(f)
		}
		c.set(key, l.relink(f))
	}
	return c
}

// sortedList returns a list whose texts are in order.
func sortedList(n *node) *node {
	n = &node{kind: listNode, items: slices.Clone(n.items)}
	slices.SortStableFunc(n.items, func(x, y *node) int { return strings.Compare(x.text, y.text) })
	return n
}

// link returns the reference that a model has in the place of one of the
// document's.
func (l *linker) link(ref string) string {
	if ref == "#" || strings.HasPrefix(ref, "#/") && l.root.at(ref[2:]) != nil {
		return ref // within the schema itself
	}
	if name, ok := l.referred(ref); ok {
		return modelURL(l.api.ID, name)
	}
	switch {
	case schemaRef.MatchString(ref):
		l.fail("Invalid model specified: " + ref[strings.LastIndexByte(ref, '/')+1:])
	case strings.HasPrefix(ref, "#/definitions/") || strings.HasPrefix(ref, "#/components/schemas/"):
		l.fail("Invalid model specified: " + unescape(ref[strings.LastIndexByte(ref, '/')+1:]))
	default:
		// AWS: what is not within the document is not a model (public logs of
		// imports, of 2024).
		l.fail("Model reference must be in canonical form")
	}
	return ref
}

// referred returns the model that a reference names: one of the document's, or
// one that the API has already.
func (i *importer) referred(ref string) (name string, ok bool) {
	if parts := schemaRef.FindStringSubmatch(ref); parts != nil {
		name = parts[2]
		if defined, is := i.models[name]; is {
			return name, defined
		}
	} else if strings.HasPrefix(ref, modelBase) {
		// The form that models have once they are stored.
		_, name, _ = strings.Cut(ref, "/models/")
	}
	return name, i.api.Models[name] != nil
}

// model returns the name of the model for a schema that a method gives: the one
// it refers to, or a new one made of it. What it refers to and is not there is
// left out with a warning, as AWS does.
func (i *importer) model(schema *node) string {
	if schema == nil || schema.kind != mapNode || len(schema.keys) == 0 {
		return ""
	}
	if ref := schema.get("$ref"); ref != nil {
		name, ok := i.referred(ref.str())
		switch {
		case ok:
			return name
		case schemaRef.MatchString(ref.str()):
			i.warn("Reference to model '%s' not found. Ignoring.", name)
		default:
			i.warn("Unknown or invalid reference specified by '%s'. Ignoring.", ref.str())
		}
		return ""
	}
	// A schema that many operations share by reference is written once.
	if name, done := i.inline[schema]; done {
		return name
	}
	name, err := i.inlineModel(schema)
	if err != nil {
		i.fail("Unable to create model for '%s': %s", name, message(err))
	}
	put(&i.inline, schema, name)
	return name
}

// inlineModel makes a model of a schema that has no name.
// AWS: it is called MODEL and six hexadecimal digits
// (github.com/aws/aws-sdk/issues/468). They are the schema's own here, so that
// importing a document twice makes one model.
func (i *importer) inlineModel(schema *node) (name string, err error) {
	text, err := i.schemaText(schema)
	h := fnv.New64a()
	h.Write([]byte(text))
	for sum := h.Sum64(); ; sum++ {
		name = fmt.Sprintf("MODEL%06x", sum&0xffffff)
		if err != nil {
			return name, err
		}
		if i.models[name] {
			continue // the document's own
		}
		if other := i.api.Models[name]; other == nil || other.Schema == text {
			return name, i.putModel(name, schema)
		}
	}
}

// responseModel is model for the schema of a response.
// AWS: one that is no object is left out with a warning, in which OpenAPI 3.0's
// types have names of their own (AWS's documentation of known issues; public
// logs of imports).
func (i *importer) responseModel(schema *node, status, httpMethod, path string) string {
	primitive := schema.get("type").str()
	if !slices.Contains([]string{"string", "integer", "number", "boolean"}, primitive) || schema.get("$ref") != nil {
		return i.model(schema)
	}
	if i.isOpenAPI3() {
		primitive = strings.ToUpper(primitive[:1]) + primitive[1:] + "Schema"
	}
	i.warn("Unsupported model type '%s' in %s response to method '%s %s'. Ignoring.", primitive, status, httpMethod, path)
	return ""
}
