package apigateway

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/aws"
)

const (
	defaultLimit = 25
	maxLimit     = 500
)

// page returns the items that follow position, at most limit of them, and the
// position of the last one if more follow. keys are the items' sort keys: they
// are what a position holds, so that a list that changes between two pages
// repeats and skips nothing else.
func page[T any](items []T, key func(T) string, position *string, limit *int32) ([]T, *string, error) {
	n := defaultLimit
	if limit != nil {
		n = min(int(*limit), maxLimit)
		if n < 1 {
			return nil, nil, badRequest("Invalid limit specified")
		}
	}
	slices.SortStableFunc(items, func(x, y T) int { return strings.Compare(key(x), key(y)) })
	if p := aws.Value(position); p != "" {
		after, err := base64.RawURLEncoding.DecodeString(p)
		if err != nil {
			return nil, nil, badRequest("Invalid position specified")
		}
		start := slices.IndexFunc(items, func(x T) bool { return key(x) > string(after) })
		if start < 0 {
			start = len(items)
		}
		items = items[start:]
	}
	if len(items) <= n {
		return items, nil, nil
	}
	next := base64.RawURLEncoding.EncodeToString([]byte(key(items[n-1])))
	return items[:n], &next, nil
}
