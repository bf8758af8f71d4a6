//go:build !linux || !(amd64 || arm64)

package sandbox

import (
	"fmt"
	"runtime"
)

const defaultLevel = ProcessLevel

func openNamespace(Options) (Driver, error) {
	return nil, fmt.Errorf("isolation by namespaces needs Linux on x86-64 or arm64, and this is %s on %s; choose --isolation %s, which does not isolate",
		runtime.GOOS, runtime.GOARCH, ProcessLevel)
}
