package code

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/klauspost/compress/flate"
)

// Limits on an unpacked package.
const (
	// MaxUnzipped is what a package and its layers may have together, in bytes.
	//
	// AWS: 250 MB, "Lambda quotas" of the developer guide.
	MaxUnzipped = 262144000

	maxEntries = 200_000
	maxLink    = 4096
	// Each directory on an entry's way is opened for that entry alone: without
	// this, a few kilobytes of names are work for minutes.
	maxDepth = 128
)

// unzip unpacks a ZIP file into the empty directory dir and returns the bytes of
// it. Everyone may read the result and nobody may write it. Whatever would end up
// outside dir is an error, as is a link that says so, and what is larger than
// limit: sizes are counted as they come, not believed. A link may still lead out
// by way of another: on the host, nothing follows links but through os.Root.
func unzip(file io.ReaderAt, size int64, dir string, limit int64) (int64, error) {
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
	u := unzipper{root: root, left: limit, limit: limit, directories: map[string]bool{".": true}}
	for _, f := range z.File {
		if err := u.entry(f); err != nil {
			return 0, fmt.Errorf("unpack %q of the deployment package: %w", f.Name, err)
		}
	}
	return limit - u.left, u.close()
}

type unzipper struct {
	root        *os.Root // nothing can be reached outside it
	limit, left int64    // bytes that may be written, and may still be
	directories map[string]bool
}

func (u *unzipper) entry(f *zip.File) error {
	name := strings.ReplaceAll(f.Name, `\`, "/") // some Windows tools write them
	if name == "" || path.IsAbs(name) || strings.ContainsRune(name, 0) {
		return fmt.Errorf("its name is not a relative path")
	}
	isDir := strings.HasSuffix(name, "/")
	name = path.Clean(name)
	if name == ".." || strings.HasPrefix(name, "../") {
		return fmt.Errorf("its name leads out of the package")
	}
	if name == "." {
		return nil
	}
	if strings.Count(name, "/") >= maxDepth {
		return fmt.Errorf("it lies more than %d directories deep", maxDepth-1)
	}
	if isDir || f.Mode().IsDir() {
		return u.directory(name)
	}
	if err := u.directory(path.Dir(name)); err != nil {
		return err
	}
	switch mode := f.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return u.link(name, f)
	case mode.IsRegular():
		return u.file(name, f)
	default:
		return fmt.Errorf("it is neither a file, nor a directory, nor a symbolic link")
	}
}

// directory makes a directory and its parents, and remembers them.
func (u *unzipper) directory(name string) error {
	if u.directories[name] {
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
	u.directories[name] = true
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
	mode := fs.FileMode(0o444)
	if f.Mode()&0o111 != 0 {
		mode = 0o555
	}
	// AWS: of two entries with one name, the later holds.
	_ = u.root.Remove(name)
	w, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
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
	// Not what the umask left of the mode, and not the owner's wish to keep
	// others from reading: they run the code.
	return w.Chmod(mode)
}

// AWS: the message of CreateFunction for such a package.
func (u *unzipper) tooMuch() error {
	return fmt.Errorf("Unzipped size must be smaller than %d bytes", u.limit)
}

func (u *unzipper) link(name string, f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxLink+1))
	if err != nil {
		return err
	}
	target := string(b)
	inside := path.Join(path.Dir(name), target)
	if len(b) > maxLink || target == "" || path.IsAbs(target) || inside == ".." || strings.HasPrefix(inside, "../") {
		return fmt.Errorf("the symbolic link leads out of the package")
	}
	_ = u.root.Remove(name)
	return u.root.Symlink(filepath.FromSlash(target), name)
}

// close takes the right to write away from the directories, the innermost
// first. The outermost stays as it is: it is yet to be renamed.
func (u *unzipper) close() error {
	names := make([]string, 0, len(u.directories))
	for name := range u.directories {
		if name != "." {
			names = append(names, name)
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(names)))
	for _, name := range names {
		if err := u.root.Chmod(name, 0o555); err != nil {
			return fmt.Errorf("unpack the deployment package: %w", err)
		}
	}
	return nil
}
