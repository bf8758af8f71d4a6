package lambda

import (
	"strings"
	"testing"

	"github.com/lamgate/lamgate/aws"
)

// Whatever a name says, what it leads to is the caller's own function, or for a
// layer a place of layers.
func FuzzNames(f *testing.F) {
	for _, name := range []string{
		"fn", "fn:1", "function:fn", "000000000000:function:fn:live", "arn:aws:lambda:us-east-1:000000000000:function:fn:$LATEST",
		"arn:aws:lambda:us-east-1:000000000000:layer:l:3", "arn:aws:lambda:::awslayer:x", "arn:", "::::::", "arn:aws:lambda:us-east-1:000000000000:layer",
		"arn:aws:lambda:us-east-1:000000000000:layer:l:99999999999999999999",
	} {
		f.Add(name, "1")
	}
	caller := aws.Caller{Account: "000000000000", Region: "us-east-1"}
	f.Fuzz(func(t *testing.T, name, qualifier string) {
		if ref, err := parseName(caller, name, &qualifier); err == nil {
			if ref.Account != caller.Account || ref.Region != caller.Region {
				t.Errorf("%q is %+v", name, ref)
			}
		} else if aws.AsFault(err) == nil {
			t.Errorf("%q: %v", name, err)
		}
		ref, err := parseLayer(caller, name)
		if err != nil {
			if aws.AsFault(err) == nil {
				t.Errorf("%q: %v", name, err)
			}
			return
		}
		if !strings.HasPrefix(ref.key(), ref.prefix()) {
			t.Errorf("%q lies at %s, not below %s", name, ref.key(), ref.prefix())
		}
	})
}
