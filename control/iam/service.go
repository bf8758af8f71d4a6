package iam

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/iam"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/policy"
	"github.com/lamgate/lamgate/state"
)

// A Service is IAM.
type Service struct {
	docs  state.Documents
	clock aws.Clock
}

// New returns a Service that keeps roles and policies in docs.
func New(docs state.Documents, clock aws.Clock) *Service {
	return &Service{docs: docs, clock: clock}
}

func (s *Service) now() int64 { return s.clock.Now().Unix() }

func account(ctx context.Context) string { return aws.CallerFrom(ctx).Account }

func noSuchEntity(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusNotFound, "NoSuchEntity", format, args...)
}

func deleteConflict(message string) *aws.Fault {
	return aws.Faultf(http.StatusConflict, "DeleteConflict", "%s", message)
}

func limitExceeded(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusConflict, "LimitExceeded", format, args...)
}

func invalidInput(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "InvalidInput", format, args...)
}

func malformed(err error) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "MalformedPolicyDocument", "%v", err)
}

// The sizes that policies may have, in characters, white space not counted.
const (
	maxManagedPolicy = 6144
	maxInlinePolicy  = 10240 // all of a role's together
	maxTrustPolicy   = 2048
)

// policySize is what AWS counts of a policy's text.
func policySize(text string) (n int) {
	for _, c := range text {
		if !strings.ContainsRune(" \t\r\n", c) {
			n++
		}
	}
	return n
}

// escape writes a policy's text as IAM returns it.
//
// AWS: policy documents in responses are percent-encoded as RFC 3986 says
// ("GetRolePolicy"), so a space is %20.
func escape(text string) *string {
	return new(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

func date(unix int64) *time.Time { return new(time.Unix(unix, 0).UTC()) }

// optional returns nil for what is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

const pageSize = 100

// page returns the part of a list, which is in the order of its keys, that
// follows marker, and the marker of what comes after it; nil at the end.
func page[T any](list []T, key func(*T) string, marker *string, maxItems *int32) (part []T, next *string, truncated *bool, err error) {
	if marker != nil {
		last, err := base64.RawURLEncoding.DecodeString(*marker)
		if err != nil {
			return nil, nil, nil, aws.Faultf(http.StatusBadRequest, "ValidationError", "Invalid Marker.")
		}
		start, found := slices.BinarySearchFunc(list, string(last), func(v T, last string) int { return cmp.Compare(key(&v), last) })
		if found {
			start++
		}
		list = list[start:]
	}
	size := pageSize
	if maxItems != nil {
		size = int(*maxItems)
	}
	if len(list) <= size {
		return list, nil, new(false), nil
	}
	list = list[:size]
	return list, new(base64.RawURLEncoding.EncodeToString([]byte(key(&list[size-1])))), new(true), nil
}

func itself(s *string) string { return *s }

const maxTags = 50

// addTags returns tags with more, or a fault if IAM would not have them.
func addTags(tags map[string]string, more []iam.Tag) (map[string]string, error) {
	merged := make(map[string]string, len(tags)+len(more))
	for k, v := range tags {
		merged[k] = v
	}
	seen := map[string]bool{}
	for _, tag := range more {
		folded := strings.ToLower(*tag.Key)
		if seen[folded] {
			return nil, invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[folded] = true
		if strings.HasPrefix(folded, "aws:") {
			return nil, invalidInput("Tag keys that begin with aws: are reserved for AWS: %s", *tag.Key)
		}
		for k := range merged {
			if strings.EqualFold(k, *tag.Key) {
				delete(merged, k)
			}
		}
		merged[*tag.Key] = *tag.Value
	}
	if len(merged) > maxTags {
		return nil, limitExceeded("The number of tags has reached the maximum limit.")
	}
	if len(merged) == 0 {
		return nil, nil
	}
	return merged, nil
}

func removeTags(tags map[string]string, keys []string) {
	for k := range tags {
		if slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, k) }) {
			delete(tags, k)
		}
	}
}

// tagList returns tags in the order of their keys; never nil.
func tagList(tags map[string]string) []iam.Tag {
	list := make([]iam.Tag, 0, len(tags))
	for k, v := range tags {
		list = append(list, iam.Tag{Key: &k, Value: &v})
	}
	slices.SortFunc(list, func(a, b iam.Tag) int { return cmp.Compare(*a.Key, *b.Key) })
	return list
}

func tagKey(t *iam.Tag) string { return *t.Key }

// parse reads a policy's text, given its limit.
func parse(kind policy.Kind, text string, limit int, quota string) (policy.Document, error) {
	if size := policySize(text); size > limit {
		return policy.Document{}, limitExceeded("Cannot exceed quota for %s: %d", quota, limit)
	}
	doc, err := policy.Parse(kind, text)
	if err != nil {
		return policy.Document{}, malformed(err)
	}
	return doc, nil
}
