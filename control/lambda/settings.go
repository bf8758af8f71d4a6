package lambda

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
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

// maxMemory is the most that a function may have of memory, and of /tmp, in MB.
const maxMemory = 10240

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
	image                                       *lambda.ImageConfig
	architecture                                *string
	fileSystems                                 []lambda.FileSystemConfig
	others                                      map[string]bool // by name, whether a parameter that lamgate lacks is set
}

// refuse names the first parameter that lamgate does not have.
func (p settings) refuse() error {
	if v := p.vpc; v != nil && len(v.SubnetIds)+len(v.SecurityGroupIds) > 0 {
		return unsupported("VpcConfig")
	}
	if aws.Value(p.kmsKey) != "" {
		return unsupported("KMSKeyArn")
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
func (s *Service) apply(ctx context.Context, c *execution.Configuration, p settings) error {
	if err := p.refuse(); err != nil {
		return err
	}
	if err := checkKind(c, p); err != nil {
		return err
	}
	set(&c.Architecture, p.architecture)
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
		warning, err := s.checkRuntime(*p.runtime, c.Architecture)
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
		// AWS: what the model allows beyond is for capacity providers
		// ("Configure Lambda function memory" in the developer guide).
		if *p.memory > maxMemory {
			return invalid("'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to %d", maxMemory)
		}
		c.MemoryMB = int(*p.memory)
	}
	if p.ephemeral != nil {
		if aws.Value(p.ephemeral.Size) > maxMemory {
			return invalid("'EphemeralStorage' value failed to satisfy constraint: Member must have value less than or equal to %d", maxMemory)
		}
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
	if p.layers != nil {
		layers, err := s.layersOf(ctx, p.layers)
		if err != nil {
			return err
		}
		c.Layers = layers
	}
	if p.image != nil && c.Image != nil {
		c.Image = configured(*c.Image, p.image)
	}
	if err := applySnapStart(c, p.snapStart); err != nil {
		return err
	}
	if err := s.applyDeadLetter(c, p.deadLetter); err != nil {
		return err
	}
	return applyLogging(c, p.logging)
}

// checkKind refuses the parameters that functions of the other kind have.
func checkKind(c *execution.Configuration, p settings) error {
	if !c.IsImage() {
		if p.image != nil {
			return invalid("ImageConfig is not supported for functions created with deployment packages.")
		}
		return nil
	}
	for _, of := range []struct {
		name  string
		given bool
	}{
		{"Runtime", p.runtime != nil}, {"Handler", p.handler != nil}, {"Layers", len(p.layers) > 0},
		{"SnapStart", aws.Value(aws.Value(p.snapStart).ApplyOn) == publishedVersions},
	} {
		if of.given {
			return invalid("%s is not supported for functions created with container images.", of.name)
		}
	}
	return nil
}

// publishedVersions is the setting of SnapStart that is not None.
const publishedVersions = "PublishedVersions"

// applySnapStart keeps whether published versions are to start from a snapshot.
// lamgate makes none, since its environments start faster than one is restored;
// hooks of the runtime run all the same.
func applySnapStart(c *execution.Configuration, n *lambda.SnapStart) error {
	if n == nil {
		if c.SnapStartApplyOn != "" && !snapStarts(c.Runtime) {
			return invalid("%s is not supported for SnapStart enabled functions.", c.Runtime)
		}
		return nil
	}
	c.SnapStartApplyOn = ""
	if aws.Value(n.ApplyOn) != publishedVersions {
		return nil
	}
	if !snapStarts(c.Runtime) {
		return invalid("%s is not supported for SnapStart enabled functions.", c.Runtime)
	}
	c.SnapStartApplyOn = publishedVersions
	return nil
}

// snapStarts reports whether AWS has SnapStart for a runtime: for Java from 11,
// Python from 3.12 and .NET from 8.
func snapStarts(runtime string) bool {
	for prefix, least := range map[string]int{"java": 11, "python3.": 12, "dotnet": 8} {
		if version, ok := strings.CutPrefix(runtime, prefix); ok {
			n, err := strconv.Atoi(version)
			return err == nil && n >= least
		}
	}
	return false
}

// applyDeadLetter sets where asynchronous invocations go that have failed for
// good; an empty target takes it away.
func (s *Service) applyDeadLetter(c *execution.Configuration, d *lambda.DeadLetterConfig) error {
	if d == nil || d.TargetArn == nil {
		return nil
	}
	target := *d.TargetArn
	if target != "" {
		a, err := aws.ParseARN(target)
		if err != nil || a.Service != "sqs" && a.Service != "sns" {
			return invalid("The provided dead letter target %s is invalid: it must be the ARN of a queue of Amazon SQS or a topic of Amazon SNS.", target)
		}
		if isFIFO(a) {
			return invalid("The provided dead letter target %s is invalid: it must be a standard queue or topic.", target)
		}
		// AWS: the words that users report.
		if operation, ok := s.mayDeliver(c.Role, target); !ok {
			return invalid("The provided execution role does not have permissions to call %s on %s", operation, strings.ToUpper(a.Service))
		}
	}
	c.DeadLetterTarget = target
	return nil
}

// applyLogging sets how a function logs.
//
// AWS: the levels are there in the JSON format only, INFO unless they are given;
// they go with it (recorded: test_advanced_logging_configuration_format_switch).
func applyLogging(c *execution.Configuration, l *lambda.LoggingConfig) error {
	if l == nil {
		return nil
	}
	set(&c.LogGroup, l.LogGroup)
	set(&c.LogFormat, l.LogFormat)
	if c.LogFormat == "JSON" {
		c.ApplicationLogLevel = cmp.Or(aws.Value(l.ApplicationLogLevel), c.ApplicationLogLevel, "INFO")
		c.SystemLogLevel = cmp.Or(aws.Value(l.SystemLogLevel), c.SystemLogLevel, "INFO")
		return nil
	}
	c.ApplicationLogLevel, c.SystemLogLevel = "", ""
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
