package code

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/klauspost/compress/flate"
)

// MaxUnzipped is what a package and its layers may have together, in bytes.
//
// AWS: 250 MB, "Lambda quotas" of the developer guide.
const MaxUnzipped = 262144000

// unzip unpacks a ZIP file into the empty directory dir and returns the bytes of
// it. Nobody may write the result, and who may read it is permissions' to say.
// Whatever would end up outside dir is an error, as is what is larger than limit:
// sizes are counted as they come, not believed. linksInside is as of Packages.
func unzip(file io.ReaderAt, size int64, dir string, limit int64, linksInside bool) (int64, error) {
	z, err := zip.NewReader(file, size)
	if err != nil {
		return 0, fmt.Errorf("the deployment package is not a ZIP file: %w", err)
	}
	if len(z.File) > maxEntries {
		return 0, fmt.Errorf("the deployment package has %d entries, more than %d", len(z.File), maxEntries)
	}
	// Twice as fast as the standard library's; a first request waits for it.
	z.RegisterDecompressor(zip.Deflate, flate.NewReader)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("unpack the deployment package: %w", err)
	}
	defer root.Close()
	u := unzipper{root: root, left: limit, limit: limit, linksInside: linksInside, directories: map[string]fs.FileMode{".": 0o555}}
	for _, f := range z.File {
		if err := u.entry(f); err != nil {
			return 0, fmt.Errorf("unpack %.100q of the deployment package: %w", f.Name, err)
		}
	}
	return limit - u.left, u.close()
}

// An unzipper makes every directory itself, and writes through no other: what a
// link of the package names is never followed.
type unzipper struct {
	root        *os.Root // nothing can be reached outside it
	limit, left int64    // bytes that may be written, and may still be
	linksInside bool
	directories map[string]fs.FileMode // that are to be theirs
}

func (u *unzipper) entry(f *zip.File) error {
	name, mode, err := placeOf(f)
	if err != nil || name == "." {
		return err
	}
	if mode.IsDir() {
		if err := u.directory(name); err != nil {
			return err
		}
		u.directories[name] = permissions(f, true)
		return nil
	}
	if err := u.directory(path.Dir(name)); err != nil {
		return err
	}
	if _, ok := u.directories[name]; ok {
		return errBoth
	}
	// AWS: of two entries with one name, the later holds.
	_ = u.root.Remove(name)
	if mode == fs.ModeSymlink {
		return u.link(name, f)
	}
	return u.file(name, f)
}

// directory makes a directory and its parents, and remembers them.
func (u *unzipper) directory(name string) error {
	if _, ok := u.directories[name]; ok {
		return nil
	}
	if err := u.directory(path.Dir(name)); err != nil {
		return err
	}
	if len(u.directories) > maxEntries {
		return fmt.Errorf("the deployment package has more than %d directories", maxEntries)
	}
	if err := u.root.Mkdir(name, 0o755); err != nil {
		return err
	}
	u.directories[name] = 0o555
	return nil
}

func (u *unzipper) file(name string, f *zip.File) error {
	if f.UncompressedSize64 > uint64(u.left) {
		return u.tooMuch()
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer w.Close()
	n, err := io.Copy(w, io.LimitReader(r, u.left+1))
	if err != nil {
		return err
	}
	if u.left -= n; u.left < 0 {
		return u.tooMuch()
	}
	return w.Chmod(permissions(f, false))
}

// AWS: the message of CreateFunction for such a package.
func (u *unzipper) tooMuch() error {
	return fmt.Errorf("Unzipped size must be smaller than %d bytes", u.limit)
}

func (u *unzipper) link(name string, f *zip.File) error {
	target, err := readLink(f, name, u.linksInside)
	if err != nil {
		return err
	}
	return u.root.Symlink(target, name)
}

// close gives the directories their modes, the innermost first. The outermost
// stays as it is: it is yet to be renamed.
func (u *unzipper) close() error {
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(u.directories))) {
		if name == "." {
			continue
		}
		if err := u.root.Chmod(name, u.directories[name]); err != nil {
			return fmt.Errorf("unpack the deployment package: %w", err)
		}
	}
	return nil
}
