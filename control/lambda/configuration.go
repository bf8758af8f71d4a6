package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/policy"
)

// maxEnvironment is the most that a function's environment variables may
// measure, in bytes of their JSON.
const maxEnvironment = 4 << 10

// maxTimeout is the longest that a function may run.
const maxTimeout = 15 * time.Minute

// unsupported refuses what lamgate lacks, by name.
func unsupported(format string, args ...any) *aws.Fault {
	return invalid("lamgate does not support %s yet.", fmt.Sprintf(format, args...))
}

// settings are the parameters that CreateFunction and UpdateFunctionConfiguration
// share; nil leaves what is there.
type settings struct {
	runtime, role, handler, description, kmsKey *string
	timeout, memory                             *int32
	environment                                 *lambda.Environment
	ephemeral                                   *lambda.EphemeralStorage
	tracing                                     *lambda.TracingConfig
	logging                                     *lambda.LoggingConfig
	vpc                                         *lambda.VpcConfig
	deadLetter                                  *lambda.DeadLetterConfig
	snapStart                                   *lambda.SnapStart
	layers                                      []string
	fileSystems                                 []lambda.FileSystemConfig
	others                                      map[string]bool // by name, whether a parameter that lamgate lacks is set
}

// refuse names the first parameter that lamgate does not have.
func (p settings) refuse() error {
	if v := p.vpc; v != nil && len(v.SubnetIds)+len(v.SecurityGroupIds) > 0 {
		return unsupported("VpcConfig")
	}
	if d := p.deadLetter; d != nil && aws.Value(d.TargetArn) != "" {
		return unsupported("DeadLetterConfig")
	}
	if n := p.snapStart; n != nil && aws.Value(n.ApplyOn) != "" && *n.ApplyOn != "None" {
		return unsupported("SnapStart for %s", *n.ApplyOn)
	}
	if aws.Value(p.kmsKey) != "" {
		return unsupported("KMSKeyArn")
	}
	if len(p.layers) > 0 {
		return unsupported("Layers")
	}
	if len(p.fileSystems) > 0 {
		return unsupported("FileSystemConfigs")
	}
	for _, name := range slices.Sorted(maps.Keys(p.others)) {
		if p.others[name] {
			return unsupported("%s", name)
		}
	}
	return nil
}

// apply sets what the caller gave on c and checks the result.
func (s *Service) apply(c *execution.Configuration, p settings) error {
	if err := p.refuse(); err != nil {
		return err
	}
	set(&c.Handler, p.handler)
	set(&c.Description, p.description)
	if p.role != nil {
		c.Role = *p.role
		if d := s.Roles.MayAssume(c.Role, policy.Service("lambda.amazonaws.com"), nil); !d.Allowed() {
			why, mend := d.Explain()
			s.Log.Warn("a function's role cannot be assumed by Lambda", "role", c.Role, "why", why, "mend", mend)
			return invalid("The role defined for the function cannot be assumed by Lambda.")
		}
	}
	if p.runtime != nil {
		warning, err := s.checkRuntime(*p.runtime)
		if err != nil {
			return err
		}
		c.Runtime, c.RuntimeWarning = *p.runtime, warning
	}
	if p.timeout != nil {
		c.Timeout = time.Duration(*p.timeout) * time.Second
	}
	if c.Timeout > maxTimeout {
		return aws.Faultf(400, "ValidationException", "1 validation error detected: Value '%d' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900", *p.timeout)
	}
	if p.memory != nil {
		c.MemoryMB = int(*p.memory)
	}
	if p.ephemeral != nil {
		c.EphemeralMB = int(aws.Value(p.ephemeral.Size))
	}
	if p.tracing != nil && p.tracing.Mode != nil {
		c.TracingMode = *p.tracing.Mode
	}
	if p.environment != nil {
		if err := checkEnvironment(p.environment.Variables); err != nil {
			return err
		}
		// An environment without variables takes away those that were there.
		if c.Environment = p.environment.Variables; c.Environment == nil {
			c.Environment = map[string]string{}
		}
	}
	return applyLogging(c, p.logging)
}

