package image

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/execution"
	"github.com/lamgate/lamgate/execution/disk"
)

// An EntrypointError is an image whose command cannot be found.
//
// AWS: Runtime.InvalidEntrypoint, with Go's words for the reason.
type EntrypointError struct{ Message string }

func (e *EntrypointError) Error() string { return e.Message }

// A DirectoryError is an image whose command has no directory to start in.
//
// AWS: Runtime.InvalidWorkingDir, in the words of its runtime interface emulator.
type DirectoryError struct{ Message string }

func (e *DirectoryError) Error() string { return e.Message }

// Process returns what a function of the image runs, and in which directory: the
// image's entry point and command, as far as the function has none of its own.
// The first argument is an absolute path inside the image; a command without a
// slash is looked for in the directories of PATH, as a function's variable or the
// image's environment names them.
func (t *Tree) Process(i execution.Image, searchPath string) (args []string, dir string, err error) {
	c := t.Config.For(i)
	if dir = cmp.Or(c.WorkingDirectory, "/"); !path.IsAbs(dir) {
		return nil, "", &DirectoryError{"the working directory '" + dir + "' is invalid, it needs to be an absolute path"}
	}
	_, place, err := view(t.Root).Find(dir)
	if err != nil {
		return nil, "", &DirectoryError{"the working directory doesn't exist: " + dir}
	}
	dir = path.Clean(dir)
	args = slices.Concat(c.EntryPoint, c.Command)
	if len(args) == 0 || args[0] == "" {
		return nil, "", &EntrypointError{"the image has neither an entry point nor a command"}
	}
	name := args[0]
	if strings.Contains(name, "/") {
		if !path.IsAbs(name) {
			name = path.Join(dir, name)
		}
		if !exists(t.Root, name) {
			return nil, "", &EntrypointError{"fork/exec " + name + ": no such file or directory"}
		}
		if !place.IsDir() {
			return nil, "", &EntrypointError{"fork/exec " + name + ": not a directory"}
		}
		args[0] = name
		return args, dir, nil
	}
	if searchPath == "" {
		searchPath = variable(c.Environment, "PATH")
	}
	if searchPath == "" {
		searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	}
	for place := range strings.SplitSeq(searchPath, ":") {
		candidate := path.Join(place, name)
		if path.IsAbs(place) && executable(t.Root, candidate) {
			args[0] = candidate
			return args, dir, nil
		}
	}
	return nil, "", &EntrypointError{fmt.Sprintf("exec: %q: executable file not found in $PATH", name)}
}

func variable(environment []string, name string) string {
	for _, v := range slices.Backward(environment) {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// view is what processes see that have root as theirs.
func view(root string) disk.View { return disk.View{"/": root} }

func exists(root, name string) bool {
	_, _, err := view(root).Find(name)
	return err == nil
}

func executable(root, name string) bool {
	_, info, err := view(root).Find(name)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
