package s3

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/lamgate/lamgate/aws"
)

// A byteRange is the part of an object that is sent.
type byteRange struct {
	start, length int64
	partial       bool
}

// parseRange reads a Range header for an object of size bytes. A header that is
// not one range of bytes is ignored, as HTTP has it; one that begins after the
// end is an error.
func parseRange(header string, size int64) (byteRange, error) {
	whole := byteRange{0, size, false}
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(last, ",") {
		return whole, nil
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return whole, nil
		}
		if n == 0 {
			return whole, badRange(header)
		}
		n = min(n, size)
		return byteRange{size - n, n, true}, nil
	}
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 {
		return whole, nil
	}
	end := size - 1
	if last != "" {
		if end, err = strconv.ParseInt(last, 10, 64); err != nil || end < start {
			return whole, nil
		}
		end = min(end, size-1)
	}
	if start >= size {
		return whole, badRange(header)
	}
	return byteRange{start, end - start + 1, true}, nil
}

func badRange(header string) error {
	return aws.Faultf(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable").With("RangeRequested", header)
}

// header returns the Content-Range of a partial answer, nil for a whole one.
func (r byteRange) header(size int64) *string {
	if !r.partial {
		return nil
	}
	return new(fmt.Sprintf("bytes %d-%d/%d", r.start, r.start+r.length-1, size))
}
