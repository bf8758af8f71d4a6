package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const maxLinks = 40

// A View is what processes see: directories of the host's, by the places that
// they are shown at. "/" is the processes' root; without it, what lies in none of
// the places is not known.
type View map[string]string

// ErrNotShown is the error of a path that leads to no place of a View.
var ErrNotShown = errors.New("it lies in no directory that is known")

// Find returns where a path leads, and what stands there, as the processes see
// it: no link leads to anything else of the host's. What is shown must not change
// meanwhile.
func (v View) Find(name string) (real string, info os.FileInfo, err error) {
	at, links := "/", 0
	parts := strings.Split(name, "/")
	for len(parts) > 0 {
		part := parts[0]
		parts = parts[1:]
		if part == "" {
			continue
		}
		next := path.Join(at, part) // which takes ".." for what it is, at the root too
		place, err := v.Host(next)
		if err != nil && v.above(next) {
			at = next
			continue
		}
		if err != nil {
			return "", nil, err
		}
		info, err := os.Lstat(place)
		if err != nil {
			return "", nil, err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(place)
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
	place, err := v.Host(at)
	if err != nil {
		return "", nil, err
	}
	info, err = os.Lstat(place)
	return at, info, err
}

// Host is where a path of the View lies on the host, if none of its parts is a
// link: those that Find returns have none.
func (v View) Host(name string) (string, error) {
	for place := name; ; place = path.Dir(place) {
		if dir, ok := v[place]; ok {
			return filepath.Join(dir, strings.TrimPrefix(name, place)), nil
		}
		if place == "/" || place == "." {
			return "", ErrNotShown
		}
	}
}

// above reports whether a place of the View lies below dir.
func (v View) above(dir string) bool {
	for place := range v {
		if dir == "/" || strings.HasPrefix(place, dir+"/") {
			return true
		}
	}
	return false
}

// Files lists the files in a directory, and the links to files, in order. What is
// no directory has none. A link to what is not known may be one.
func (v View) Files(dir string) (names []string, err error) {
	real, info, err := v.Find(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNotShown) || err == nil && !info.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	place, err := v.Host(real)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(place)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		_, info, err := v.Find(path.Join(real, e.Name()))
		if errors.Is(err, ErrNotShown) || err == nil && info.Mode().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return slices.Clip(names), nil
}
