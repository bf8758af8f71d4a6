package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Bounds of an unpacked image.
const (
	// AWS: 10 GB with all layers, "Lambda quotas" of the developer guide.
	maxUnpacked = 10 << 30
	maxEntries  = 1_000_000
	maxNames    = 256 << 20 // bytes of all paths
	maxDepth    = 255
	maxPath     = 4096
	maxName     = 255
	// A decompressor's window; zstd's own default goes no further.
	maxWindow = 128 << 20
)

// A layer is an unpacked layer. Its files lie under numbers, not names: where a
// name leads is found out when layers become a tree, and never by the host's
// file system.
type layer struct {
	Entries []entry
	Size    int64  // of all files
	Boot    string // of the machine, when it was unpacked
}

// An entry is one of a layer, in the order of its archive.
type entry struct {
	Kind   entryKind
	Name   string // clean, relative
	Mode   uint16 // what its user may do; see permissions
	Target string // of a link
	File   int    // its number
}

type entryKind uint8

const (
	directoryEntry entryKind = iota
	fileEntry
	symlinkEntry
	hardLinkEntry
	whiteoutEntry // what earlier layers have there is gone
	opaqueEntry   // what earlier layers have in there is gone
)

// A budget is what all layers of an image may take together.
type budget struct{ bytes, entries, names atomic.Int64 }

func newBudget() *budget {
	b := new(budget)
	b.bytes.Store(maxUnpacked)
	b.entries.Store(maxEntries)
	b.names.Store(maxNames)
	return b
}

// errTooLarge is an image beyond its bounds.
var errTooLarge = fmt.Errorf("the image is larger than %d bytes or %d files, unpacked", int64(maxUnpacked), maxEntries)

// A badArchive is a layer that is at fault, and not this host.
type badArchive struct{ error }

func (b badArchive) Unwrap() error { return b.error }

func bad(format string, args ...any) error { return badArchive{fmt.Errorf(format, args...)} }

// unpackLayer reads a layer's archive, packed or not, into the empty directory
// dir, as long as room has room for it. It returns once every byte was read, so
// that what r counts is whole. diff is the digest of the archive, unpacked.
func unpackLayer(r io.Reader, dir string, left *budget, room *room) (l *layer, diff string, err error) {
	plain, done, err := decompress(r)
	if err != nil {
		return nil, "", badArchive{err}
	}
	defer done()
	h := sha256.New()
	u := &layerReader{in: &counted{r: io.TeeReader(plain, h), left: maxUnpacked + maxUnpacked/8, over: errTooLarge}, dir: dir, left: left, room: room, l: new(layer)}
	if err := u.read(); err != nil {
		return nil, "", err
	}
	return u.l, "sha256:" + hexOf(h), nil
}

func hexOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// decompress looks at an archive's first bytes: media types have been known to
// lie about them.
func decompress(r io.Reader) (io.Reader, func(), error) {
	b := bufio.NewReaderSize(r, 256<<10)
	magic, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, err
		}
		return z, func() { z.Close() }, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	}
	return b, func() {}, nil
}

// A counted reader ends with an error where a bomb would go on.
type counted struct {
	r    io.Reader
	left int64
	over error
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, c.over
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}

type layerReader struct {
	in   io.Reader
	dir  string
	left *budget
	room *room
	l    *layer
	next int // file
	// unasked are bytes that were written since room was asked.
	unasked int64
}

// askAfter is how much is written before the disk is asked again.
const askAfter = 16 << 20

func (u *layerReader) read() error {
	archive := tar.NewReader(u.in)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return badArchive{err}
		}
		if u.left.entries.Add(-1) < 0 || u.left.names.Add(-int64(len(h.Name)+len(h.Linkname))) < 0 {
			return badArchive{errTooLarge}
		}
		if err := u.entry(h, archive); err != nil {
			if b, ok := errors.AsType[badArchive](err); ok {
				return bad("%q: %w", shortened(h.Name), b.error)
			}
			return err
		}
	}
	// What follows the archive's end belongs to its digest.
	if _, err := io.Copy(io.Discard, u.in); err != nil {
		return badArchive{err}
	}
	return nil
}

func shortened(name string) string { return name[:min(len(name), 200)] }

// cleanName makes an archive's name relative to the root, and refuses one that
// leads out of it.
func cleanName(name string) (string, error) {
	if strings.ContainsRune(name, 0) || len(name) > maxPath {
		return "", bad("the name is too long, or has a zero byte in it")
	}
	// "..", also where other parts take it back: no archive needs it.
	parts := 0
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "..":
			return "", bad("the name leads out of the image")
		case len(part) > maxName:
			return "", bad("the name is too long")
		case part != "" && part != ".":
			parts++
		}
	}
	if parts > maxDepth {
		return "", bad("it lies more than %d directories deep", maxDepth)
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/"), nil
}

