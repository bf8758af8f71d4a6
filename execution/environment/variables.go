package environment

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/sandbox"
)

// AccessKey is a set of temporary credentials.
type AccessKey struct{ ID, Secret, SessionToken string }

// Credentials issues the credentials of a function's role.
type Credentials interface {
	// Issue returns credentials of role for a session of a name, that of the
	// function.
	Issue(account, region, role, session string) (AccessKey, error)
}

// variables returns the environment of a function's processes.
//
// AWS: the defined runtime environment variables of the developer guide.
func (e *Environment) variables(m *material, key AccessKey, runtimeAPI string) map[string]string {
	c, f := &e.pool.config, e.pool.function
	memory := strconv.Itoa(c.MemoryMB)
	v := map[string]string{"TZ": ":UTC"}
	if m.image == nil {
		v = standing()
	}
	maps.Copy(v, map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     c.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory,
		"AWS_LAMBDA_INITIALIZATION_TYPE":  e.initType(),
		"AWS_LAMBDA_LOG_GROUP_NAME":       e.log.group,
		"AWS_LAMBDA_LOG_STREAM_NAME":      e.log.stream,
		"AWS_LAMBDA_RUNTIME_API":          runtimeAPI,
		"AWS_REGION":                      f.Region,
		"AWS_DEFAULT_REGION":              f.Region,
		"AWS_ACCESS_KEY_ID":               key.ID,
		"AWS_SECRET_ACCESS_KEY":           key.Secret,
		"AWS_SESSION_TOKEN":               key.SessionToken,
		"AWS_XRAY_CONTEXT_MISSING":        "LOG_ERROR",
		"AWS_XRAY_DAEMON_ADDRESS":         "127.0.0.1:2000",
		"_AWS_XRAY_DAEMON_ADDRESS":        "127.0.0.1",
		"_AWS_XRAY_DAEMON_PORT":           "2000",
		"LAMBDA_TASK_ROOT":                "/var/task",
		"LAMBDA_RUNTIME_DIR":              "/var/runtime",
	})
	// AWS: an image's entry point learns the handler from its arguments.
	if m.image == nil {
		v["_HANDLER"] = c.Handler
	}
	// AWS: "not available in Lambda SnapStart functions", "Monitoring for Lambda
	// SnapStart" of the developer guide: a snapshot serves many streams.
	if e.pool.snapStart() {
		delete(v, "AWS_LAMBDA_LOG_GROUP_NAME")
		delete(v, "AWS_LAMBDA_LOG_STREAM_NAME")
	}
	if e.log.own.log != nil {
		v["_LAMBDA_TELEMETRY_LOG_FD"] = strconv.Itoa(sandbox.LogFD)
	}
	if m.managed() {
		v["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + c.Runtime
	}
	for _, set := range m.command.Env {
		name, value, _ := strings.Cut(set, "=")
		v[name] = value
	}
	if c.LogFormat == "JSON" {
		v["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
		if c.ApplicationLogLevel != "" {
			v["AWS_LAMBDA_LOG_LEVEL"] = c.ApplicationLogLevel
		}
	}
	if e.pool.fleet.EndpointURL != "" {
		v["AWS_ENDPOINT_URL"] = e.pool.fleet.EndpointURL
	}
	// control/lambda refuses the reserved names; a function may set the others,
	// AWS_ENDPOINT_URL among them.
	reserved := []string{"_HANDLER", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "AWS_LAMBDA_FUNCTION_NAME"}
	for name, value := range c.Environment {
		if !slices.Contains(reserved, name) {
			v[name] = value
		}
	}
	return v
}

// initType is how the environment comes to be, in AWS's words.
func (e *Environment) initType() string {
	switch {
	case e.ahead:
		return "provisioned-concurrency"
	case e.pool.snapStart():
		return "snap-start"
	}
	return "on-demand"
}

// snapStart reports whether the pool's version is one of those that AWS starts
// from snapshots. lamgate makes none: hooks run as they would.
func (p *Pool) snapStart() bool {
	return p.config.SnapStartApplyOn == publishedVersions && p.config.Version != execution.Latest
}

// standing returns the variables that are the same for all functions. Some are
// read when a process starts.
func standing() map[string]string {
	return map[string]string{
		"TZ":              ":UTC",
		"LANG":            "en_US.UTF-8",
		"PATH":            "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
		"LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
	}
}

// list returns variables as processes have them.
func list(variables map[string]string) []string {
	l := make([]string, 0, len(variables))
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		l = append(l, name+"="+variables[name])
	}
	return l
}
