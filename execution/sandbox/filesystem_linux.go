//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// old is where the host's root stays visible while the sandbox's is built.
const old = "/.host"

// The user that functions run as, as in Lambda.
const (
	insideUID  = 993
	insideGID  = 990
	insideUser = "sbx_user1051"
	hostname   = "169.254.76.1"
)

// A hostLayout is what of the host every sandbox shows.
type hostLayout struct {
	links map[string]string // "/bin" → "usr/bin"
	shown []shownPath
}

// A shownPath is a directory or a file of the host that is shown read-only.
type shownPath struct {
	from, to string
	dir      bool
}

// readHostLayout looks at the host once, when the driver starts.
func readHostLayout() hostLayout {
	l := hostLayout{links: map[string]string{}}
	for _, dir := range []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"} {
		if target, err := os.Readlink(dir); err == nil {
			l.links[dir] = target
		} else {
			l.bind(dir)
		}
	}
	l.bind("/usr")
	l.bind("/nix/store") // where NixOS keeps what /usr holds elsewhere
	for _, name := range []string{
		"ld.so.cache", "localtime", "services", "protocols",
		"alternatives",                 // /usr/bin/java leads through it
		"ssl/certs", "ssl/openssl.cnf", // never ssl/private
		"pki/tls/certs", "pki/ca-trust", // the same on Fedora
		"ca-certificates", "crypto-policies", //
	} {
		l.bind("/etc/" + name)
	}
	java, _ := filepath.Glob("/etc/java*") // a JDK's configuration links here
	for _, dir := range java {
		l.bind(dir)
	}
	return l
}

func (l *hostLayout) bind(name string) {
	if s, err := look(name, name); err == nil {
		l.shown = append(l.shown, s)
	}
}

// look finds out where a path really leads and what stands there.
func look(from, to string) (shownPath, error) {
	real, err := filepath.EvalSymlinks(from)
	if err != nil {
		return shownPath{}, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return shownPath{}, err
	}
	return shownPath{real, to, info.IsDir()}, nil
}

// A rootBuilder writes the part of a program that builds the root.
type rootBuilder struct {
	p        *program
	made     map[string]bool
	readOnly address // mount_setattr's argument: read-only, no setuid, no devices
}

