package apigateway

import (
	"slices"
	"strings"
)

// A documentationPart describes one entity of an API.
type documentationPart struct {
	ID         string
	Location   documentationLocation
	Properties string // JSON, as it was given
}

// A documentationLocation names the entity that a part describes. A part's
// location is unique among those of its API.
type documentationLocation struct {
	Type       string
	Path       string `json:",omitempty"`
	Method     string `json:",omitempty"`
	StatusCode string `json:",omitempty"`
	Name       string `json:",omitempty"`
}

// The types of documented entities.
const (
	docAPI            = "API"
	docAuthorizer     = "AUTHORIZER"
	docModel          = "MODEL"
	docResource       = "RESOURCE"
	docMethod         = "METHOD"
	docPathParameter  = "PATH_PARAMETER"
	docQueryParameter = "QUERY_PARAMETER"
	docRequestHeader  = "REQUEST_HEADER"
	docRequestBody    = "REQUEST_BODY"
	docResponse       = "RESPONSE"
	docResponseHeader = "RESPONSE_HEADER"
	docResponseBody   = "RESPONSE_BODY"
)

// A documented is a part before it has an ID.
type documented struct {
	location   documentationLocation
	properties *node
}

// readDocumentation stores the documentation parts of the document, whose paths
// come after base.
// AWS: what x-amazon-apigateway-documentation lists is all there is, also where
// the document says the same in its own fields, as those that AWS exports do
// (test_import_documentation_parts).
func (i *importer) readDocumentation(base string) (ids []string) {
	parts := i.listedDocumentation(i.extension(i.doc, "documentation"))
	if i.extension(i.doc, "documentation") == nil {
		parts = i.describedEntities(base)
	}
	text := map[documentationLocation]string{}
	for _, p := range i.api.DocumentationParts {
		text[p.Location] = p.Properties
	}
	seen := map[documentationLocation]bool{}
	var locations []documentationLocation
	for _, d := range parts {
		text[d.location] = mergeProperties(text[d.location], d.properties)
		if !seen[d.location] {
			seen[d.location] = true
			locations = append(locations, d.location)
		}
	}
	merged := make([]documentationPart, len(locations))
	for at, l := range locations {
		merged[at] = documentationPart{Location: l, Properties: text[l]}
	}
	ids = i.api.putDocumentation(merged)
	if err := i.api.checkDocumentationRoom(); err != nil {
		i.fail("%s; ignore=documentation leaves them out", message(err))
	}
	return ids
}

// mergeProperties replaces those properties of a part that are given anew.
func mergeProperties(text string, given *node) string {
	if old, err := readNode([]byte(text)); err == nil {
		for key, f := range given.all() {
			old.set(key, f)
		}
		given = old
	}
	merged, _ := given.MarshalJSON()
	return string(merged)
}

// listedDocumentation returns the parts that the extension lists.
func (i *importer) listedDocumentation(n *node) (parts []documented) {
	for at, part := range n.get("documentationParts").elements() {
		l := part.get("location")
		location := documentationLocation{
			Type: l.get("type").str(), Path: l.get("path").str(), Method: l.get("method").str(),
			StatusCode: l.get("statusCode").str(), Name: l.get("name").str(),
		}
		if err := location.complete(); err != nil {
			i.fail("Unable to create documentation part %d: %s", at+1, message(err))
			continue
		}
		properties := part.get("properties")
		if properties == nil || properties.kind != mapNode {
			i.fail("Unable to create documentation part %d: its properties are not an object", at+1)
			continue
		}
		parts = append(parts, documented{location, properties})
	}
	return parts
}

// A describer collects what a document's own fields say of its entities.
type describer struct {
	*importer
	parts []documented
}

// describedEntities returns parts made of the document's own fields.
func (i *importer) describedEntities(base string) []documented {
	d := &describer{importer: i}
	api := &node{kind: mapNode}
	if info := only(i.doc.get("info"), "description", "termsOfService", "contact", "license"); info != nil {
		api.set("info", info)
	}
	for _, key := range []string{"tags", "externalDocs"} {
		if f := i.doc.get(key); f != nil {
			api.set(key, f)
		}
	}
	d.add(documentationLocation{Type: docAPI}, only(api, "info", "tags", "externalDocs"))
	for name, schema := range i.schemas().all() {
		d.add(documentationLocation{Type: docModel, Name: name}, only(schema, "title", "description"))
	}
	for name, scheme := range i.securitySchemes().all() {
		if i.schemes[name] != nil && i.schemes[name].authorizer != nil {
			d.add(documentationLocation{Type: docAuthorizer, Name: name}, only(i.deref(scheme), "description"))
		}
	}
	for path, item := range i.doc.get("paths").all() {
		if !strings.HasPrefix(path, "x-") {
			d.describePath("/"+strings.Trim(base+path, "/"), i.deref(item))
		}
	}
	return d.parts
}

// add adds a part, unless there is nothing to say.
func (d *describer) add(l documentationLocation, properties *node) {
	if properties == nil {
		return
	}
	if l.complete() == nil {
		d.parts = append(d.parts, documented{l, properties})
	}
}

func (d *describer) describePath(path string, item *node) {
	d.add(documentationLocation{Type: docResource, Path: path}, only(item, "summary", "description"))
	d.describeParameters(path, "*", item.get("parameters"))
	for key, op := range item.all() {
		method, ok := operations[strings.ToLower(key)]
		if !ok {
			continue
		}
		d.add(documentationLocation{Type: docMethod, Path: path, Method: method}, only(op, "tags", "summary", "description", "externalDocs"))
		d.describeParameters(path, method, op.get("parameters"))
		d.add(documentationLocation{Type: docRequestBody, Path: path, Method: method}, only(d.deref(op.get("requestBody")), "description"))
		for status, response := range op.get("responses").all() {
			if !statusCode.MatchString(status) {
				continue
			}
			response = d.deref(response)
			d.add(documentationLocation{Type: docResponse, Path: path, Method: method, StatusCode: status}, only(response, "description"))
			for name, header := range response.get("headers").all() {
				d.add(documentationLocation{Type: docResponseHeader, Path: path, Method: method, StatusCode: status, Name: name}, only(d.deref(header), "description"))
			}
		}
	}
}

func (d *describer) describeParameters(path, method string, parameters *node) {
	types := map[string]string{"path": docPathParameter, "query": docQueryParameter, "header": docRequestHeader, "body": docRequestBody}
	for _, p := range parameters.elements() {
		p = d.deref(p)
		if t, ok := types[p.get("in").str()]; ok {
			d.add(documentationLocation{Type: t, Path: path, Method: method, Name: p.get("name").str()}, only(p, "description"))
		}
	}
}

// only returns those fields of a map that are named, or nil if it has none.
func only(n *node, names ...string) *node {
	var c *node
	for key, f := range n.all() {
		if slices.Contains(names, key) {
			if c == nil {
				c = &node{kind: mapNode}
			}
			c.set(key, f)
		}
	}
	return c
}
