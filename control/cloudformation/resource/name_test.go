package resource

import (
	"strings"
	"testing"
)

func TestGeneratedNames(t *testing.T) {
	for name, c := range map[string]struct {
		stack, logical string
		most           int
		prefix         string
	}{
		"as they are":   {"stack", "Function", 64, "stack-Function-"},
		"long stack":    {strings.Repeat("s", 100), "Function", 64, strings.Repeat("s", 42) + "-Function-"},
		"long resource": {"stack", strings.Repeat("R", 100), 64, "stack-" + strings.Repeat("R", 45) + "-"},
		"both long":     {strings.Repeat("s", 100), strings.Repeat("R", 100), 64, strings.Repeat("s", 25) + "-" + strings.Repeat("R", 25) + "-"},
	} {
		t.Run(name, func(t *testing.T) {
			got := generateName(&Request{StackName: c.stack, LogicalID: c.logical}, c.most)
			if !strings.HasPrefix(got, c.prefix) || len(got) != len(c.prefix)+12 || len(got) > c.most {
				t.Errorf("%s (%d characters), want %s and 12 more", got, len(got), c.prefix)
			}
		})
	}
	if got := generateLowerName(&Request{StackName: "Stack", LogicalID: "Bucket"}, 63); got != strings.ToLower(got) {
		t.Errorf("%s is no name of a bucket", got)
	}
}

// The package of the same text is the same package, or every deployment would
// publish another version.
func TestZipFileIsDeterministic(t *testing.T) {
	a, err := zipFile("index.py", "x")
	if err != nil {
		t.Fatal(err)
	}
	b, err := zipFile("index.py", "x")
	if err != nil || string(a) != string(b) {
		t.Errorf("packages differ: %v", err)
	}
}
