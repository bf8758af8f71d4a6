package code

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

const (
	maxEntries = 200_000
	maxLink    = 4096
	// Each directory on an entry's way is opened for that entry alone: without
	// this, a few kilobytes of names are work for minutes.
	maxDepth = 128
	// What file systems take of one name, and what lamgate takes of a path, so that
	// there is room before it for where the package lies.
	maxName = 255
	maxPath = 3072
)

// Check reads the directory of a ZIP file, and its links, and returns what keeps
// it from being unpacked; nil if nothing does that is to be seen there.
// linksInside is as of Packages.
func Check(z *zip.Reader, linksInside bool) error {
	if len(z.File) > maxEntries {
		return fmt.Errorf("it has %d entries, more than %d", len(z.File), maxEntries)
	}
	seen := map[string]bool{".": true} // whether it is a directory
	for _, f := range z.File {
		if err := check(f, seen, linksInside); err != nil {
			return fmt.Errorf("its entry %.100q: %w", f.Name, err)
		}
	}
	return nil
}

func check(f *zip.File, seen map[string]bool, linksInside bool) error {
	name, mode, err := placeOf(f)
	if err != nil {
		return err
	}
	if mode&fs.ModeSymlink != 0 {
		if _, err := readLink(f, name, linksInside); err != nil {
			return err
		}
	}
	if isDir, ok := seen[name]; ok && isDir != mode.IsDir() {
		return errBoth
	}
	seen[name] = mode.IsDir()
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		isDir, ok := seen[dir]
		if ok && !isDir {
			return errBoth
		}
		if ok {
			return nil
		}
		seen[dir] = true
	}
}

var errBoth = errors.New("there is a directory and something else of the same name")

// placeOf returns where in the package an entry belongs, and what it is: a
// file, a directory or a symbolic link.
func placeOf(f *zip.File) (name string, mode fs.FileMode, err error) {
	name = strings.ReplaceAll(f.Name, `\`, "/") // some Windows tools write them
	if name == "" || path.IsAbs(name) || strings.ContainsRune(name, 0) {
		return "", 0, errors.New("its name is not a relative path")
	}
	mode = f.Mode().Type()
	if strings.HasSuffix(name, "/") {
		mode = fs.ModeDir
	}
	name = path.Clean(name)
	if name == ".." || strings.HasPrefix(name, "../") {
		return "", 0, errors.New("its name leads out of the package")
	}
	if name == "." {
		return name, fs.ModeDir, nil
	}
	if len(name) > maxPath {
		return "", 0, fmt.Errorf("its name is longer than %d bytes", maxPath)
	}
	if strings.Count(name, "/") >= maxDepth {
		return "", 0, fmt.Errorf("it lies more than %d directories deep", maxDepth-1)
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > maxName {
			return "", 0, fmt.Errorf("a part of its name is longer than %d bytes", maxName)
		}
	}
	if mode != 0 && mode != fs.ModeDir && mode != fs.ModeSymlink {
		return "", 0, errors.New("it is neither a file, nor a directory, nor a symbolic link")
	}
	return name, mode, nil
}

// readLink returns where a symbolic link leads. It is for a sandbox to follow, in
// its own root, and never for the server: any place is as good as another, unless
// there is no such root.
func readLink(f *zip.File, name string, linksInside bool) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxLink))
	if err != nil {
		return "", err
	}
	target := string(b)
	switch {
	case target == "" || len(target) == maxLink || strings.ContainsRune(target, 0):
		return "", errors.New("the symbolic link leads nowhere")
	case linksInside && !staysInside(name, target):
		return "", fmt.Errorf("the symbolic link leads out of the package, to %.100q, which without isolation is a place of this host", target)
	}
	return target, nil
}

// staysInside reports whether a link of a package leads to another place of it,
// wherever its other links lead that do the same.
func staysInside(name, target string) bool {
	inside := path.Join(path.Dir(name), target)
	if path.IsAbs(target) || inside == ".." || strings.HasPrefix(inside, "../") {
		return false
	}
	// What lies above a place that another link leads to, no name tells.
	down := false
	for part := range strings.SplitSeq(target, "/") {
		if part == ".." && down {
			return false
		}
		down = down || part != ".." && part != "." && part != ""
	}
	return true
}

// permissions are those that everyone has of a file or a directory, the owner
// too: without root, functions run as the user who owns the tree.
//
// AWS: code is another's than the function's user, whom only the bits for others
// let read it, so that a file of mode 0600 cannot be read: "Deploy Python Lambda
// functions with .zip file archives" of the developer guide. Entries without Unix
// attributes can.
func permissions(f *zip.File, isDir bool) fs.FileMode {
	const unix, macOS = 3, 19
	creator := f.CreatorVersion >> 8
	switch {
	case (creator == unix || creator == macOS) && f.ExternalAttrs>>16 != 0:
		return f.Mode().Perm() & 0o005 * 0o111
	case isDir:
		return 0o555
	}
	return 0o444
}
