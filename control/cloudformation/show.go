package cloudformation

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"

	api "github.com/lamgate/lamgate/api/cloudformation"
	"github.com/lamgate/lamgate/control/cloudformation/template"
)

// noEcho is what is shown of a secret parameter.
const noEcho = "****"

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func showParameters(d definition) []api.Parameter {
	var list []api.Parameter
	for _, p := range d.Parameters {
		shown := p.Value
		if p.NoEcho {
			shown = noEcho
		}
		list = append(list, api.Parameter{ParameterKey: new(p.Key), ParameterValue: &shown})
	}
	return list
}

func showTags(tags map[string]string) []api.Tag {
	list := []api.Tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, api.Tag{Key: new(key), Value: new(tags[key])})
	}
	return list
}

// page returns the bounds of one page of n things, and the token of the next.
func page(n int, token *string, size int) (from, to int, next *string, err error) {
	if token != nil {
		text, err := base64.StdEncoding.DecodeString(*token)
		if err == nil {
			from, err = strconv.Atoi(string(text))
		}
		if err != nil || from < 0 || from > n {
			return 0, 0, nil, template.Invalid("Invalid NextToken")
		}
	}
	if to = min(from+size, n); to < n {
		next = new(base64.StdEncoding.EncodeToString([]byte(strconv.Itoa(to))))
	}
	return from, to, next, nil
}
