package apigateway

import (
	"regexp"
	"strings"

	"github.com/lamgate/lamgate/aws"
	"github.com/lamgate/lamgate/gateway/plan"
)

// patchAccessLog applies an operation on /accessLogSettings.
// AWS: the settings are removed as a whole; removing one of them is taken for
// the removal of method settings (test_stage_access_log_settings_validation).
func patchAccessLog(st *plan.Stage, p patch, mayLog bool) error {
	if p.op == "remove" {
		if len(p.segments) > 1 {
			return noMethodSettings(strings.TrimPrefix(p.path, "/"))
		}
		st.AccessLog = nil
		return nil
	}
	if p.path != "/accessLogSettings/destinationArn" && p.path != "/accessLogSettings/format" {
		return badRequest("Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]")
	}
	if p.value == "" {
		return badRequest("Access Log value must not be empty")
	}
	if !mayLog {
		return noLogRole
	}
	l := plan.AccessLog{}
	if st.AccessLog != nil {
		l = *st.AccessLog
	}
	var err error
	if p.segments[1] == "format" {
		l.Format, err = p.value, checkLogFormat(p.value)
	} else {
		l.DestinationARN, err = p.value, checkLogDestination(p.value)
	}
	st.AccessLog = &l
	return err
}

// requestIDVariable is what the format of an access log has to name, so that
// its lines can be told apart.
var requestIDVariable = regexp.MustCompile(`\$(context\.(requestId|extendedRequestId)([^A-Za-z0-9_.-]|$)|\{context\.(requestId|extendedRequestId)\})`)

// checkLogFormat refuses a format that AWS refuses: one line, which a newline
// may end (ministryofjustice/cloud-platform-environments pull request 12962),
// with a request ID of either kind (aws/aws-cdk pull request 22591).
func checkLogFormat(format string) error {
	line := strings.TrimSuffix(strings.TrimSuffix(format, "\n"), "\r")
	if strings.ContainsAny(line, "\r\n") {
		return badRequest("Access Log format must be single line, new line character is allowed only at end of the format: '%s'", format)
	}
	if !requestIDVariable.MatchString(format) {
		return badRequest("Access Log format must include either $context.requestId or $context.extendedRequestId : '%s'", format)
	}
	return nil
}

// checkLogDestination takes a log group that the data plane can write to. Of
// delivery streams those of the kind that API Gateway may write to are told from
// others, and refused for what lamgate lacks.
func checkLogDestination(text string) error {
	arn, err := aws.ParseARN(text)
	switch {
	case err == nil && arn.Service == "logs" && strings.HasPrefix(arn.Resource, "log-group:"):
	case err == nil && arn.Service == "firehose" && strings.HasPrefix(arn.Resource, "deliverystream/amazon-apigateway-"):
	default:
		return badRequest("Invalid ARN specified in the request")
	}
	if _, err := plan.ParseAccessLog(&plan.AccessLog{DestinationARN: text}); err != nil {
		return badRequest("%v", err)
	}
	return nil
}