// The names of whiteouts in the OCI image specification.
const (
	whiteoutPrefix = ".wh."
	opaqueName     = ".wh..wh..opq"
	reservedPrefix = ".wh..wh." // of the file system that they come from
)

func (u *layerReader) entry(h *tar.Header, content io.Reader) error {
	name, err := cleanName(h.Name)
	if err != nil {
		return err
	}
	if base := path.Base(name); strings.HasPrefix(base, whiteoutPrefix) {
		return u.whiteout(path.Dir(name), base)
	}
	e := entry{Name: name, Mode: permissions(h.Mode)}
	switch h.Typeflag {
	case tar.TypeDir:
		e.Kind = directoryEntry
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		e.Kind = fileEntry
		if e.File, err = u.file(h.Size, e.Mode, content); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if h.Linkname == "" || len(h.Linkname) > maxPath || strings.ContainsRune(h.Linkname, 0) {
			return bad("the link leads nowhere")
		}
		e.Kind, e.Target = symlinkEntry, h.Linkname
	case tar.TypeLink:
		e.Kind = hardLinkEntry
		if e.Target, err = cleanName(h.Linkname); err != nil {
			return err
		}
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo, tar.TypeXGlobalHeader:
		// Functions get the devices that Lambda gives them, and no others.
		return nil
	default:
		return bad("it is of the unknown type %q", string(h.Typeflag))
	}
	if name == "" && e.Kind != directoryEntry {
		return bad("it is the root, and no directory")
	}
	u.l.Entries = append(u.l.Entries, e)
	return nil
}

func (u *layerReader) whiteout(dir, base string) error {
	e := entry{Kind: whiteoutEntry}
	switch hidden := strings.TrimPrefix(base, whiteoutPrefix); {
	case base == opaqueName:
		e.Kind, e.Name = opaqueEntry, dir
	case strings.HasPrefix(base, reservedPrefix):
		return nil
	case hidden == "" || hidden == "." || hidden == "..":
		return bad("it takes nothing away")
	default:
		e.Name = path.Join(dir, hidden)
	}
	if e.Name == "." {
		e.Name = ""
	}
	u.l.Entries = append(u.l.Entries, e)
	return nil
}

// permissions are what a function may do with a file.
//
// AWS: it runs as a user that owns nothing in the image, and in no group of it:
// what others may do is what it may do, "Create a Lambda function using a
// container image" in the developer guide. In a sandbox without root, that user
// is the one who owns all of it, and so owner and group get no more than others.
// Nobody writes, and no program changes its user.
func permissions(mode int64) uint16 { return uint16(mode&0o5) * 0o111 }

// filePath is where a file of a layer lies, with no directory too large.
func filePath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("%03x", number>>12), fmt.Sprintf("%03x", number&0xfff))
}

func (u *layerReader) file(size int64, mode uint16, content io.Reader) (int, error) {
	if u.left.bytes.Add(-size) < 0 {
		return 0, badArchive{errTooLarge}
	}
	if u.unasked += size; u.unasked > askAfter || u.next == 0 {
		if err := u.room.has(size); err != nil {
			return 0, err
		}
		u.unasked = 0
	}
	number := u.next
	u.next++
	name := filePath(u.dir, number)
	if number&0xfff == 0 {
		if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
			return 0, err
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, err := io.Copy(f, archived{content})
	u.l.Size += n
	if err != nil {
		return 0, ofArchive(err)
	}
	if n != size {
		return 0, bad("it has %d bytes, and should have %d", n, size)
	}
	return number, f.Chmod(os.FileMode(mode))
}

// archived marks a reader's errors as the archive's, to tell them from those of
// writing.
type archived struct{ r io.Reader }

func (r archived) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = badArchive{err}
	}
	return n, err
}

// ofArchive returns the archive's own part of an error of io.Copy, else the
// error: this host's.
func ofArchive(err error) error {
	if b, ok := errors.AsType[badArchive](err); ok {
		return b
	}
	return err
}

// save and load keep a layer's entries beside its files.
func (l *layer) save(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	return errors.Join(gob.NewEncoder(w).Encode(l), w.Flush(), f.Close())
}

func loadLayer(name string) (*layer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	l := new(layer)
	return l, gob.NewDecoder(bufio.NewReader(f)).Decode(l)
}
