//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// imageRoot is where a container image is put together, in the root that is
// made for every sandbox; then it becomes the root itself.
const imageRoot = "/.image"

// mostNames bounds the files of users and groups that are taken from an image.
const mostNames = 256 << 10

// image writes the steps that make a directory of the host the root: what every
// sandbox has lies over it, in places that the image must have.
func (b *rootBuilder) image(spec Spec, id identity) error {
	shown, err := given(spec)
	if err != nil {
		return err
	}
	b.show(shownPath{from: spec.Root, to: imageRoot, dir: true})
	for _, dir := range []string{"/dev", "/tmp", "/proc"} {
		if err := b.place(spec.Root, dir, true); err != nil {
			return err
		}
	}
	b.mount("mount /dev", "tmpfs", imageRoot+"/dev", unix.MS_NOSUID, "size=64k,nr_inodes=32,mode=0755")
	b.devices(imageRoot)
	b.p.do("make /dev read-only", unix.SYS_MOUNT_SETATTR, unix.AT_FDCWD&mask, b.p.str(imageRoot+"/dev"), 0, b.readOnly, 32)
	b.tmp(imageRoot, spec, id)
	for _, f := range etcFiles(spec) {
		if err := b.place(spec.Root, f.name, false); err != nil {
			return err
		}
		b.cover(f)
	}
	for _, f := range []etcFile{
		{"/etc/passwd", userLine},
		{"/etc/group", groupLine},
	} {
		own, err := readPlain(spec.Root + f.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // an image without users does without
		}
		if err != nil {
			return fmt.Errorf("read the image's %s: %w", f.name, err)
		}
		if err := b.place(spec.Root, f.name, false); err != nil {
			return err
		}
		if own != "" && !strings.HasSuffix(own, "\n") {
			own += "\n"
		}
		b.cover(etcFile{f.name, own + f.content})
	}
	for _, s := range shown {
		if err := b.place(spec.Root, s.to, s.dir); err != nil {
			return err
		}
		s.to = imageRoot + s.to
		b.show(s)
	}
	b.proc(imageRoot)
	return nil
}

// enterImage writes the steps that leave the root around the image.
func (b *rootBuilder) enterImage() {
	here := b.p.str(".")
	b.p.do("go to the image", unix.SYS_CHDIR, b.p.str(imageRoot))
	b.p.do("change to the image", unix.SYS_PIVOT_ROOT, here, here)
	b.p.do("leave the root around the image", unix.SYS_UMOUNT2, here, unix.MNT_DETACH)
	b.p.do("go to the image's root", unix.SYS_CHDIR, b.p.str("/"))
}

// cover shows a file over one of the image.
func (b *rootBuilder) cover(f etcFile) {
	from := "/.files" + f.name
	b.file(from, f.content)
	to := b.p.str(imageRoot + f.name)
	b.p.do("cover "+f.name, unix.SYS_MOUNT, b.p.str(from), to, 0, unix.MS_BIND, 0)
	b.p.do("make "+f.name+" read-only", unix.SYS_MOUNT_SETATTR, unix.AT_FDCWD&mask, to, 0, b.readOnly, 32)
}

// place checks that an image has something to mount on, which no link of the
// image's leads elsewhere.
func (b *rootBuilder) place(root, name string, dir bool) error {
	var info fs.FileInfo
	at := ""
	for part := range strings.SplitSeq(strings.TrimPrefix(path.Clean(name), "/"), "/") {
		var err error
		at += "/" + part
		if info, err = os.Lstat(root + at); err != nil {
			return fmt.Errorf("the image has no place for %s: %w", name, err)
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("the image has no place for %s: %s is a link", name, at)
		}
		if at != path.Clean(name) {
			b.made[imageRoot+at] = true
		}
	}
	if dir != info.IsDir() || !dir && !info.Mode().IsRegular() {
		return fmt.Errorf("the image has no place for %s: there is something of another kind", name)
	}
	b.made[imageRoot+path.Clean(name)] = true
	return nil
}

// readPlain reads a file that is no link and not too long.
func readPlain(name string) (string, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.Join(err, errors.New("it is not a file"))
	}
	b, err := io.ReadAll(io.LimitReader(f, mostNames+1))
	if err == nil && len(b) > mostNames {
		err = errors.New("it is too long")
	}
	return string(b), err
}

// An etcFile is a file below /etc that a sandbox has.
type etcFile struct{ name, content string }

// given finds what the Spec names.
func given(spec Spec) ([]shownPath, error) {
	var list []shownPath
	show := func(what, from, to string) error {
		s, err := look(from, to)
		if err != nil {
			return fmt.Errorf("show %s at %s: %w", what, to, err)
		}
		list = append(list, s)
		return nil
	}
	within := func(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

	if spec.Task != "" {
		if err := show("the code", spec.Task, taskDirectory); err != nil {
			return nil, err
		}
	}
	// A runtime installed below /opt shares it with the layers.
	shared := slices.ContainsFunc(spec.Runtime, func(dir string) bool { return within(dir, "/opt") })
	switch {
	case spec.Opt != "" && !shared:
		if err := show("the layers", spec.Opt, "/opt"); err != nil {
			return nil, err
		}
	case spec.Opt != "":
		entries, err := os.ReadDir(spec.Opt)
		if err != nil {
			return nil, fmt.Errorf("show the layers at /opt: %w", err)
		}
		for _, e := range entries {
			from, to := filepath.Join(spec.Opt, e.Name()), "/opt/"+e.Name()
			if e.Type()&fs.ModeSymlink != 0 {
				// Where a layer's link leads is for the sandbox to find, not for the host.
				target, err := os.Readlink(from)
				if err != nil {
					return nil, fmt.Errorf("show the layers at %s: %w", to, err)
				}
				list = append(list, shownPath{to: to, link: target})
				continue
			}
			if err := show("the layers", from, to); err != nil {
				return nil, err
			}
		}
	}
	for _, dir := range slices.Sorted(slices.Values(spec.Runtime)) {
		dir = path.Clean(dir)
		if !path.IsAbs(dir) || slices.Contains([]string{"/", "/proc", "/dev", "/etc", "/tmp", "/var", taskDirectory, "/opt"}, dir) {
			return nil, fmt.Errorf("%s cannot be shown as a part of a runtime", dir)
		}
		if spec.Root == "" && within(dir, "/usr") {
			continue
		}
		if err := show("the runtime", dir, dir); err != nil {
			return nil, err
		}
	}
	return list, nil
}
