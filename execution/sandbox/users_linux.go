//go:build amd64 || arm64

package sandbox

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"

	"golang.org/x/sys/unix"
)

// An identity is whom the sandbox's processes are, outside.
type identity struct {
	privileged bool // the server may mount and change users without a user namespace
	uid, gid   int  // on the host
	mountUID   int  // the same as mount options name it
	mountGID   int
	keeps      uint64 // a set of capabilities that init keeps
}

// A command is of init's user. Only that init may something which the command may
// not keeps its memory, its files and its priority from the command; so it keeps
// what means little on the host and nothing in a user namespace.
const initCapability = unix.CAP_WAKE_ALARM

// users says whom sandboxes may be on the host.
type users struct {
	privileged bool
	keeps      uint64
	uids, gids idRange
}

// An idRange is some IDs that nothing else on the host uses.
type idRange struct{ first, count int }

// unusedIDs lie above what systemd gives to containers and below the sign bit.
var unusedIDs = idRange{1879048192, 1 << 27}

// readUsers finds out whether the server may mount and become someone else. A
// privileged server gives each sandbox a user of its own; any other can only
// give them its own.
func readUsers() (users, error) {
	var u users
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return u, fmt.Errorf("read the server's capabilities: %w", err)
	}
	has := func(c int) bool { return data[c/32].Effective&(1<<(c%32)) != 0 }
	u.keeps = 1 << initCapability
	for _, c := range []int{unix.CAP_SYS_ADMIN, unix.CAP_SETUID, unix.CAP_SETGID, unix.CAP_NET_ADMIN, unix.CAP_DAC_OVERRIDE} {
		if !has(c) {
			return u, nil
		}
	}
	uids, err := readUnusedIDs("/proc/self/uid_map")
	if err != nil {
		return u, err
	}
	gids, err := readUnusedIDs("/proc/self/gid_map")
	if err != nil {
		return u, err
	}
	u.privileged, u.uids, u.gids = uids.count > 0 && gids.count > 0, uids, gids
	if u.privileged && !has(initCapability) { // in a container that has most
		u.keeps = 0
	}
	return u, nil
}

// readUnusedIDs returns IDs that the server's user namespace knows and that
// nothing uses: in a container only the last few may be left, or none.
func readUnusedIDs(name string) (idRange, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return idRange{}, fmt.Errorf("find users for sandboxes: %w", err)
	}
	return chooseUnusedIDs(b)
}

func chooseUnusedIDs(idMap []byte) (idRange, error) {
	var last idRange
	for lines := bufio.NewScanner(bytes.NewReader(idMap)); lines.Scan(); {
		var inside, outside, count int
		if _, err := fmt.Sscan(lines.Text(), &inside, &outside, &count); err != nil {
			return idRange{}, fmt.Errorf("find users for sandboxes: line %q: %w", lines.Text(), err)
		}
		if inside <= unusedIDs.first && inside+count >= unusedIDs.first+unusedIDs.count {
			return unusedIDs, nil
		}
		if inside+count > last.first+last.count && count >= 16 {
			quarter := count / 4
			last = idRange{inside + count - quarter, quarter}
		}
	}
	return last, nil
}

// realRoot reports whether the server is root, and not only in a user namespace.
func realRoot() bool {
	b, err := os.ReadFile("/proc/self/uid_map")
	return os.Geteuid() == 0 && (err != nil || bytes.Equal(bytes.Join(bytes.Fields(b), []byte(" ")), []byte("0 0 4294967295")))
}

// choose returns an identity for one sandbox.
func (u users) choose() identity {
	if !u.privileged {
		return identity{uid: os.Geteuid(), gid: os.Getegid(), mountUID: insideUID, mountGID: insideGID, keeps: u.keeps}
	}
	// At random, so that servers on one host need not agree.
	uid := u.uids.first + rand.IntN(u.uids.count)
	gid := u.gids.first + rand.IntN(u.gids.count)
	return identity{privileged: true, uid: uid, gid: gid, mountUID: uid, mountGID: gid, keeps: u.keeps}
}

// mapUser writes the steps that make the user of this namespace the caller.
func (p *program) mapUser(id identity, dir uint64, prefix string) {
	for _, m := range [][2]string{
		{"setgroups", "deny"},
		{"uid_map", fmt.Sprintf("%d %d 1", insideUID, id.uid)},
		{"gid_map", fmt.Sprintf("%d %d 1", insideGID, id.gid)},
	} {
		p.do("open "+m[0], unix.SYS_OPENAT, dir, p.str(prefix+"self/"+m[0]), unix.O_WRONLY|unix.O_CLOEXEC, 0)
		p.do("write "+m[0], unix.SYS_WRITE, p.spare, p.str(m[1]), uint64(len(m[1])))
		p.do("close "+m[0], unix.SYS_CLOSE, p.spare)
	}
}

// boundUser writes the steps that leave the server's user, whose the sandbox is,
// some of what the kernel gives to each user only so often. Some containers do not
// allow it; then there is less for others, and no way to anything.
func (p *program) boundUser() {
	for _, m := range [][2]string{{"max_inotify_instances", "16"}, {"max_inotify_watches", "8192"}} {
		p.try(unix.SYS_OPENAT, unix.AT_FDCWD&mask, p.str("/proc/sys/user/"+m[0]), unix.O_WRONLY|unix.O_CLOEXEC, 0)
		p.try(unix.SYS_WRITE, p.spare, p.str(m[1]), uint64(len(m[1])))
		p.try(unix.SYS_CLOSE, p.spare)
	}
}

// becomeUser writes the steps by which a privileged process becomes the
// sandbox's own host user.
func (p *program) becomeUser(id identity) {
	uid, gid := uint64(id.uid), uint64(id.gid)
	p.do("leave groups", unix.SYS_SETGROUPS, 0, 0)
	p.do("change group", unix.SYS_SETRESGID, gid, gid, gid)
	p.do("change user", unix.SYS_SETRESUID, uid, uid, uid)
}