// root writes the steps that build the sandbox's root and make it the root.
// Everything is refused at build time or fails by name; nothing is left out.
func (p *program) root(layout hostLayout, spec Spec, id identity) error {
	b := &rootBuilder{p: p, made: map[string]bool{"/": true}}
	b.readOnly = p.words(unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, 0, 0, 0)
	p.try(unix.SYS_UMASK, 0o022)

	slash, tmpfs := p.str("/"), p.str("tmpfs")
	p.do("keep mounts to itself", unix.SYS_MOUNT, 0, slash, 0, unix.MS_REC|unix.MS_PRIVATE, 0)
	// /tmp is only a place to stand on: every host has one, and nothing of it
	// is touched.
	base := p.str("/tmp")
	p.do("mount a root", unix.SYS_MOUNT, tmpfs, base, tmpfs, unix.MS_NOSUID|unix.MS_NODEV, p.str("size=2m,nr_inodes=2k,mode=0755"))
	p.do("make a directory in the new root", unix.SYS_MKDIRAT, unix.AT_FDCWD&mask, p.str("/tmp"+old), 0o755)
	p.do("change to the new root", unix.SYS_PIVOT_ROOT, base, p.str("/tmp"+old))
	p.do("go to the new root", unix.SYS_CHDIR, slash)

	b.system(layout)
	b.devices()
	b.files(spec)
	tmp := tmpSize(spec.TmpMB) + fmt.Sprintf(",mode=0700,uid=%d,gid=%d", id.mountUID, id.mountGID)
	b.mount("mount /tmp", "tmpfs", "/tmp", unix.MS_NOSUID|unix.MS_NODEV, tmp)
	if err := b.given(spec); err != nil {
		return err
	}
	if spec.Late {
		b.late(spec)
	}
	// Read-only /proc: nothing in it is written by runtimes, and much of it
	// acts on more than the process.
	b.mount("mount /proc", "proc", "/proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RDONLY, "")

	// The command writes its user mapping in the host's /proc, whose own is
	// read-only.
	p.do("open /proc", unix.SYS_OPENAT, unix.AT_FDCWD&mask, p.str(old+"/proc"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	p.do("keep /proc", unix.SYS_DUP3, p.spare, hostProcFD, unix.O_CLOEXEC)
	p.do("close /proc", unix.SYS_CLOSE, p.spare)

	p.do("leave the host's root", unix.SYS_UMOUNT2, p.str(old), unix.MNT_DETACH)
	p.do("remove the host's root", unix.SYS_UNLINKAT, unix.AT_FDCWD&mask, p.str(old), unix.AT_REMOVEDIR)
	p.do("make the root read-only", unix.SYS_MOUNT_SETATTR, unix.AT_FDCWD&mask, slash, 0, b.readOnly, 32)
	return nil
}

// mask makes a negative constant an argument.
const mask = 1<<32 - 1

// mkdir writes the steps that make a directory and those above it.
func (b *rootBuilder) mkdir(dir string) {
	if b.made[dir] {
		return
	}
	b.mkdir(path.Dir(dir))
	b.made[dir] = true
	b.p.try(unix.SYS_MKDIRAT, unix.AT_FDCWD&mask, b.p.str(dir), 0o755)
}

func (b *rootBuilder) link(target, name string) {
	b.mkdir(path.Dir(name))
	b.p.do("link "+name, unix.SYS_SYMLINKAT, b.p.str(target), unix.AT_FDCWD&mask, b.p.str(name))
}

func (b *rootBuilder) file(name, content string) {
	b.mkdir(path.Dir(name))
	b.p.do("make "+name, unix.SYS_OPENAT, unix.AT_FDCWD&mask, b.p.str(name), unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_CLOEXEC, 0o644)
	b.p.do("write "+name, unix.SYS_WRITE, b.p.spare, b.p.str(content), uint64(len(content)))
	b.p.do("close "+name, unix.SYS_CLOSE, b.p.spare)
}

func (b *rootBuilder) mount(what, kind, dir string, flags uint64, options string) {
	b.mkdir(dir)
	k := b.p.str(kind)
	var o address
	if options != "" {
		o = b.p.str(options)
	}
	b.p.do(what, unix.SYS_MOUNT, k, b.p.str(dir), k, flags, o)
}

// show writes the steps that show a path of the host, with everything mounted
// in it, read-only.
func (b *rootBuilder) show(s shownPath) {
	to := b.p.str(s.to)
	if s.dir {
		b.mkdir(s.to)
	} else {
		b.mkdir(path.Dir(s.to))
		b.p.try(unix.SYS_MKNODAT, unix.AT_FDCWD&mask, to, unix.S_IFREG|0o644, 0)
	}
	b.p.do("show "+s.from+" at "+s.to, unix.SYS_MOUNT, b.p.str(old+s.from), to, 0, unix.MS_BIND|unix.MS_REC, 0)
	b.p.do("make "+s.to+" read-only", unix.SYS_MOUNT_SETATTR, unix.AT_FDCWD&mask, to, unix.AT_RECURSIVE, b.readOnly, 32)
}

func (b *rootBuilder) system(layout hostLayout) {
	for name, target := range layout.links {
		b.link(target, name)
	}
	for _, s := range layout.shown {
		b.show(s)
	}
}

// devices writes the steps that make /dev. No terminal is in it, and no shm.
//
// AWS: functions have no /dev/shm; Python's multiprocessing.Queue and Pool fail
// for the lack of it, and must fail here too.
// https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/
func (b *rootBuilder) devices() {
	b.mkdir("/dev")
	for _, name := range []string{"null", "zero", "full", "random", "urandom"} {
		to := b.p.str("/dev/" + name)
		b.p.do("make /dev/"+name, unix.SYS_MKNODAT, unix.AT_FDCWD&mask, to, unix.S_IFREG|0o666, 0)
		b.p.do("show /dev/"+name, unix.SYS_MOUNT, b.p.str(old+"/dev/"+name), to, 0, unix.MS_BIND, 0)
	}
	b.link("/proc/self/fd", "/dev/fd")
	b.link("/proc/self/fd/0", "/dev/stdin")
	b.link("/proc/self/fd/1", "/dev/stdout")
	b.link("/proc/self/fd/2", "/dev/stderr")
}

func (b *rootBuilder) files(spec Spec) {
	b.file("/etc/passwd", fmt.Sprintf("root:x:0:0:root:/root:/sbin/nologin\n%s:x:%d:%d::/home/%[1]s:/sbin/nologin\n", insideUser, insideUID, insideGID))
	b.file("/etc/group", fmt.Sprintf("root:x:0:\n%s:x:%d:\n", insideUser, insideGID))
	b.file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
	hosts := "127.0.0.1 localhost\n::1 localhost\n"
	if spec.Network == HostNetwork {
		if own, err := os.ReadFile("/etc/hosts"); err == nil {
			hosts = string(own)
		}
		if resolver, err := os.ReadFile("/etc/resolv.conf"); err == nil && len(resolver) > 0 {
			b.file("/etc/resolv.conf", string(resolver))
		}
	}
	// AWS: what extensions name as the receiver of logs and telemetry.
	// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
	b.file("/etc/hosts", strings.TrimSuffix(hosts, "\n")+"\n127.0.0.1 sandbox.localdomain sandbox\n")
}

// given shows what the Spec names.
func (b *rootBuilder) given(spec Spec) error {
	show := func(what, from, to string) error {
		s, err := look(from, to)
		if err != nil {
			return fmt.Errorf("show %s at %s: %w", what, to, err)
		}
		b.show(s)
		return nil
	}
	within := func(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

	b.mkdir("/var/task")
	if spec.Task != "" {
		if err := show("the code", spec.Task, "/var/task"); err != nil {
			return err
		}
	}
	// A runtime installed below /opt shares it with the layers.
	shared := slices.ContainsFunc(spec.Runtime, func(dir string) bool { return within(dir, "/opt") })
	b.mkdir("/opt")
	switch {
	case spec.Opt != "" && !shared:
		if err := show("the layers", spec.Opt, "/opt"); err != nil {
			return err
		}
	case spec.Opt != "":
		entries, err := os.ReadDir(spec.Opt)
		if err != nil {
			return fmt.Errorf("show the layers at /opt: %w", err)
		}
		for _, e := range entries {
			if err := show("the layers", filepath.Join(spec.Opt, e.Name()), "/opt/"+e.Name()); err != nil {
				return err
			}
		}
	}
	for _, dir := range slices.Sorted(slices.Values(spec.Runtime)) {
		dir = path.Clean(dir)
		if !path.IsAbs(dir) || slices.Contains([]string{"/", "/proc", "/dev", "/etc", "/tmp", "/var", "/var/task", "/opt"}, dir) {
			return fmt.Errorf("%s cannot be shown as a part of a runtime", dir)
		}
		if within(dir, "/usr") {
			continue
		}
		if err := show("the runtime", dir, dir); err != nil {
			return err
		}
	}
	return nil
}
