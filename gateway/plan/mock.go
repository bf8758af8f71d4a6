package plan

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// A Mock answers by itself: what its request template makes tells the status,
// which selects an integration response.
type Mock struct{ Transform }

func compileMock(m *Method) (Binding, *Closed) {
	mock := &Mock{}
	var closed *Closed
	if mock.Transform, closed = compileTransform(m, mappedToHTTP); closed != nil {
		return mock, closed
	}
	if len(m.Integration.Responses) == 0 {
		return mock, &Closed{"the integration has no integration response", "put one and deploy the API again"}
	}
	return mock, nil
}

// MockStatus reads the status that a MOCK integration's request tells.
//
// AWS: what the template makes need not be strict JSON: {"statusCode": 200, }
// is taken (recorded), and so is {statusCode: 200}, which the AWS CDK writes.
func MockStatus(request []byte) (int, error) {
	var told struct {
		StatusCode json.RawMessage `json:"statusCode"`
	}
	if json.Unmarshal(request, &told) != nil {
		told.StatusCode = looseMember(string(request), "statusCode")
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