func applyLogging(c *execution.Configuration, l *lambda.LoggingConfig) error {
	if l == nil {
		return nil
	}
	set(&c.LogGroup, l.LogGroup)
	if aws.Value(l.LogFormat) == "JSON" {
		return unsupported("LogFormat JSON")
	}
	set(&c.LogFormat, l.LogFormat)
	// AWS: log levels exist in the JSON format only.
	if l.ApplicationLogLevel != nil || l.SystemLogLevel != nil {
		return invalid("Log Level is not supported when LogFormat is set to Text. Remove log level from your request or change the LogFormat to JSON and try again.")
	}
	return nil
}

// reserved are the variables that Lambda sets itself.
var reserved = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

func checkEnvironment(variables map[string]string) error {
	var taken []string
	for _, name := range reserved {
		if _, ok := variables[name]; ok {
			taken = append(taken, name)
		}
	}
	if len(taken) > 0 {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(taken, ", "))
	}
	b, err := json.Marshal(variables)
	if err != nil {
		return fmt.Errorf("measure environment: %w", err)
	}
	if len(b) > maxEnvironment {
		return invalid("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %s", b)
	}
	return nil
}

func set(field *string, p *string) {
	if p != nil {
		*field = *p
	}
}

// touch gives a changed configuration its new revision.
func (s *Service) touch(c *execution.Configuration) {
	c.RevisionID = aws.NewUUID()
	c.LastModified = s.Clock.Now().UTC()
}

// fingerprint tells configurations apart by what a version is made of: neither
// by their revision nor by when they came to be.
func fingerprint(c execution.Configuration) (string, error) {
	c.Version, c.RevisionID, c.LastModified, c.Fingerprint = "", "", time.Time{}, ""
	c.Code.Blob = ""
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("compare versions: %w", err)
	}
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// render returns a configuration in AWS's form, under the name that ref gives it.
func render(ref execution.FunctionRef, c *execution.Configuration) *lambda.FunctionConfiguration {
	out := renderListed(ref, c)
	out.State = new(c.State)
	out.RuntimeVersionConfig = &lambda.RuntimeVersionConfig{RuntimeVersionArn: new(runtimeVersionARN(ref.Region, c.Runtime))}
	out.LastUpdateStatus = new(c.LastUpdateStatus)
	if c.RuntimeWarning != "" {
		out.StateReason = new("lamgate: " + c.RuntimeWarning)
	}
	return out
}

// renderListed is render for lists, which leave the states out.
func renderListed(ref execution.FunctionRef, c *execution.Configuration) *lambda.FunctionConfiguration {
	out := &lambda.FunctionConfiguration{
		FunctionName:     new(ref.Name),
		FunctionArn:      new(ref.ARN()),
		Runtime:          new(c.Runtime),
		Role:             new(c.Role),
		Handler:          new(c.Handler),
		CodeSize:         new(c.Code.Size),
		CodeSha256:       new(c.Code.SHA256),
		Description:      new(c.Description),
		Timeout:          new(int32(c.Timeout / time.Second)),
		MemorySize:       new(int32(c.MemoryMB)),
		LastModified:     new(c.LastModified.Format("2006-01-02T15:04:05.000-0700")),
		Version:          new(c.Version),
		TracingConfig:    &lambda.TracingConfigResponse{Mode: new(c.TracingMode)},
		RevisionId:       new(c.RevisionID),
		PackageType:      new("Zip"),
		Architectures:    []string{c.Architecture},
		EphemeralStorage: &lambda.EphemeralStorage{Size: new(int32(c.EphemeralMB))},
		SnapStart:        &lambda.SnapStartResponse{ApplyOn: new("None"), OptimizationStatus: new("Off")},
		LoggingConfig:    &lambda.LoggingConfig{LogFormat: new(c.LogFormat), LogGroup: new(c.LogGroup)},
	}
	if c.Environment != nil {
		out.Environment = &lambda.EnvironmentResponse{Variables: c.Environment}
	}
	return out
}

// runtimeVersionARN names the runtime in AWS's form; its identifier is
// lamgate's own, the same for a runtime everywhere.
func runtimeVersionARN(region, runtime string) string {
	sum := sha256.Sum256([]byte("lamgate runtime " + runtime))
	return fmt.Sprintf("arn:aws:lambda:%s::runtime:%x", region, sum)
}
