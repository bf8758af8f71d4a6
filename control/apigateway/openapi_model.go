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
var schemaRef = regexp.MustCompile(`^#/(definitions|components/schemas)/([^/]+)$`)

// schemas returns the document's models.
func (i *importer) schemas() *node {
	if d := i.doc.get("definitions"); d != nil {
		return d
	}
	return i.doc.get("components", "schemas")
}

// readModels creates the document's models. Their names lose what a model's
// name may not hold.
func (i *importer) readModels() {
	i.renamed = map[string]string{}
	taken := map[string]bool{}
	for name := range i.schemas().all() {
		plain := notInName.ReplaceAllString(name, "")
		if plain == "" || taken[plain] {
			i.fail("Unable to create model for '%s': Model name must be alphanumeric and unique", name)
			continue
		}
		i.renamed[name], taken[plain] = plain, true
	}
	for name, schema := range i.schemas().all() {
		if plain, ok := i.renamed[name]; ok {
			i.putModel(plain, schema)
		}
	}
}

var notInName = regexp.MustCompile(`[^a-zA-Z0-9]`)

func (i *importer) putModel(name string, schema *node) {
	put(&i.api.Models, name, &plan.Model{
		ID:          aws.NewResourceID(6),
		Name:        name,
		Description: schema.get("description").str(),
		ContentType: "application/json",
		Schema:      i.schemaText(schema),
	})
}

// schemaText returns a schema as JSON, its references leading to the models of
// this API.
func (i *importer) schemaText(schema *node) string {
	text, _ := i.relink(schema).MarshalJSON()
	return string(text)
}

// relink returns a copy of a schema with its references rewritten.
func (i *importer) relink(n *node) *node {
	c := &node{kind: n.kind, text: n.text}
	for _, item := range n.items {
		c.items = append(c.items, i.relink(item))
	}
	for key, f := range n.all() {
		if key == "$ref" {
			if name, ok := i.referred(f); ok {
				f = &node{kind: textNode, text: modelURL(i.api.ID, name)}
			}
		}
		if key == "required" && f.kind == listNode && i.doc.get("openapi") != nil {
			// AWS: OpenAPI 3.0's lists of required properties come out sorted,
			// Swagger 2.0's do not (test_import_with_circular_models).
			f = &node{kind: listNode, items: slices.Clone(f.items)}
			slices.SortStableFunc(f.items, func(x, y *node) int { return strings.Compare(x.text, y.text) })
		}
		c.set(key, i.relink(f))
	}
	return c
}

// referred returns the model that the text of a reference names: one of the
// document's, or one that the API has already.
func (i *importer) referred(ref *node) (name string, ok bool) {
	if ref == nil || ref.kind != textNode {
		return "", false
	}
	if parts := schemaRef.FindStringSubmatch(ref.text); parts != nil {
		name = unescape(parts[2])
		if plain, ok := i.renamed[name]; ok {
			return plain, true
		}
	} else if strings.HasPrefix(ref.text, modelBase) {
		// The form that models have once they are stored.
		_, name, _ = strings.Cut(ref.text, "/models/")
	}
	return name, i.api.Models[name] != nil
}

// model returns the name of the model for a schema that a method gives: the one
// it refers to, or a new one made of it.
func (i *importer) model(schema *node) string {
	if schema == nil || schema.kind != mapNode || len(schema.keys) == 0 {
		return ""
	}
	if ref := schema.get("$ref"); ref != nil {
		name, ok := i.referred(ref)
		if !ok {
			i.fail("Unable to resolve model reference '%s'", ref.str())
			return ""
		}
		return name
	}
	// A schema that many operations share by reference is written once.
	name, done := i.inline[schema]
	if !done {
		h := fnv.New64a()
		h.Write([]byte(i.schemaText(schema)))
		name = fmt.Sprintf("MODEL%016x", h.Sum64())
		put(&i.inline, schema, name)
		i.putModel(name, schema)
	}
	return name
}
