package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Mock answers by itself: its request template tells the status, which
// selects an integration response.
type Mock struct {
	// Statuses are what the request templates tell, by content type.
	Statuses  map[string]int
	Responses []MockResponse // those with a pattern first, in the order of their statuses

	// Passthrough says what becomes of a content type without a template.
	Passthrough string
}

// A MockResponse is an integration response whose templates are static.
type MockResponse struct {
	Status   int
	Pattern  *regexp.Regexp // nil for the default response
	Mappings []Mapping
	Bodies   map[string]string // by content type
}

func compileMock(m *Method) (Binding, *Closed) {
	i := m.Integration
	mock := &Mock{Statuses: map[string]int{}, Passthrough: i.PassthroughBehavior}
	for _, contentType := range sortedKeys(i.RequestTemplates) {
		template := i.RequestTemplates[contentType]
		if dynamic(template) {
			return &Unbuilt{"mapping templates (the request template of " + contentType + ")"}, nil
		}
		status, err := mockStatus(template)
		if err != nil {
			return mock, &Closed{"the request template of " + contentType + " " + err.Error(), `let it say {"statusCode": 200} and deploy the API again`}
		}
		mock.Statuses[strings.ToLower(contentType)] = status
	}
	if len(i.Responses) == 0 {
		return mock, &Closed{"the integration has no integration response", "put one and deploy the API again"}
	}
	for _, withPattern := range []bool{true, false} {
		for _, key := range sortedKeys(i.Responses) {
			document := i.Responses[key]
			if has := document.SelectionPattern != nil && *document.SelectionPattern != ""; has != withPattern {
				continue
			}
			r, closed := compileMockResponse(m, key, document)
			if closed != nil {
				return mock, closed
			}
			mock.Responses = append(mock.Responses, r)
		}
	}
	return mock, nil
}

func compileMockResponse(m *Method, key string, document *IntegrationResponse) (MockResponse, *Closed) {
	var r MockResponse
	name := "the integration response " + key
	status, err := strconv.Atoi(key)
	if err != nil || status < 200 || status > 599 {
		return r, &Closed{name + " is not of a status between 200 and 599", "correct it and deploy the API again"}
	}
	r.Status = status
	if p := document.SelectionPattern; p != nil && *p != "" {
		if r.Pattern, err = regexp.Compile("^(?:" + *p + ")$"); err != nil {
			return r, &Closed{fmt.Sprintf("the selection pattern of %s cannot be read: %v", name, err), "correct it and deploy the API again"}
		}
	}
	for _, to := range sortedKeys(document.ResponseParameters) {
		mapping, closed := parseMapping(to, "method.response.", document.ResponseParameters[to], "integration.response.")
		if closed != nil {
			return r, closed
		}
		if mapping.To.Location != Header && mapping.To.Location != MultiHeader {
			return r, &Closed{name + " maps to " + to + ", which is no header", "map to method.response.header.NAME"}
		}
		r.Mappings = append(r.Mappings, mapping)
	}
	for _, contentType := range sortedKeys(document.ResponseTemplates) {
		template := document.ResponseTemplates[contentType]
		if dynamic(template) {
			return r, &Closed{"lamgate does not build mapping templates yet (the response template of " + contentType + " in " + name + ")", ""}
		}
		if r.Bodies == nil {
			r.Bodies = map[string]string{}
		}
		r.Bodies[contentType] = template
	}
	// AWS: what an integration answers must be declared by the method.
	if _, ok := m.Responses[key]; !ok {
		return r, &Closed{name + " has no method response of its status", "put a method response " + key + " and deploy the API again"}
	}
	return r, nil
}

// dynamic reports whether a template has anything that the template language
// would act on.
func dynamic(template string) bool { return strings.ContainsAny(template, "$#") }

// mockStatus reads the status that a request template tells.
//
// AWS: what the template makes need not be strict JSON: {"statusCode": 200, }
// is taken (recorded), and so is {statusCode: 200}, which the AWS CDK writes.
func mockStatus(template string) (int, error) {
	var told struct {
		StatusCode json.RawMessage `json:"statusCode"`
	}
	if json.Unmarshal([]byte(template), &told) != nil {
		told.StatusCode = looseMember(template, "statusCode")
	}
	if told.StatusCode == nil {
		return 0, errors.New("tells no statusCode")
	}
	status, err := strconv.Atoi(strings.Trim(string(told.StatusCode), `"' `))
	if err != nil {
		return 0, errors.New("tells a statusCode that is no number")
	}
	return status, nil
}

// looseMember returns the text of a member of a flat object, whose name may
// lack quotes; nil if there is none.
func looseMember(object, name string) []byte {
	t, opened := strings.CutPrefix(strings.TrimSpace(object), "{")
	t, closed := strings.CutSuffix(t, "}")
	if !opened || !closed {
		return nil
	}
	for member := range strings.SplitSeq(t, ",") {
		key, value, ok := strings.Cut(member, ":")
		if ok && strings.Trim(strings.TrimSpace(key), `"'`) == name {
			return []byte(strings.TrimSpace(value))
		}
	}
	return nil
}

// Select returns the response for a status: the first whose pattern matches
// it, else the default one.
func (m *Mock) Select(status int) *MockResponse {
	text := strconv.Itoa(status)
	for i := range m.Responses {
		r := &m.Responses[i]
		if r.Pattern == nil || r.Pattern.MatchString(text) {
			return r
		}
	}
	return nil
}
