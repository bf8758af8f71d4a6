package runtimes

import (
	"io/fs"
	"os"
)

// packaged returns the files of a deployment package, or of layers, whose paths
// match a pattern; none if dir is empty. Links may lead to other files of it, but
// not to the host's: nobody learns by a function what there is.
func packaged(dir, pattern string) []string {
	if dir == "" {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	defer root.Close()
	list, _ := fs.Glob(root.FS(), pattern)
	var files []string
	for _, name := range list {
		if info, err := root.Stat(name); err == nil && info.Mode().IsRegular() {
			files = append(files, name)
		}
	}
	return files
}

// hasPackaged reports whether there is such a file.
func hasPackaged(dir, pattern string) bool { return len(packaged(dir, pattern)) > 0 }
