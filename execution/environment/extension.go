package environment

import "github.com/lamgate/lamgate/execution/runtimeapi"

// The Runtime API does not let extensions register yet, nor runtimes restore.

// Restored implements runtimeapi.Owner.
func (e *Environment) Restored() {}

// Registered implements runtimeapi.Owner.
func (e *Environment) Registered(name string, internal bool) {}

// ExtensionReady implements runtimeapi.Owner.
func (e *Environment) ExtensionReady(name string) {}

// ExtensionFailed implements runtimeapi.Owner.
func (e *Environment) ExtensionFailed(name, errorType string, exit bool) {}

// Subscribed implements runtimeapi.Owner.
func (e *Environment) Subscribed(runtimeapi.Subscription) {}
