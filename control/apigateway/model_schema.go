package apigateway

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/gateway/plan"
)

// checkSchema checks the schema of the model called name: that it is one of
// JSON Schema's fourth draft, as far as AWS is known to look, and that the
// models which it refers to exist. It may refer to itself.
func (a *restAPI) checkSchema(name, schema string) error {
	if schema == "" {
		return badRequest("Model schema must have at least 1 property or array items defined")
	}
	if !json.Valid([]byte(schema)) {
		return badRequest("Invalid model schema specified. Schema is not valid JSON.")
	}
	c := &schemaChecker{api: a, model: name}
	root, err := readNode([]byte(schema))
	if err != nil || root.kind != mapNode {
		c.fail("Invalid model schema specified")
	} else {
		c.root = root
		eachSchema(root, c.check)
	}
	if len(c.errors) > 0 {
		return badRequest("Invalid model specified: Validation Result: warnings : [], errors : [%s]", strings.Join(c.errors, ", "))
	}
	return nil
}

// A schemaChecker collects what is wrong with a model's schema.
type schemaChecker struct {
	api    *restAPI
	model  string
	root   *node
	errors []string
}

func (c *schemaChecker) fail(problem string) {
	if len(c.errors) < maxMessages && !slices.Contains(c.errors, problem) {
		c.errors = append(c.errors, problem)
	}
}

// check looks at one schema, without those below it. AWS: an unknown type, an
// empty list of required properties and an enumeration that repeats itself are
// refused (aws/aws-cdk issues 27433 and 18715), and so is a reference that is
// neither a model's URL nor within the schema
// (Dropsource/serverless-todo-api-example-complete issue 3).
func (c *schemaChecker) check(n *node) {
	if !wellFormed(n) {
		c.fail("Invalid model schema specified")
	}
	ref := n.get("$ref")
	if ref == nil {
		return
	}
	if name, ok := modelOf(c.api.ID, ref.str()); ok {
		if name != c.model && c.api.Models[name] == nil {
			c.fail("Invalid model specified: " + name)
		}
		return
	}
	if pointer, ok := strings.CutPrefix(ref.str(), "#/"); ref.str() != "#" && (!ok || c.root.at(pointer) == nil) {
		c.fail("Invalid model schema specified")
		c.fail("Model reference must be in canonical form")
	}
}

func wellFormed(n *node) bool {
	if t := n.get("type"); t != nil {
		types := t.items
		if t.kind != listNode {
			types = []*node{t}
		}
		for _, t := range types {
			if t.kind != textNode || !slices.Contains([]string{"array", "boolean", "integer", "null", "number", "object", "string"}, t.text) {
				return false
			}
		}
	}
	for _, key := range []string{"required", "enum"} {
		list := n.get(key)
		if list == nil {
			continue
		}
		if list.kind != listNode || len(list.items) == 0 {
			return false
		}
		seen := map[string]bool{}
		for _, item := range list.items {
			text, _ := item.MarshalJSON()
			if seen[string(text)] || key == "required" && item.kind != textNode {
				return false
			}
			seen[string(text)] = true
		}
	}
	return true
}

// eachSchema calls f with a schema and with those it is made of.
func eachSchema(n *node, f func(*node)) {
	if n == nil || n.kind != mapNode {
		return
	}
	f(n)
	for _, key := range []string{"properties", "patternProperties", "definitions"} {
		for _, schema := range n.get(key).all() {
			eachSchema(schema, f)
		}
	}
	for _, key := range []string{"items", "additionalItems", "additionalProperties", "not", "allOf", "anyOf", "oneOf"} {
		eachSchema(n.get(key), f)
		for _, schema := range n.get(key).elements() {
			eachSchema(schema, f)
		}
	}
}

// modelOf returns the model of an API that a reference names by its URL.
func modelOf(apiID, ref string) (name string, ok bool) {
	name, ok = strings.CutPrefix(ref, modelURL(apiID, ""))
	return name, ok && modelName.MatchString(name)
}

// refersTo reports whether a model's schema names another model.
func (a *restAPI) refersTo(m *plan.Model, name string) bool {
	if !strings.Contains(m.Schema, "/models/"+name) {
		return false
	}
	root, err := readNode([]byte(m.Schema))
	if err != nil {
		return false
	}
	found := false
	eachSchema(root, func(n *node) {
		other, ok := modelOf(a.ID, n.get("$ref").str())
		found = found || ok && other == name
	})
	return found
}

// flat returns a model's schema with the models that it refers to as its
// definitions, so that it stands by itself; nil if it is no schema.
func (a *restAPI) flat(m *plan.Model) *node {
	root, err := readNode([]byte(m.Schema))
	if err != nil || root.kind != mapNode {
		return nil
	}
	f := &flattener{api: a, model: m.Name, keys: map[string]string{}, definitions: &node{kind: mapNode}}
	for key := range root.get("definitions").all() {
		f.definitions.set(key, &node{})
	}
	flat := f.copy(root, "#")
	if len(f.definitions.keys) > 0 {
		for key, definition := range flat.get("definitions").all() {
			f.definitions.set(key, definition)
		}
		flat.set("definitions", f.definitions)
	}
	return flat
}

// A flattener gathers the models that a schema refers to.
type flattener struct {
	api         *restAPI
	model       string
	keys        map[string]string // of models among the definitions
	definitions *node
}

// copy returns a copy of what stands at a place of the flat schema, its
// references rewritten.
func (f *flattener) copy(n *node, place string) *node {
	c := &node{kind: n.kind, text: n.text}
	for _, item := range n.items {
		c.items = append(c.items, f.copy(item, place))
	}
	for key, field := range n.all() {
		if key == "$ref" && field.kind == textNode {
			field = &node{kind: textNode, text: f.refer(field.text, place)}
		}
		c.set(key, f.copy(field, place))
	}
	return c
}

func (f *flattener) refer(ref, place string) string {
	if local, ok := strings.CutPrefix(ref, "#"); ok {
		return place + local
	}
	name, ok := modelOf(f.api.ID, ref)
	switch {
	case !ok || f.api.Models[name] == nil:
		return ref
	case name == f.model:
		return "#"
	}
	if key, known := f.keys[name]; known {
		return "#/definitions/" + key
	}
	key := name
	for f.definitions.get(key) != nil {
		key += "Model"
	}
	f.keys[name] = key
	f.definitions.set(key, &node{})
	place = "#/definitions/" + key
	if schema, err := readNode([]byte(f.api.Models[name].Schema)); err == nil {
		f.definitions.set(key, f.copy(schema, place))
	}
	return place
}
