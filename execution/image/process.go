package image

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/execution"
)

// An EntrypointError is an image whose command cannot be found.
//
// AWS: Runtime.InvalidEntrypoint, with Go's words for the reason.
type EntrypointError struct{ Message string }

func (e *EntrypointError) Error() string { return e.Message }

// Process returns what a function of the image runs, and in which directory: the
// image's entry point and command, as far as the function has none of its own.
// The first argument is an absolute path inside the image; a command without a
// slash is looked for in the directories of PATH, as a function's variable or the
// image's environment names them.
func (t *Tree) Process(i execution.Image, searchPath string) (args []string, dir string, err error) {
	c := t.Config.For(i)
	if dir = c.WorkingDirectory; !path.IsAbs(dir) {
		dir = "/" + dir
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

func exists(root, name string) bool {
	_, _, err := within(root, name)
	return err == nil
}

func executable(root, name string) bool {
	_, info, err := within(root, name)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// Files lists the files in a directory, and the links to files, as processes see
// them that have root as theirs: none leads to a file of the host. What is no
// directory has none.
func Files(root, dir string) (names []string, err error) {
	real, info, err := within(root, dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(root, real))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if _, info, err := within(root, path.Join(real, e.Name())); err == nil && info.Mode().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// within finds what a path means to processes that have root as theirs: no link
// leads out of it. The tree does not change meanwhile.
func within(root, name string) (real string, info os.FileInfo, err error) {
	at, links := "/", 0
	parts := strings.Split(name, "/")
	for len(parts) > 0 {
		part := parts[0]
		parts = parts[1:]
		if part == "" {
			continue
		}
		next := path.Join(at, part) // which takes ".." for what it is, at the root too
		info, err := os.Lstat(filepath.Join(root, next))
		if err != nil {
			return "", nil, err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(filepath.Join(root, next))
		if err != nil {
			return "", nil, err
		}
		if links++; links > maxLinks {
			return "", nil, fmt.Errorf("%s leads through too many links", name)
		}
		if path.IsAbs(target) {
			at = "/"
		}
		parts = append(strings.Split(target, "/"), parts...)
	}
	info, err = os.Lstat(filepath.Join(root, at))
	return at, info, err
}
