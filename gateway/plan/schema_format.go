package plan

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// dateTime is what AWS takes for a date-time.
var dateTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:?\d\d)$`)

var hostname = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// misformed returns the message for a string that is not of a format, empty if
// it is. Formats beyond those of draft 4 and dates are let be.
func misformed(format, s string) string {
	ok, message := true, ""
	switch format {
	case "date-time":
		message = `string "%s" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]`
		if ok = dateTime.MatchString(s); ok {
			_, err := time.Parse("2006-01-02T15:04:05", s[:19])
			ok = err == nil
		}
	case "date":
		message = `string "%s" is invalid against requested date format(s) yyyy-MM-dd`
		_, err := time.Parse(time.DateOnly, s)
		ok = err == nil
	case "email":
		message = `string "%s" is not a valid email address`
		address, err := mail.ParseAddress(s)
		ok = err == nil && address.Address == s
	case "hostname":
		message = `string "%s" is not a valid hostname`
		ok = len(s) <= 253 && hostname.MatchString(s)
	case "ipv4":
		message = `string "%s" is not a valid IPv4 address`
		ip, err := netip.ParseAddr(s)
		ok = err == nil && ip.Is4()
	case "ipv6":
		message = `string "%s" is not a valid IPv6 address`
		ip, err := netip.ParseAddr(s)
		ok = err == nil && ip.Is6() && ip.Zone() == ""
	case "uri":
		message = `string "%s" is not a valid URI`
		_, err := url.Parse(s)
		ok = err == nil && !strings.ContainsAny(s, " \"<>\\^`{|}")
	case "regex":
		message = `string "%s" is not a valid ECMA 262 regular expression`
		_, err := compilePattern(s)
		ok = err == nil
	}
	if ok {
		return ""
	}
	return message
}
