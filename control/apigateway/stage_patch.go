package apigateway

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	api "github.com/lamgate/lamgate/api/apigateway"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// UpdateStage implements apigateway.UpdateStageAPI.
func (s *Service) UpdateStage(ctx context.Context, in *api.UpdateStageRequest) (*api.Stage, error) {
	ops, err := patches(in.PatchOperations)
	if err != nil {
		return nil, err
	}
	mayLog, err := s.mayLog(ctx)
	if err != nil {
		return nil, err
	}
	var out *api.Stage
	err = s.change(ctx, aws.Value(in.RestApiId), noStage, func(a *restAPI) error {
		st := a.Stages[aws.Value(in.StageName)]
		if st == nil {
			return noStage
		}
		for _, p := range ops {
			if err := s.patchStage(ctx, a, st, p, mayLog); err != nil {
				return err
			}
		}
		st.Updated = s.now()
		out = describeStage(st)
		return nil
	})
	return out, err
}

// noLogRole is the fault of a stage that is to log in an account that has not
// said in whose name.
var noLogRole = badRequest("CloudWatch Logs role ARN must be set in account settings to enable logging")

func (s *Service) patchStage(ctx context.Context, a *restAPI, st *plan.Stage, p patch, mayLog bool) error {
	if p.op == "copy" {
		return promote(st, p)
	}
	switch p.segments[0] {
	case "variables":
		return patchVariable(st, p)
	case "accessLogSettings":
		return patchAccessLog(st, p, mayLog)
	case "canarySettings":
		return a.patchCanary(st, p)
	}
	set, ok := map[string]func(string) error{
		"/deploymentId":         func(v string) error { st.Deployment = v; return a.checkDeployment(v) },
		"/description":          func(v string) error { st.Description = v; return nil },
		"/documentationVersion": func(v string) error { st.DocumentationVersion = v; return a.checkDocumentationVersion(v) },
		"/clientCertificateId":  func(v string) error { st.ClientCertificateID = v; return s.checkCertificate(ctx, v) },
		"/tracingEnabled":       func(string) error { st.TracingEnabled = p.isTrue(); return nil },
		"/cacheClusterEnabled":  func(string) error { s.enableCache(st, p.isTrue()); return nil },
		"/cacheClusterSize":     func(v string) error { return s.setCacheSize(st, v) },
	}[p.path]
	if !ok {
		return patchMethodSettings(st, p, mayLog)
	}
	switch p.op {
	case "remove":
		return set("")
	case "add", "replace":
		return set(p.value)
	}
	return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
}

// patchVariable sets or removes a variable; replacing one that is not there
// adds it.
func patchVariable(st *plan.Stage, p patch) error {
	name, ok := p.in("variables")
	if !ok {
		return unknownStagePath(p)
	}
	switch p.op {
	case "remove":
		delete(st.Variables, name)
		return nil
	case "add", "replace":
		if !p.hasValue {
			return invalidVariable("null")
		}
		return setVariable(&st.Variables, name, p.value)
	}
	return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
}

// AWS: no space or comma at three places of this list
// (test_create_update_stages, error-update-doc-version).
func unknownStagePath(p patch) error {
	return badRequest("Invalid method setting path: %s. Must be one of: [/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]", p.path)
}

// AWS: the message ends in a space.
func noMethodSettings(key string) error {
	return badRequest("Cannot remove method setting %s because there is no method setting for this method ", key)
}

// allMethods is the key of the settings for the methods that have none of
// their own.
const allMethods = "*/*"

