package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Schema is a model, ready to validate bodies.
type Schema struct {
	Model string // its name
	root  *rule
}

// The bounds of a model with all that it refers to. Compiling costs the square
// of the subschemas.
const (
	maxSchemaBytes  = 1 << 20
	maxSchemaValues = 20_000
	maxSchemaDepth  = 128
	maxSchemaNumber = 300 // digits, written out
)

// models compiles a deployment's models, each once.
type models struct {
	deployment *Deployment
	done       map[string]compiled
}

type compiled struct {
	schema *Schema
	err    error
}

// schema returns the model of a name, ready for use.
func (m *models) schema(name string) (*Schema, error) {
	if c, ok := m.done[name]; ok {
		return c.schema, c.err
	}
	if m.done == nil {
		m.done = map[string]compiled{}
	}
	var c compiled
	c.schema, c.err = m.compile(name)
	m.done[name] = c
	return c.schema, c.err
}

func (m *models) compile(name string) (*Schema, error) {
	if _, ok := m.deployment.Models[name]; !ok {
		return nil, fmt.Errorf("there is no model %q", name)
	}
	loader := &modelLoader{models: m.deployment.Models}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.UseRegexpEngine(compilePattern)
	c.UseLoader(loader)
	schema, err := c.Compile("https://apigateway.amazonaws.com/restapis/" + m.deployment.API + "/models/" + name)
	if err != nil {
		var invalid *jsonschema.SchemaValidationError
		if errors.As(err, &invalid) {
			return nil, fmt.Errorf("it is no JSON schema of draft 4: %w", invalid.Err)
		}
		return nil, err
	}
	t := translator{rules: map[*jsonschema.Schema]*rule{}}
	root, err := t.translate(schema)
	if err != nil {
		return nil, err
	}
	return &Schema{Model: name, root: root}, nil
}

// modelURL is how models refer to one another.
//
// AWS: the API's ID stands in the URL, but any does: templates have it
// before the API has one.
var modelURL = regexp.MustCompile(`^https?://apigateway(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?/restapis/[^/]+/models/([^/?#]+)$`)

// A modelLoader finds the models that others refer to, and nothing else: no
// file and no address is ever read.
type modelLoader struct {
	models map[string]Model
	bytes  int
	values int
}

// Load implements jsonschema.URLLoader.
func (l *modelLoader) Load(url string) (any, error) {
	match := modelURL.FindStringSubmatch(url)
	if match == nil {
		return nil, fmt.Errorf("%s is no model of an API", url)
	}
	model, ok := l.models[match[1]]
	if !ok {
		return nil, fmt.Errorf("there is no model %q", match[1])
	}
	if l.bytes += len(model.Schema); l.bytes > maxSchemaBytes {
		return nil, fmt.Errorf("the model and those it refers to have more than %d bytes", maxSchemaBytes)
	}
	d := json.NewDecoder(strings.NewReader(model.Schema))
	d.UseNumber()
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, fmt.Errorf("the model %s is no JSON: %w", match[1], err)
	}
	object, ok := document.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the model %s is no JSON object", match[1])
	}
	// AWS: models are of draft 4, whatever they call themselves.
	delete(object, "$schema")
	return document, l.bound(document, 0)
}

// bound refuses schemas that would take long to compile.
func (l *modelLoader) bound(v any, depth int) error {
	if l.values++; l.values > maxSchemaValues {
		return fmt.Errorf("the model and those it refers to have more than %d values", maxSchemaValues)
	}
	if depth > maxSchemaDepth {
		return fmt.Errorf("the model is nested more than %d levels deep", maxSchemaDepth)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			if err := l.bound(member, depth+1); err != nil {
				return err
			}
		}
	case []any:
		for _, item := range v {
			if err := l.bound(item, depth+1); err != nil {
				return err
			}
		}
	case json.Number:
		if !shortNumber(string(v)) {
			return fmt.Errorf("the model has a number of more than %d digits", maxSchemaNumber)
		}
	}
	return nil
}

// shortNumber reports whether a number can be written out.
func shortNumber(s string) bool {
	if len(s) > maxSchemaNumber {
		return false
	}
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return true
	}
	exponent, err := strconv.Atoi(s[i+1:])
	return err == nil && -maxSchemaNumber <= exponent && exponent <= maxSchemaNumber
}

// maxMatching is how long a pattern may look for a match.
const maxMatching = 50 * time.Millisecond

// compilePattern reads a pattern, which is an ECMA 262 expression. What RE2
// understands costs no more than the length of what it is matched against; only
// a pattern that needs more (a look-ahead, a back reference) backtracks, and
// its time is bounded.
func compilePattern(s string) (jsonschema.Regexp, error) {
	if re, err := regexp.Compile(s); err == nil {
		return re, nil
	}
	re, err := regexp2.Compile(s, regexp2.ECMAScript)
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = maxMatching
	return backtracking{re}, nil
}

// backtracking is a pattern that RE2 does not understand.
type backtracking struct{ *regexp2.Regexp }

// MatchString implements jsonschema.Regexp.
func (b backtracking) MatchString(s string) bool {
	ok, err := b.Regexp.MatchString(s)
	return ok && err == nil
}

// matches is MatchString that tells a pattern which was given up.
func matches(re jsonschema.Regexp, s string) (bool, error) {
	if b, ok := re.(backtracking); ok {
		return b.Regexp.MatchString(s)
	}
	return re.MatchString(s), nil
}

// compact is a JSON value without white space, as messages have it.
func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
