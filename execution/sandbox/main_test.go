package sandbox

import (
	"os"
	"testing"
)

// The test binary is also what runs inside of sandboxes, and a server to be
// killed: variables of the environment say which.
func TestMain(m *testing.M) {
	if program := os.Getenv("SANDBOX_TEST_PROGRAM"); program != "" {
		os.Exit(runInside(program))
	}
	os.Exit(m.Run())
}
