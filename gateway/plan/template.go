package plan

import (
	"strings"

	"github.com/lamgate/lamgate/gateway/vtl"
)

// Templates are mapping templates by content type, in the order of the types.
type Templates []Template

// A Template makes a body for a content type.
type Template struct {
	ContentType string
	*vtl.Template
}

// AnyContentType is the content type of a template for what has no other.
const AnyContentType = "$default"

func compileTemplates(sources map[string]string, name string) (Templates, *Closed) {
	var all Templates
	for _, contentType := range sortedKeys(sources) {
		parsed, err := vtl.Parse(sources[contentType])
		if err != nil {
			// AWS: such a template is accepted and deployed; what meets it is a 500.
			return nil, &Closed{name + contentType + " cannot be read: " + err.Error(), redeploy}
		}
		all = append(all, Template{contentType, parsed})
	}
	return all, nil
}

// Find returns the template for a Content-Type: that of the whole header, else
// that of its media type, nil if there is none.
//
// AWS: parameters such as a charset do not keep a template from matching.
func (t Templates) Find(contentType string) *Template {
	media, _, _ := strings.Cut(contentType, ";")
	for _, wanted := range [...]string{contentType, strings.TrimSpace(media)} {
		for i := range t {
			if strings.EqualFold(t[i].ContentType, wanted) {
				return &t[i]
			}
		}
	}
	return nil
}

// ForRequest returns the template for a request's Content-Type: its own, else
// that for any.
func (t Templates) ForRequest(contentType string) *Template {
	if found := t.Find(contentType); found != nil || len(t) == 0 {
		return found
	}
	return t.Find(AnyContentType)
}

// ForResponse returns the template for what the caller accepts, else that of
// JSON, else the first; nil without any.
func (t Templates) ForResponse(accept string) *Template {
	if len(t) == 0 {
		return nil
	}
	for wanted := range strings.SplitSeq(accept, ",") {
		if found := t.Find(strings.TrimSpace(wanted)); found != nil {
			return found
		}
	}
	if found := t.Find("application/json"); found != nil {
		return found
	}
	return &t[0]
}
