package wire_test

import (
	"testing"

	"github.com/lamgate/lamgate/wire"
)

func TestRedactQuery(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "a=b&c": "a=b&c", "https://h/p?a=b": "https://h/p?a=b", "https://h/token=x": "https://h/token=x",
		"X-Amz-Security-Token=abc&a=1":            "X-Amz-Security-Token=(3 bytes withheld)&a=1",
		"https://h/p?a=1&x%2Damz-signature=abcde": "https://h/p?a=1&x%2Damz-signature=(5 bytes withheld)",
		"?access_token=a=b&token":                 "?access_token=(3 bytes withheld)&token",
	} {
		if got := wire.RedactQuery(query); got != want {
			t.Errorf("%q is told as %q, want %q", query, got, want)
		}
	}
}
