//go:build amd64 || arm64

package sandbox

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lamgate/lamgate/execution/network"
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
	links  map[string]string // "/bin" → "usr/bin"
	shown  []shownPath
	hidden []string // files of /proc
}

// A shownPath is a directory or a file of the host that is shown read-only, or a
// symbolic link that is made like one of the host's.
type shownPath struct {
	from, to string
	dir      bool
	link     string // of a link, where it leads
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
	// They tell of the keys of the server's user, who without root is the sandbox's.
	for _, name := range []string{"/proc/keys", "/proc/key-users"} {
		if _, err := os.Stat(name); err == nil { // not every kernel has keyrings
			l.hidden = append(l.hidden, name)
		}
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
	return shownPath{from: real, to: to, dir: info.IsDir()}, nil
}

// A rootBuilder writes the part of a program that builds the root.
type rootBuilder struct {
	p        *program
	made     map[string]bool
	hidden   []string
	readOnly address // mount_setattr's argument: read-only, no setuid, no devices
}

// root writes the steps that build the sandbox's root and make it the root.
// Everything is refused at build time or fails by name; nothing is left out.
func (p *program) root(layout hostLayout, spec Spec, id identity) error {
	b := &rootBuilder{p: p, made: map[string]bool{"/": true}, hidden: layout.hidden}
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

	if spec.Root != "" {
		if err := b.image(spec, id); err != nil {
			return err
		}
	} else if err := b.host(layout, spec, id); err != nil {
		return err
	}

	// The command writes its user mapping in the host's /proc, whose own is
	// read-only.
	p.do("open /proc", unix.SYS_OPENAT, unix.AT_FDCWD&mask, p.str(old+"/proc"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	p.do("keep /proc", unix.SYS_DUP3, p.spare, hostProcFD, unix.O_CLOEXEC)
	p.do("close /proc", unix.SYS_CLOSE, p.spare)

	p.do("leave the host's root", unix.SYS_UMOUNT2, p.str(old), unix.MNT_DETACH)
	p.do("remove the host's root", unix.SYS_UNLINKAT, unix.AT_FDCWD&mask, p.str(old), unix.AT_REMOVEDIR)
	if spec.Root != "" {
		b.enterImage()
		return nil
	}
	p.do("make the root read-only", unix.SYS_MOUNT_SETATTR, unix.AT_FDCWD&mask, slash, 0, b.readOnly, 32)
	return nil
}

// host writes the steps that fill a root with what the host has.
func (b *rootBuilder) host(layout hostLayout, spec Spec, id identity) error {
	b.system(layout)
	b.devices("")
	b.file("/etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\n"+userLine)
	b.file("/etc/group", "root:x:0:\n"+groupLine)
	b.file("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
	for _, f := range etcFiles(spec) {
		b.file(f.name, f.content)
	}
	b.tmp("", spec, id)
	b.mkdir(taskDirectory)
	b.mkdir("/opt")
	shown, err := given(spec)
	if err != nil {
		return err
	}
	for _, s := range shown {
		b.show(s)
	}
	if spec.Late {
		b.late(spec)
	}
	b.proc("")
	return nil
}

// tmp writes the steps that make /tmp.
func (b *rootBuilder) tmp(at string, spec Spec, id identity) {
	options := tmpSize(spec.TmpMB) + fmt.Sprintf(",mode=0700,uid=%d,gid=%d", id.mountUID, id.mountGID)
	b.mount("mount /tmp", "tmpfs", at+"/tmp", unix.MS_NOSUID|unix.MS_NODEV, options)
}

// proc writes the steps that make /proc. It is read-only: nothing in it is
// written by runtimes, and much of it acts on more than the process.
func (b *rootBuilder) proc(at string) {
	b.mount("mount /proc", "proc", at+"/proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RDONLY, "")
	for _, name := range b.hidden {
		b.p.do("hide "+name, unix.SYS_MOUNT, b.p.str(at+"/dev/null"), b.p.str(at+name), 0, unix.MS_BIND, 0)
	}
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
	if s.link != "" {
		b.link(s.link, s.to)
		return
	}
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
func (b *rootBuilder) devices(at string) {
	b.mkdir(at + "/dev")
	for _, name := range []string{"null", "zero", "full", "random", "urandom"} {
		to := b.p.str(at + "/dev/" + name)
		b.p.do("make /dev/"+name, unix.SYS_MKNODAT, unix.AT_FDCWD&mask, to, unix.S_IFREG|0o666, 0)
		b.p.do("show /dev/"+name, unix.SYS_MOUNT, b.p.str(old+"/dev/"+name), to, 0, unix.MS_BIND, 0)
	}
	b.link("/proc/self/fd", at+"/dev/fd")
	b.link("/proc/self/fd/0", at+"/dev/stdin")
	b.link("/proc/self/fd/1", at+"/dev/stdout")
	b.link("/proc/self/fd/2", at+"/dev/stderr")
}

// The lines of the user that functions are, in /etc/passwd and /etc/group.
const (
	userLine  = insideUser + ":x:993:990::/home/" + insideUser + ":/sbin/nologin\n" // insideUID, insideGID
	groupLine = insideUser + ":x:990:\n"
)

// etcFiles are those that depend on the network.
func etcFiles(spec Spec) []etcFile {
	var list []etcFile
	hosts := "127.0.0.1 localhost\n::1 localhost\n"
	if spec.Network == EgressNetwork {
		list = append(list, etcFile{"/etc/resolv.conf", "nameserver " + network.Resolver.String() + "\n"})
	}
	if spec.Network == HostNetwork {
		if own, err := os.ReadFile("/etc/hosts"); err == nil {
			hosts = string(own)
		}
		if resolver, err := os.ReadFile("/etc/resolv.conf"); err == nil && len(resolver) > 0 {
			list = append(list, etcFile{"/etc/resolv.conf", string(resolver)})
		}
	}
	// AWS: what extensions name as the receiver of logs and telemetry.
	// https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
	hosts = strings.TrimSuffix(hosts, "\n") + "\n127.0.0.1 sandbox.localdomain sandbox\n"
	return append(list, etcFile{"/etc/hosts", hosts})
}
