package wire_test

import (
	"testing"

	"github.com/lamgate/lamgate/wire"
)

func TestQueryUnescape(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "abc": "abc", "a+b": "a b", "%2Fb%c3%A9": "/b\u00e9", "%": "%", "%4": "%4", "%zz%": "%zz%", "%%41": "%A", "%+1": "% 1",
	} {
		if got := wire.QueryUnescape(s); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
}
