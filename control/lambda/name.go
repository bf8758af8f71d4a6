package lambda

import (
	"net/http"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/execution"
)

// maxNameLength is the length of a function's bare name.
const maxNameLength = 64

// parseName reads the name of a function of the caller's own.
func parseName(caller aws.Caller, name string, qualifier *string) (execution.FunctionRef, error) {
	ref, err := parseAnyName(caller, name, qualifier)
	if err == nil && ref.Account != caller.Account {
		// AWS: without a message (recorded: test_function_arns).
		err = aws.Faultf(http.StatusForbidden, "AccessDeniedException", "")
	}
	return ref, err
}

// parseAnyName reads a function's name in any of its forms: NAME, ACCOUNT:function:NAME,
// function:NAME, REGION:ACCOUNT:function:NAME or the whole ARN, each with
// :QUALIFIER or without. qualifier is the operation's own parameter of that
// name; the two must not contradict each other. The form itself has been
// validated by wire against the model's pattern.
func parseAnyName(caller aws.Caller, name string, qualifier *string) (execution.FunctionRef, error) {
	ref := execution.FunctionRef{Account: caller.Account, Region: caller.Region, Qualifier: aws.Value(qualifier)}
	rest := strings.Split(name, ":")
	if rest[0] == "arn" && len(rest) >= 3 {
		rest = rest[3:]
	}
	// In a partial ARN the region and the account are there or not; only the
	// account is twelve digits, and only the region is followed by it.
	if len(rest) >= 4 && isAccount(rest[1]) {
		ref.Region = rest[0]
		rest = rest[1:]
	}
	if len(rest) >= 2 && isAccount(rest[0]) {
		ref.Account = rest[0]
		rest = rest[1:]
	}
	if len(rest) >= 2 && rest[0] == "function" {
		rest = rest[1:]
	}
	if len(rest) == 0 || len(rest) > 2 || rest[0] == "" {
		return ref, invalid("%q is not the name of a function.", name)
	}
	ref.Name = rest[0]
	if len(rest) == 2 {
		if ref.Qualifier != "" && ref.Qualifier != rest[1] {
			return ref, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		ref.Qualifier = rest[1]
	}
	if ref.Region != caller.Region {
		return ref, userFault(http.StatusNotFound, "ResourceNotFoundException",
			"Functions from '%s' are not reachable in this region ('%s')", ref.Region, caller.Region)
	}
	return ref, nil
}

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isVersion reports whether a qualifier is the number of a published version.
func isVersion(qualifier string) bool {
	return qualifier != "" && strings.Trim(qualifier, "0123456789") == ""
}

// unqualified refuses a name that carries a qualifier, for operations that work
// on functions only.
func unqualified(ref execution.FunctionRef) error {
	if ref.Qualifier != "" {
		return invalid("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
	}
	return nil
}
