package environment

import (
	"testing"

	"github.com/lamgate/lamgate/execution/image"
	"github.com/lamgate/lamgate/execution/runtimes"
)

// What keeps a function from being started has a type of its own.
func TestWhyNothingCanBeStarted(t *testing.T) {
	for want, nothing := range map[string]error{
		"Runtime.InvalidEntrypoint": &image.EntrypointError{Message: "fork/exec /app: no such file or directory"},
		"Runtime.InvalidWorkingDir": &image.DirectoryError{Message: "the working directory doesn't exist: /nope"},
	} {
		if v := (&material{nothing: nothing}).notStartable(); v.errorType != want || v.message != nothing.Error() || v.cause != InitError {
			t.Errorf("%v: %+v, want %s", nothing, v, want)
		}
	}
	nothing := &runtimes.EntrypointError{Message: "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}
	if v := (&material{nothing: nothing}).notStartable(); v.errorType != "Runtime.InvalidEntrypoint" {
		t.Errorf("%+v", v)
	}
}