// patchMethodSettings applies an operation on /{path}/{method}/{group}/{name},
// or removes all settings of /{path}/{method}. The key {path}/{method} is kept
// as it was sent, the slashes of a path escaped.
func patchMethodSettings(st *plan.Stage, p patch, mayLog bool) error {
	whole := strings.TrimPrefix(p.path, "/")
	raw := strings.Split(whole, "/")
	if p.op == "remove" {
		if _, ok := st.MethodSettings[whole]; ok {
			delete(st.MethodSettings, whole)
			return nil
		}
		if len(raw) == 2 {
			return noMethodSettings(whole)
		}
	}
	if len(raw) < 4 {
		return unknownStagePath(p)
	}
	key := strings.Join(raw[:len(raw)-2], "/")
	name := strings.Join(raw[len(raw)-2:], "/")
	settings, exists := st.MethodSettings[key]
	if !exists {
		// AWS: new settings start as those of */* stand now, and do not follow
		// them later (test_create_update_stages).
		var ok bool
		if settings, ok = st.MethodSettings[allMethods]; !ok {
			settings = defaultMethodSettings()
		}
	}
	known, valid := true, true
	switch p.op {
	case "remove":
		if !exists {
			return noMethodSettings(key)
		}
		known = resetMethodSetting(&settings, name)
	case "add", "replace":
		known, valid = setMethodSetting(&settings, name, p)
	default:
		return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
	}
	switch {
	case !known:
		return unknownStagePath(p)
	case !valid:
		return badRequest("Invalid value for method setting %s: %s", p.path, p.value)
	case !mayLog && (settings.LoggingLevel == "INFO" || settings.LoggingLevel == "ERROR"):
		return noLogRole
	}
	put(&st.MethodSettings, key, settings)
	return nil
}

func defaultMethodSettings() plan.MethodSettings {
	return plan.MethodSettings{
		ThrottlingBurstLimit:                   5000,
		ThrottlingRateLimit:                    10000,
		CacheTTL:                               300,
		RequireAuthorizationForCacheControl:    true,
		UnauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
	}
}

func setMethodSetting(m *plan.MethodSettings, name string, p patch) (known, valid bool) {
	known, valid = true, true
	switch name {
	case "metrics/enabled":
		m.MetricsEnabled = p.isTrue()
	case "logging/dataTrace":
		m.DataTraceEnabled = p.isTrue()
	case "logging/loglevel":
		m.LoggingLevel = p.value
		valid = slices.Contains([]string{"OFF", "ERROR", "INFO"}, p.value)
	case "throttling/burstLimit":
		m.ThrottlingBurstLimit, valid = natural(p.value)
	case "throttling/rateLimit":
		rate, err := strconv.ParseFloat(p.value, 64)
		m.ThrottlingRateLimit = rate
		valid = err == nil && (rate >= 0 || rate == unlimited) && !math.IsInf(rate, 0)
	case "caching/enabled":
		m.CachingEnabled = p.isTrue()
	case "caching/ttlInSeconds":
		m.CacheTTL, valid = natural(p.value)
		valid = valid && 0 <= m.CacheTTL && m.CacheTTL <= 3600
	case "caching/dataEncrypted":
		m.CacheDataEncrypted = p.isTrue()
	case "caching/requireAuthorizationForCacheControl":
		m.RequireAuthorizationForCacheControl = p.isTrue()
	case "caching/unauthorizedCacheControlHeaderStrategy":
		m.UnauthorizedCacheControlHeaderStrategy = p.value
		valid = slices.Contains([]string{"FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"}, p.value)
	default:
		known = false
	}
	return known, valid
}

// unlimited is the throttling limit that is none. AWS: Terraform's provider
// sends it for both limits unless it is told others.
const unlimited = -1

// natural reads a number that an int32 of the answer can hold, or unlimited.
func natural(s string) (int, bool) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err == nil && n >= unlimited
}

func resetMethodSetting(m *plan.MethodSettings, name string) (known bool) {
	d := defaultMethodSettings()
	switch name {
	case "metrics/enabled":
		m.MetricsEnabled = d.MetricsEnabled
	case "logging/dataTrace":
		m.DataTraceEnabled = d.DataTraceEnabled
	case "logging/loglevel":
		m.LoggingLevel = d.LoggingLevel
	case "throttling/burstLimit":
		m.ThrottlingBurstLimit = d.ThrottlingBurstLimit
	case "throttling/rateLimit":
		m.ThrottlingRateLimit = d.ThrottlingRateLimit
	case "caching/enabled":
		m.CachingEnabled = d.CachingEnabled
	case "caching/ttlInSeconds":
		m.CacheTTL = d.CacheTTL
	case "caching/dataEncrypted":
		m.CacheDataEncrypted = d.CacheDataEncrypted
	case "caching/requireAuthorizationForCacheControl":
		m.RequireAuthorizationForCacheControl = d.RequireAuthorizationForCacheControl
	case "caching/unauthorizedCacheControlHeaderStrategy":
		m.UnauthorizedCacheControlHeaderStrategy = d.UnauthorizedCacheControlHeaderStrategy
	default:
		return false
	}
	return true
}
