package image

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lamgate/lamgate/execution/disk"
)

// A node is a file, a directory or a symbolic link of an image that is being put
// together. What a layer's names mean is decided here, in memory.
type node struct {
	children map[string]*node // of a directory; nil of everything else
	target   string           // of a symbolic link
	mode     uint16
	file     string // the host's file with a file's content
}

func newDirectory() *node { return &node{children: map[string]*node{}, mode: 0o555} }

func (n *node) isDir() bool  { return n.children != nil }
func (n *node) isLink() bool { return n.target != "" }

// maxLinks is how many symbolic links a path may lead through, as in Linux.
const maxLinks = 40

// maxSteps bounds the work of following paths: links that lead through links
// would make it much of little.
const maxSteps = 200_000_000

// A tree is the root of an image.
type tree struct {
	root  *node
	steps int
	made  int // directories on the way to what lies in them, which no entry names
}

func newTree() *tree { return &tree{root: newDirectory()} }

// split takes the last part off a clean name.
func split(name string) (dir, base string) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

// walk follows a path from the root, through symbolic links, which lead no
// further than that. It makes what is missing, if it is to. A nil node is none.
func (t *tree) walk(name string, mend bool) (*node, error) {
	links := 0
	at := []*node{t.root}
	parts := strings.Split(name, "/")
	for len(parts) > 0 {
		if t.steps++; t.steps > maxSteps {
			return nil, bad("its links lead through too many others")
		}
		part := parts[0]
		parts = parts[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(at) > 1 {
				at = at[:len(at)-1]
			}
			continue
		}
		here := at[len(at)-1]
		if !here.isDir() {
			return nil, bad("%q is no directory", shortened(name))
		}
		next := here.children[part]
		switch {
		case next == nil && !mend:
			return nil, nil
		case next == nil:
			if t.made++; t.made > maxEntries {
				return nil, badArchive{errTooLarge}
			}
			next = newDirectory()
			here.children[part] = next
		case next.isLink():
			if links++; links > maxLinks {
				return nil, bad("%q leads through too many links", shortened(name))
			}
			if strings.HasPrefix(next.target, "/") {
				at = at[:1]
			}
			parts = append(strings.Split(next.target, "/"), parts...)
			t.steps += len(parts)
			if len(parts) > maxPath {
				return nil, bad("%q leads through too many directories", shortened(name))
			}
			continue
		}
		at = append(at, next)
	}
	return at[len(at)-1], nil
}

// add lays a layer over the tree. Its files lie below dir.
func (t *tree) add(l *layer, dir string) error {
	// Whiteouts are of what was there before, wherever they stand in the archive.
	for _, e := range l.Entries {
		if e.Kind == whiteoutEntry || e.Kind == opaqueEntry {
			if err := t.hide(e); err != nil {
				return err
			}
		}
	}
	for _, e := range l.Entries {
		if e.Kind == whiteoutEntry || e.Kind == opaqueEntry {
			continue
		}
		if err := t.put(e, dir); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) hide(e entry) error {
	if e.Kind == opaqueEntry {
		n, err := t.walk(e.Name, false)
		if n != nil && n.isDir() {
			clear(n.children)
		}
		return err
	}
	parent, base := split(e.Name)
	n, err := t.walk(parent, false)
	if n != nil && n.isDir() {
		delete(n.children, base)
	}
	return err
}

// put adds an entry as the archives' unpackers do: a directory joins one that is
// there, everything else takes the place of what is there, and the way to it may
// lead through links that stay in the image.
func (t *tree) put(e entry, dir string) error {
	if e.Name == "" {
		return nil // the root stays as it must be
	}
	way, base := split(e.Name)
	parent, err := t.walk(way, true)
	if err != nil {
		return err
	}
	if !parent.isDir() {
		return bad("%q lies in a file", shortened(e.Name))
	}
	switch e.Kind {
	case directoryEntry:
		if old := parent.children[base]; old != nil && old.isDir() {
			old.mode = e.Mode
			return nil
		}
		n := newDirectory()
		n.mode = e.Mode
		parent.children[base] = n
	case symlinkEntry:
		parent.children[base] = &node{target: e.Target}
	case fileEntry:
		parent.children[base] = &node{mode: e.Mode, file: filePath(dir, e.File)}
	case hardLinkEntry:
		from, name := split(e.Target)
		there, err := t.walk(from, false)
		if err != nil {
			return err
		}
		if there == nil || !there.isDir() || there.children[name] == nil || there.children[name].isDir() {
			return bad("%q is a link to %q, which is no file", shortened(e.Name), shortened(e.Target))
		}
		parent.children[base] = there.children[name]
	}
	return nil
}

// What a sandbox mounts something on, or shows something of its own over. None
// of it may be a link, or lie behind one.
var (
	mountDirectories = []string{"proc", "dev", "tmp", "opt", "var/task"}
	mountFiles       = []string{"etc/hosts", "etc/resolv.conf"}
	readFiles        = []string{"etc/passwd", "etc/group"}
)

// prepare makes the places that a sandbox needs. empty is a file on the host
// with nothing in it.
func (t *tree) prepare(empty string) {
	for _, name := range mountDirectories {
		t.plain(name)
	}
	for _, name := range append(slices.Clone(mountFiles), readFiles...) {
		way, base := split(name)
		parent := t.plain(way)
		old := parent.children[base]
		switch {
		case old != nil && !old.isDir() && !old.isLink():
			continue
		case slices.Contains(mountFiles, name):
			parent.children[base] = &node{mode: 0o444, file: empty}
		case old != nil:
			// As far as it is a link to a file of the image's, it is that file.
			there, err := t.walk(name, false)
			if delete(parent.children, base); err == nil && there != nil && !there.isDir() && there.file != "" {
				parent.children[base] = there
			}
		}
	}
}

// plain returns the directory of a path that leads through no link, and makes it
// so if need be.
func (t *tree) plain(name string) *node {
	n := t.root
	for part := range strings.SplitSeq(name, "/") {
		next := n.children[part]
		if next == nil || !next.isDir() {
			next = newDirectory()
			n.children[part] = next
		}
		next.mode |= 0o111
		n = next
	}
	return n
}

// write makes the tree in an empty directory of the host, by hard links of the
// layers' files.
func (t *tree) write(dir string) error { return t.root.write(dir) }

func (n *node) write(dir string) error {
	for name, child := range n.children {
		at := filepath.Join(dir, name)
		var err error
		switch {
		case child.isDir():
			if err = os.Mkdir(at, 0o700); err == nil {
				err = child.write(at)
			}
			if err == nil {
				err = os.Chmod(at, fs.FileMode(child.mode))
			}
		case child.isLink():
			err = os.Symlink(child.target, at)
		default:
			err = disk.Link(child.file, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
