package lambda

import (
	"slices"
	"strings"
)

// creatable are the runtimes that AWS creates functions for, in the order of
// its own message.
//
// AWS: recorded answer of CreateFunction to an unknown runtime.
var creatable = []string{
	"nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java25",
	"python3.10", "python3.11", "java21", "ruby3.3", "ruby3.4", "ruby3.2", "python3.8", "python3.9", "java17", "nodejs16.x",
	"dotnet10", "dotnet8", "java11", "dotnet6", "nodejs18.x", "provided.al2", "java8.al2",
}

// retired are the runtimes that AWS knows but no longer creates.
var retired = []string{
	"nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
	"python2.7", "python3.6", "python3.7", "java8", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet5.0",
	"go1.x", "ruby2.5", "ruby2.7", "provided",
}

// checkRuntime decides whether a function may have a runtime, and what is worth
// warning of: that AWS would refuse it, or that the host lacks its version.
func (s *Service) checkRuntime(runtime, architecture string) (warning string, err error) {
	old := slices.Contains(retired, runtime)
	if !old && !slices.Contains(creatable, runtime) {
		return "", invalid("Value %s at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [%s] or be a valid ARN",
			runtime, strings.Join(creatable, ", "))
	}
	if old && s.StrictRuntimes {
		return "", invalid("The runtime parameter of %s is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.", runtime)
	}
	warning, err = s.FindRuntime(runtime, architecture)
	if err != nil {
		return "", invalid("lamgate cannot run %s on this host: %v", runtime, err)
	}
	if old {
		warning = join(warning, "AWS no longer creates functions with the runtime "+runtime)
	}
	return warning, nil
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
