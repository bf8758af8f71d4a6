package lambda

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/aws"
)

// maxPage is the most that AWS puts on a page of these lists.
const maxPage = 50

// paginate cuts a page out of a list, which is in the order of the texts that
// order returns. A marker tells where the page before ended, so that none is
// passed over when what has been listed is deleted from page to page. One that
// nobody has been given begins anew.
func paginate[T any](all []T, marker *string, size *int32, order func(T) string) (page []T, next *string) {
	rest := all
	if last, err := base64.RawURLEncoding.DecodeString(aws.Value(marker)); err == nil && len(last) > 0 {
		i := slices.IndexFunc(all, func(item T) bool { return order(item) > string(last) })
		if i < 0 {
			i = len(all)
		}
		rest = all[i:]
	}
	n := maxPage
	if size != nil && *size > 0 && int(*size) < n {
		n = int(*size)
	}
	if n = min(n, len(rest)); n < len(rest) {
		next = new(base64.RawURLEncoding.EncodeToString([]byte(order(rest[n-1]))))
	}
	page = rest[:n]
	if page == nil {
		page = []T{}
	}
	return page, next
}

// versionOrder is in the order of a function's versions, the unpublished one
// first.
func versionOrder(c lambda.FunctionConfiguration) string {
	n, _ := strconv.Atoi(*c.Version)
	return fmt.Sprintf("%010d", n)
}

// itself orders texts.
func itself(s string) string { return s }
