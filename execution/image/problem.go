package image

import (
	"fmt"
	"net/http"

	"github.com/lamgate/lamgate/aws"
)

// A Problem is an image that cannot be used, by no fault of this host. It is an
// *aws.Fault too, for operations that look an image up.
type Problem struct {
	// Reason is the StateReasonCode of a function with such an image.
	Reason string
	fault  *aws.Fault
}

// The reasons.
const (
	ImageAccessDenied = "ImageAccessDenied"
	ImageDeleted      = "ImageDeleted"
	InvalidImage      = "InvalidImage"
)

func (p *Problem) Error() string { return p.fault.Message }

// Unwrap returns the fault.
func (p *Problem) Unwrap() error { return p.fault }

func problem(reason string, status int, code, format string, args ...any) *Problem {
	return &Problem{reason, aws.Faultf(status, code, format, args...).With("Type", "User")}
}

// hinted adds what lamgate knows to what AWS says.
func hinted(hint string) string {
	if hint == "" {
		return ""
	}
	return " (" + hint + ")"
}

// The words are those that callers of CreateFunction have met and written
// about in public.

// AWS: of a reference that is none.
func notValid(reference, hint string) *Problem {
	return problem(InvalidImage, http.StatusBadRequest, "InvalidParameterValueException", "Source image %s is not valid. Provide a valid source image.%s", reference, hinted(hint))
}

// AWS: of an image that is not in its registry.
func notThere(reference, hint string) *Problem {
	return problem(ImageDeleted, http.StatusBadRequest, "InvalidParameterValueException", "Source image %s does not exist. Provide a valid source image.%s", reference, hinted(hint))
}

// AWS: of a registry that refuses.
func denied(hint string) *Problem {
	return problem(ImageAccessDenied, http.StatusForbidden, "AccessDeniedException", "Lambda does not have permission to access the ECR image. Check the ECR permissions.%s", hinted(hint))
}

// AWS: of what is no container image.
func unsupported(reference, hint string) *Problem {
	return problem(InvalidImage, http.StatusBadRequest, "InvalidParameterValueException",
		"The image manifest, config or layer media type for the source image %s is not supported.%s", reference, hinted(hint))
}

// AWS: the reason of a function's state when a layer cannot be used.
func badLayer(digest, hint string) *Problem {
	return problem(InvalidImage, http.StatusBadRequest, "InvalidParameterValueException", "InvalidImage: ImageLayerFailure: UnsupportedImageLayerDetected - Layer Digest %s%s", digest, hinted(hint))
}

// unreachable is a registry that does not answer, for which AWS has no words.
func unreachable(reference string, err error) error {
	f := aws.Faultf(http.StatusBadRequest, "InvalidParameterValueException", "Source image %s cannot be fetched: %v", reference, err).With("Type", "User")
	return fmt.Errorf("%w", &outage{f})
}

// An outage is a failure that may be over the next time.
type outage struct{ fault *aws.Fault }

func (o *outage) Error() string { return o.fault.Message }
func (o *outage) Unwrap() error { return o.fault }
