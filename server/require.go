package server

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lamgate/lamgate/execution/sandbox"
)

// Require returns an error that names each of the required controls which this
// machine does not enforce, with its cause and what to do about it, and each
// which there is not. Names are those that lamgate doctor prints, in any case and
// with spaces or hyphens.
func Require(controls []sandbox.Control, required []string) error {
	var errs []error
	for _, name := range required {
		c, ok := find(controls, name)
		switch {
		case !ok:
			var names []string
			for _, c := range controls {
				names = append(names, strings.ReplaceAll(c.Name, " ", "-"))
			}
			errs = append(errs, fmt.Errorf("there is no control %q to require; there are %s", name, strings.Join(names, ", ")))
		case !c.Enforced:
			err := fmt.Errorf("the control %q is required and not enforced: %s", c.Name, c.Problem)
			if c.Mend != "" {
				err = fmt.Errorf("%w (%s)", err, c.Mend)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// IsControl reports whether name, as it may be written, means c.
func IsControl(c sandbox.Control, name string) bool {
	plain := strings.NewReplacer("-", " ", "_", " ")
	return strings.EqualFold(plain.Replace(c.Name), plain.Replace(strings.TrimSpace(name)))
}

func find(controls []sandbox.Control, name string) (sandbox.Control, bool) {
	for _, c := range controls {
		if IsControl(c, name) {
			return c, true
		}
	}
	return sandbox.Control{}, false
}
