package apigateway

import (
	"strings"
	"time"
)

// reference refers to a model, which is then part of the document.
func (e *exporter) reference(model string) *node {
	if _, ok := e.models[model]; !ok {
		put(&e.models, model, nil)
	}
	n := object()
	n.set("$ref", text(e.localReference(model)))
	return n
}

func (e *exporter) localReference(model string) string {
	if e.isOpenAPI3 {
		return "#/components/schemas/" + model
	}
	return "#/definitions/" + model
}

// readModels reads the schemas of the models that are referred to, and of those
// that these refer to.
// AWS: models that nothing refers to are left out (public exports lack the
// model Error that every API begins with).
func (e *exporter) readModels() error {
	for again := true; again; {
		again = false
		for _, name := range sorted(e.models) {
			if e.models[name] != nil {
				continue
			}
			again = true
			schema, err := readNode([]byte(e.Models[name].Schema))
			if err != nil {
				return badRequest("Model %s cannot be exported: its schema is %s", name, err)
			}
			e.models[name] = e.unlink(schema)
		}
	}
	return nil
}

// unlink returns a schema whose references lead to the document's own models.
func (e *exporter) unlink(n *node) *node {
	c := &node{kind: n.kind, text: n.text}
	for _, item := range n.items {
		c.items = append(c.items, e.unlink(item))
	}
	for key, f := range n.all() {
		switch {
		case key == "$schema":
			// AWS: the exports' schemas do not name their dialect.
			continue
		case key == "$ref" && f.kind == textNode && strings.HasPrefix(f.text, modelBase):
			_, name, _ := strings.Cut(f.text, "/models/")
			if _, ok := e.Models[name]; ok {
				c.set(key, e.reference(name).get("$ref"))
				continue
			}
		case key == "required" && f.kind == listNode && e.isOpenAPI3:
			// As the import sorts them.
			f = sortedList(f)
		}
		c.set(key, e.unlink(f))
	}
	return c
}

// described returns what the published documentation says of an entity, of
// those properties that are named and of the extensions that are not API
// Gateway's own: those would be configuration.
// AWS: an entity without a part takes that of the nearest path above it, of its
// status rather than of any, of its method rather than of any; resources take
// none (AWS's guide, "Representation of API documentation").
func (e *exporter) described(l documentationLocation, names ...string) *node {
	if e.documentation == nil {
		return nil
	}
	for path := l.Path; ; path = parentPath(path) {
		for _, status := range orAny(l.StatusCode) {
			for _, method := range orAny(l.Method) {
				at := documentationLocation{Type: l.Type, Path: path, Method: method, StatusCode: status, Name: l.Name}
				if properties, ok := e.parts[at]; ok {
					return describing(properties, names)
				}
			}
		}
		if len(path) <= 1 || l.Type == docResource {
			return nil
		}
	}
}

// parentPath is the path above one that is not the root's.
func parentPath(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 1)] }

// orAny is what a part of an entity may say in the place of s.
func orAny(s string) []string {
	if s == "" {
		return []string{""}
	}
	return []string{s, "*"}
}

// describing returns the properties that describe an entity, in the order of
// their names.
func describing(properties string, names []string) *node {
	all, err := readNode([]byte(properties))
	if err != nil {
		return nil
	}
	n := object()
	for _, name := range names {
		n.setUnlessNil(name, all.get(name))
	}
	for key, f := range all.all() {
		if strings.HasPrefix(key, "x-") && !strings.HasPrefix(key, extension) {
			n.set(key, f)
		}
	}
	return n
}

// documentationParts writes the published documentation, or nil if there is
// none.
func (e *exporter) documentationParts() *node {
	if e.documentation == nil {
		return nil
	}
	var parts []*node
	for _, p := range sortedParts(e.documentation.Parts) {
		location, part := object(), object()
		location.set("type", text(p.Location.Type))
		if p.Location.Path != "/" {
			location.setText("path", p.Location.Path)
		}
		location.setText("method", p.Location.Method)
		location.setText("statusCode", p.Location.StatusCode)
		location.setText("name", p.Location.Name)
		part.set("location", location)
		properties, err := readNode([]byte(p.Properties))
		if err != nil {
			properties = object()
		}
		part.set("properties", properties)
		parts = append(parts, part)
	}
	n := object()
	n.set("version", text(e.documentation.Version))
	n.set("createdDate", text(e.documentation.Created.UTC().Format(time.RFC3339)))
	n.set("documentationParts", list(parts...))
	return n
}
