package image

import (
	"errors"
	"net/http"

	"github.com/lamgate/lamgate/aws"
)

// A Problem is an image that cannot be used, by no fault of this host.
type Problem struct {
	// Reason is the StateReasonCode of a function with such an image.
	Reason string
	// Fault is the answer to an operation that looks the image up. Its message is
	// the StateReason as well.
	Fault *aws.Fault

	passing bool // it may be over the next time
}

// The reasons.
const (
	ImageAccessDenied = "ImageAccessDenied"
	ImageDeleted      = "ImageDeleted"
	InvalidImage      = "InvalidImage"
	InternalError     = "InternalError" // the registry does not answer
)

func (p *Problem) Error() string { return p.Fault.Message }

// Unwrap returns the fault.
func (p *Problem) Unwrap() error { return p.Fault }

func problem(reason string, status int, code, format string, args ...any) *Problem {
	return &Problem{Reason: reason, Fault: aws.Faultf(status, code, format, args...).With("Type", "User")}
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

// unreachable is a registry that does not answer, or is not asked, for which AWS
// has no words.
func unreachable(reference string, err error) *Problem {
	if c, ok := errors.AsType[*closedAddress](err); ok {
		return problem(InvalidImage, http.StatusBadRequest, "InvalidParameterValueException", "Source image %s cannot be fetched: %v", reference, c)
	}
	p := problem(InternalError, http.StatusBadRequest, "InvalidParameterValueException", "Source image %s cannot be fetched: %v", reference, err)
	p.passing = true
	return p
}

// passing reports whether an error may be over the next time.
func passing(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && p.passing
}
