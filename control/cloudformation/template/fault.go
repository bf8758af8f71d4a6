package template

import (
	"fmt"
	"net/http"

	"github.com/lamgate/lamgate/aws"
)

// Invalid returns the fault that AWS has for everything wrong with a template.
func Invalid(format string, args ...any) *aws.Fault {
	return aws.Faultf(http.StatusBadRequest, "ValidationError", format, args...)
}

// InvalidAt is Invalid with the place in the template behind the message.
func InvalidAt(pos Pos, format string, args ...any) *aws.Fault {
	message := fmt.Sprintf(format, args...)
	if pos.Line > 0 {
		message += fmt.Sprintf(" (%s)", pos)
	}
	return aws.Faultf(http.StatusBadRequest, "ValidationError", "%s", message)
}
