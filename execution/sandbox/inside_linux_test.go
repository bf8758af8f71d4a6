//go:build amd64 || arm64

package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// linuxPrograms are the programs that only sandboxes of Linux run. Those that
// try to get out print a line for every attempt that succeeds.
func linuxPrograms() map[string]func(string) int {
	return map[string]func(string) int{
		"escape": escape, "fork": forkBomb, "memory": memoryBomb, "shared": sharedBomb, "memfd": memfdBomb,
		"fill": fill, "inodes": inodes, "files": openFiles, "watches": watches, "orphans": orphans, "dial": dial, "serve": serveUntilKilled, "start": startUntilKilled, "refused": refused, "spin": spin, "leave": leave, "talk": talk, "late": escapeLate, "offer": offer, "stubborn": stubborn,
	}
}

// orphans leaves processes that nobody but init can reap, then looks for
// zombies.
func orphans(string) int {
	for range 5 {
		_ = exec.Command("/bin/sh", "-c", "/bin/true & /bin/true &").Run()
	}
	for range 1000 {
		zombies := 0
		stats, _ := filepath.Glob("/proc/[0-9]*/stat")
		for _, name := range stats {
			b, _ := os.ReadFile(name)
			if strings.Contains(string(b), ") Z ") {
				zombies++
			}
		}
		if zombies == 0 && len(stats) <= 2 {
			return 0
		}
		time.Sleep(time.Millisecond)
	}
	return 1
}

// forkBomb starts processes until it cannot, and prints how many live.
func forkBomb(string) int {
	n := 0
	for n < 500 {
		if _, err := syscall.ForkExec("/bin/sleep", []string{"sleep", "1000"}, nil); err != nil {
			fmt.Println(n, errors.Is(err, syscall.EAGAIN))
			return 0
		}
		n++
	}
	fmt.Println(n, "no limit")
	return 1
}

const bombSize = 512 << 20

func memoryBomb(string) int {
	b := make([]byte, bombSize)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	fmt.Println("ESCAPED")
	time.Sleep(time.Hour)
	return len(b)
}

// sharedBomb takes memory that is shared between processes.
func sharedBomb(string) int {
	b, err := unix.Mmap(-1, 0, bombSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return 1
	}
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	fmt.Println("ESCAPED")
	time.Sleep(time.Hour)
	return 0
}

// memfdBomb takes memory that no process has mapped.
func memfdBomb(string) int {
	fd, err := unix.MemfdCreate("bomb", 0)
	if errors.Is(err, unix.ENOSYS) {
		return 0
	}
	chunk := make([]byte, 1<<20)
	for range bombSize >> 20 {
		if _, err := unix.Write(fd, chunk); err != nil {
			return 1
		}
	}
	fmt.Println("ESCAPED")
	time.Sleep(time.Hour)
	return 0
}

// fill writes into /tmp until there is no room, and prints the megabytes.
func fill(string) int {
	f, err := os.Create("/tmp/file")
	if err != nil {
		return 1
	}
	chunk := make([]byte, 64<<10)
	written := 0
	for written < bombSize {
		n, err := f.Write(chunk)
		written += n
		if err != nil {
			time.Sleep(200 * time.Millisecond) // several looks of the watch
			fmt.Println(written>>20, errors.Is(err, syscall.ENOSPC))
			return 0
		}
	}
	return 1
}

func inodes(string) int {
	for i := range 1_000_000 {
		if err := os.WriteFile(fmt.Sprint("/tmp/", i), nil, 0o600); err != nil {
			fmt.Println(i < 10_000, errors.Is(err, syscall.ENOSPC))
			return 0
		}
	}
	return 1
}

func openFiles(string) int {
	for i := range 100_000 {
		if _, err := unix.Open("/dev/null", unix.O_RDONLY, 0); err != nil {
			fmt.Println(i < 1024, errors.Is(err, syscall.EMFILE))
			return 0
		}
	}
	return 1
}

// watches takes what the kernel gives to each user only so often.
func watches(string) int {
	for i := range 1000 {
		if _, err := unix.InotifyInit1(0); err != nil {
			fmt.Println(i <= 16 || i == 128, errors.Is(err, syscall.EMFILE))
			return 0
		}
	}
	return 1
}

// dial speaks to the two listeners of a private network.
func dial(string) int {
	for _, address := range []string{RuntimeAPIAddress, EndpointAddress} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		b, err := io.ReadAll(c)
		fmt.Println(string(b), err)
	}
	return 0
}

// escapeLate waits for code before it does as escape does.
func escapeLate(arguments string) int {
	for {
		if _, err := os.Stat("/var/task/program"); err == nil {
			return escape(arguments)
		}
		time.Sleep(time.Millisecond)
	}
}

// offer listens on an abstract socket, which belongs to a network and to no
// directory.
func offer(name string) int {
	l, err := net.Listen("unix", "@"+name)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("offering")
	for {
		c, err := l.Accept()
		if err != nil {
			return 1
		}
		c.Close()
	}
}

// stubborn ignores whatever signal it can.
func stubborn(string) int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	for range 3 {
		if _, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", "trap '' TERM INT HUP; setsid sleep 1000 & while :; do sleep 1; done"}, nil); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	fmt.Println("ignoring")
	time.Sleep(time.Hour)
	return 0
}

// escape tries everything that must not succeed. Its argument names what is
// there on the host: "pid=1 port=2 abstract=3 path=4 path=5".
func escape(arguments string) int {
	attempts := fileAttempts()
	attempts = append(attempts, callAttempts()...)
	attempts = append(attempts, socketAttempts()...)
	for word := range strings.FieldsSeq(arguments) {
		key, value, _ := strings.Cut(word, "=")
		if key == "traced" { // it may trace its own, and was to try whether
			attempts = slices.DeleteFunc(attempts, func(a attempt) bool { return a.what == "be traced" })
			fmt.Println("traces:", traceChild())
			continue
		}
		attempts = append(attempts, hostAttempt(key, value))
	}
	for _, a := range attempts {
		if err := a.try(); err == nil {
			fmt.Println("ESCAPED:", a.what)
		}
	}
	fmt.Println("attempts:", len(attempts) > 160)
	return 0
}

// traceChild does what a debugger does: it starts a process that stops, reads its
// memory, and lets it go on.
func traceChild() error {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{Ptrace: true}})
	if err != nil {
		return err
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		return fmt.Errorf("it did not stop: %x, %w", status, err)
	}
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(pid, &regs); err != nil {
		return err
	}
	if _, err := syscall.PtracePeekText(pid, uintptr(regs.PC()), make([]byte, 8)); err != nil {
		return err
	}
	if err := syscall.PtraceDetach(pid); err != nil {
		return err
	}
	_, err = syscall.Wait4(pid, &status, 0, nil)
	return err
}

type attempt struct {
	what string
	try  func() error
}

var errHeld = errors.New("held")

// held makes an error of a condition that should hold.
func held(ok bool) error {
	if ok {
		return errHeld
	}
	return nil
}

func hostAttempt(key, value string) attempt {
	what := "reach the host's " + key + " " + value
	n, _ := strconv.Atoi(value)
	switch key {
	case "pid":
		return attempt{what, func() error {
			if _, err := os.Stat("/proc/" + value); err == nil {
				return nil
			}
			return syscall.Kill(n, 0)
		}}
	case "port":
		return attempt{what, func() error {
			c, err := net.DialTimeout("tcp", "127.0.0.1:"+value, time.Second)
			if err == nil {
				c.Close()
			}
			return err
		}}
	case "abstract":
		return attempt{what, func() error {
			c, err := net.Dial("unix", "@"+value)
			if err == nil {
				c.Close()
			}
			return err
		}}
	case "interfaces":
		return attempt{what, func() error {
			list, err := net.Interfaces()
			return errors.Join(err, held(len(list) == 1 && list[0].Name == "lo"))
		}}
	}
	return attempt{what, func() error {
		_, err := os.Stat(value)
		return err
	}}
}

func fileAttempts() []attempt {
	var list []attempt
	for _, name := range []string{"/etc/shadow", "/etc/ssl/private", "/home", "/var/lib", "/var/log", "/sys", "/run", "/boot", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/tty", "/dev/ptmx", "/dev/shm", "/dev/net/tun", "/dev/kvm", "/dev/fuse", "/sys/fs/cgroup", "/sys/kernel", "/.host", "/.image", "/.files"} {
		list = append(list, attempt{"read " + name, func() error { _, err := os.Stat(name); return err }})
	}
	for _, dir := range []string{"/", "/usr", "/usr/bin", "/var/task", "/opt", "/etc", "/dev", "/proc", "/var", "/root"} {
		list = append(list, attempt{"write in " + dir, func() error {
			f, err := os.Create(dir + "/escape")
			if err == nil {
				f.Close()
			}
			return err
		}})
	}
	for _, name := range []string{"/proc/self/oom_score_adj", "/proc/self/uid_map", "/proc/self/mem", "/proc/1/mem", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
		"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/drop_caches", "/proc/sys/vm/overcommit_memory",
		"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ping_group_range", "/proc/sys/fs/suid_dumpable", "/proc/sys/user/max_user_namespaces",
		"/proc/self/setgroups", "/proc/self/gid_map", "/proc/self/coredump_filter", "/proc/self/attr/current", "/proc/1/fd/3", "/proc/1/environ", "/proc/kcore", "/proc/kmsg", "/proc/irq/default_smp_affinity",
		"/etc/passwd", "/etc/hosts", "/var/task/program"} {
		list = append(list, attempt{"open for writing " + name, func() error {
			f, err := os.OpenFile(name, os.O_RDWR, 0)
			if err == nil {
				f.Close()
			}
			return err
		}})
	}
	// Init is of the same user, without root even of the same user namespace.
	for _, name := range []string{"mem", "environ", "maps", "map_files", "fdinfo", "io", "stack", "syscall", "auxv", "root/", "cwd/", "task/1/mem"} {
		list = append(list, attempt{"look into init's " + name, func() error { return readSome("/proc/1/" + name) }})
	}
	for _, name := range []string{"exe", "fd/3", "task/1/fd/3", "ns/mnt", "ns/user", "ns/pid"} {
		list = append(list, attempt{"find init's " + name, func() error { _, err := os.Readlink("/proc/1/" + name); return err }})
	}
	for _, name := range []string{"/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/timer_list", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/pagetypeinfo", "/proc/sched_debug", "/proc/kpagecount", "/proc/sys/kernel/usermodehelper/bset"} {
		list = append(list, attempt{"read " + name, func() error { return readSome(name) }})
	}
	return append(list,
		attempt{"know where the kernel is", func() error {
			b, err := os.ReadFile("/proc/kallsyms")
			return errors.Join(err, held(!strings.Contains(strings.Trim(strings.ReplaceAll(string(b), "0000000000000000 ", ""), "0"), "ffffffff8")))
		}},
		attempt{"see other processes", func() error {
			dirs, err := filepath.Glob("/proc/[0-9]*")
			return errors.Join(err, held(len(dirs) == 2))
		}},
		attempt{"find inherited files", func() error {
			// The standard three, and what Go's runtime and this call have opened.
			links, err := filepath.Glob("/proc/self/fd/*")
			for _, l := range links {
				to, _ := os.Readlink(l)
				if strings.HasPrefix(to, "/proc/") || strings.HasPrefix(to, "pipe:") || strings.HasPrefix(to, "anon_inode:") || to == "/dev/null" || to == "" {
					continue
				}
				return nil
			}
			return errors.Join(err, errHeld)
		}},
		attempt{"make a device", func() error { return unix.Mknod("/tmp/device", unix.S_IFBLK|0o600, int(unix.Mkdev(254, 0))) }},
		attempt{"run a setuid program as root", func() error {
			b, err := os.ReadFile("/proc/self/status")
			return errors.Join(err, held(slices.Contains(strings.Split(string(b), "\n"), "NoNewPrivs:\t1")))
		}},
		attempt{"keep capabilities", func() error {
			b, err := os.ReadFile("/proc/self/status")
			for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
				if !strings.Contains(string(b), set+":\t0000000000000000") {
					return nil
				}
			}
			return errors.Join(err, errHeld)
		}},
		attempt{"run 32-bit calls", func() error { return exec.Command("/bin/sh", "-c", "exec /var/task/program32").Run() }},
	)
}

// readSome reads the beginning of a file or a directory, and fails if there is
// nothing.
func readSome(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_, err = f.Readdirnames(1)
		return err
	}
	// A process's memory is where its program is.
	_, err = f.ReadAt(make([]byte, 16), dataBase)
	if _, start := f.ReadAt(make([]byte, 1), 0); start == nil {
		return nil
	}
	return err
}

func callAttempts() []attempt {
	var list []attempt
	call := func(what string, number uintptr, args ...uintptr) {
		var a [6]uintptr
		copy(a[:], args)
		list = append(list, attempt{what, func() error {
			_, _, errno := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
			if errno == 0 {
				return nil
			}
			return errno
		}})
	}
	str := func(s string) uintptr { return uintptr(unsafe.Pointer(&append([]byte(s), 0)[0])) }
	tmpfs, tmp, root := str("tmpfs"), str("/tmp"), str("/")
	call("mount", unix.SYS_MOUNT, tmpfs, tmp, tmpfs)
	call("bind", unix.SYS_MOUNT, root, tmp, 0, unix.MS_BIND)
	call("remount", unix.SYS_MOUNT, 0, root, 0, unix.MS_REMOUNT|unix.MS_BIND)
	call("umount", unix.SYS_UMOUNT2, str("/var/task"), unix.MNT_DETACH)
	call("pivot_root", unix.SYS_PIVOT_ROOT, tmp, tmp)
	call("chroot", unix.SYS_CHROOT, tmp)
	call("open_tree", unix.SYS_OPEN_TREE, uintptr(0xffffff9c), root, unix.OPEN_TREE_CLONE)
	call("fsopen", unix.SYS_FSOPEN, tmpfs, 0)
	call("mount_setattr", unix.SYS_MOUNT_SETATTR, uintptr(0xffffff9c), root, 0, 0, 32)
	call("move_mount", unix.SYS_MOVE_MOUNT, 0, root, 0, tmp, 0)
	call("ptrace init", unix.SYS_PTRACE, unix.PTRACE_ATTACH, 1)
	call("be traced", unix.SYS_PTRACE, unix.PTRACE_TRACEME)
	call("process_vm_readv", unix.SYS_PROCESS_VM_READV, 1)
	call("process_vm_writev", unix.SYS_PROCESS_VM_WRITEV, 1)
	call("pidfd_getfd", unix.SYS_PIDFD_GETFD, 0, 0)
	call("kcmp", unix.SYS_KCMP, 1, 2)
	call("process_madvise", unix.SYS_PROCESS_MADVISE, 0)
	call("process_mrelease", unix.SYS_PROCESS_MRELEASE, 0)
	call("statmount", unix.SYS_STATMOUNT)
	call("listmount", unix.SYS_LISTMOUNT)
	call("listns", unix.SYS_LISTNS)
	call("open_tree_attr", unix.SYS_OPEN_TREE_ATTR, uintptr(0xffffff9c), root, unix.OPEN_TREE_CLONE)
	call("fsmount", unix.SYS_FSMOUNT)
	call("fsconfig", unix.SYS_FSCONFIG)
	call("fspick", unix.SYS_FSPICK, uintptr(0xffffff9c), root, 0)
	call("file_setattr", unix.SYS_FILE_SETATTR)
	call("lsm_set_self_attr", unix.SYS_LSM_SET_SELF_ATTR)
	call("landlock_restrict_self", unix.SYS_LANDLOCK_RESTRICT_SELF)
	for flag, name := range map[uintptr]string{unix.CLONE_NEWUSER: "user", unix.CLONE_NEWNS: "mount", unix.CLONE_NEWNET: "net", unix.CLONE_NEWPID: "pid", unix.CLONE_NEWIPC: "ipc", unix.CLONE_NEWUTS: "uts", unix.CLONE_NEWCGROUP: "cgroup"} {
		call("unshare "+name, unix.SYS_UNSHARE, flag)
		list = append(list, attempt{"clone a new " + name, func() error {
			pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, flag|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
			if errno != 0 {
				return errno
			}
			if pid == 0 {
				unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
			}
			return nil
		}})
	}
	call("clone3", unix.SYS_CLONE3, 0, 0)
	call("setns", unix.SYS_SETNS, 0, 0)
	call("setuid", unix.SYS_SETUID, 0)
	call("setgid", unix.SYS_SETGID, 0)
	call("setgroups", unix.SYS_SETGROUPS, 0, 0)
	call("another user", unix.SYS_SETRESUID, 1000, 1000, 1000)
	call("keyctl", unix.SYS_KEYCTL, 0)
	call("add_key", unix.SYS_ADD_KEY)
	call("request_key", unix.SYS_REQUEST_KEY)
	call("bpf", unix.SYS_BPF)
	call("perf_event_open", unix.SYS_PERF_EVENT_OPEN)
	call("userfaultfd", unix.SYS_USERFAULTFD)
	call("userfaultfd for its own faults", unix.SYS_USERFAULTFD, 1)
	call("io_uring_setup", unix.SYS_IO_URING_SETUP, 1)
	call("io_uring_enter", unix.SYS_IO_URING_ENTER)
	call("io_uring_register", unix.SYS_IO_URING_REGISTER)
	call("keyctl for a session of its own", unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING)
	call("bpf for a map", unix.SYS_BPF, unix.BPF_MAP_CREATE)
	call("vhangup", unix.SYS_VHANGUP)
	call("lookup_dcookie", unix.SYS_LOOKUP_DCOOKIE)
	call("fanotify_mark", unix.SYS_FANOTIFY_MARK)
	call("quotactl_fd", unix.SYS_QUOTACTL_FD)
	call("swapoff", unix.SYS_SWAPOFF)
	call("setdomainname", unix.SYS_SETDOMAINNAME, tmp, 1)
	call("mbind", unix.SYS_MBIND)
	call("set_mempolicy", unix.SYS_SET_MEMPOLICY)
	call("clock_settime of the boot", unix.SYS_CLOCK_SETTIME, unix.CLOCK_BOOTTIME)
	call("adjtimex", unix.SYS_ADJTIMEX)
	call("io_setup", unix.SYS_IO_SETUP, 1)
	call("kexec_load", unix.SYS_KEXEC_LOAD)
	call("kexec_file_load", unix.SYS_KEXEC_FILE_LOAD)
	call("init_module", unix.SYS_INIT_MODULE)
	call("finit_module", unix.SYS_FINIT_MODULE)
	call("delete_module", unix.SYS_DELETE_MODULE)
	call("reboot", unix.SYS_REBOOT, 0)
	call("swapon", unix.SYS_SWAPON)
	call("syslog", unix.SYS_SYSLOG, 3)
	call("sethostname", unix.SYS_SETHOSTNAME, tmp, 1)
	call("settimeofday", unix.SYS_SETTIMEOFDAY)
	call("clock_settime", unix.SYS_CLOCK_SETTIME, 0)
	call("clock_adjtime", unix.SYS_CLOCK_ADJTIME, 0)
	call("quotactl", unix.SYS_QUOTACTL)
	call("acct", unix.SYS_ACCT)
	call("personality", unix.SYS_PERSONALITY, 0x0040000)
	call("name_to_handle_at", unix.SYS_NAME_TO_HANDLE_AT)
	call("open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT)
	call("fanotify_init", unix.SYS_FANOTIFY_INIT)
	call("memfd_secret", unix.SYS_MEMFD_SECRET)
	call("migrate_pages", unix.SYS_MIGRATE_PAGES)
	call("move_pages", unix.SYS_MOVE_PAGES)
	call("mq_open", unix.SYS_MQ_OPEN)
	call("seccomp", unix.SYS_SECCOMP)
	call("prctl PR_SET_MM", unix.SYS_PRCTL, unix.PR_SET_MM)
	call("prctl PR_SET_PTRACER", unix.SYS_PRCTL, unix.PR_SET_PTRACER, 1)
	call("prctl PR_SET_SECCOMP", unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER)
	call("prctl PR_SET_SPECULATION_CTRL", unix.SYS_PRCTL, unix.PR_SET_SPECULATION_CTRL, 0, unix.PR_SPEC_ENABLE)
	call("prctl PR_SCHED_CORE", unix.SYS_PRCTL, unix.PR_SCHED_CORE, unix.PR_SCHED_CORE_CREATE)
	call("more than others of a processor", unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 0, ^uintptr(4))
	call("files before others", unix.SYS_IOPRIO_SET, 1, 0, 1<<13)
	// A slow init would take its time to end the rest.
	call("less of a processor for init", unix.SYS_SETPRIORITY, unix.PRIO_PROCESS, 1, 19)
	call("files after others for init", unix.SYS_IOPRIO_SET, 1, 1, 3<<13)
	call("a call of the future", 600)
	// The signals may be sent, to no effect.
	return append(list, attempt{"a real-time priority", func() error {
		return unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}, 0)
	}}, attempt{"leave processors to init when nobody else wants them", func() error {
		return unix.SchedSetAttr(1, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0)
	}}, attempt{"higher resource limits", func() error {
		return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	}}, attempt{"end init", func() error {
		_ = unix.Kill(1, unix.SIGKILL)
		_ = unix.Kill(1, unix.SIGTERM)
		_, err := os.Stat("/proc/1")
		return held(err == nil)
	}})
}

func socketAttempts() []attempt {
	var list []attempt
	for _, s := range []struct {
		what                   string
		family, kind, protocol int
	}{
		{"raw socket", unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP},
		{"raw IPv6 socket", unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6},
		{"packet socket", unix.AF_PACKET, unix.SOCK_RAW, 0},
		{"vsock", unix.AF_VSOCK, unix.SOCK_STREAM, 0},
		{"crypto socket", unix.AF_ALG, unix.SOCK_SEQPACKET, 0},
		{"audit socket", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT},
		{"netfilter socket", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER},
		{"bluetooth", unix.AF_BLUETOOTH, unix.SOCK_RAW, 1},
		{"key socket", unix.AF_KEY, unix.SOCK_RAW, 2},
		{"XDP", unix.AF_XDP, unix.SOCK_RAW, 0},
		{"TIPC", unix.AF_TIPC, unix.SOCK_STREAM, 0},
		{"ping socket", unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP},
		{"SCTP", unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP},
		{"MPTCP", unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_MPTCP},
		{"L2TP", unix.AF_INET, unix.SOCK_DGRAM, 115},
		{"DCCP", unix.AF_INET, unix.SOCK_DCCP, unix.IPPROTO_DCCP},
		{"UDP-Lite", unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDPLITE},
		{"sockets of processes", unix.AF_NETLINK, unix.SOCK_DGRAM, unix.NETLINK_SOCK_DIAG},
		{"events of devices", unix.AF_NETLINK, unix.SOCK_DGRAM, unix.NETLINK_KOBJECT_UEVENT},
		{"RxRPC", unix.AF_RXRPC, unix.SOCK_DGRAM, unix.AF_INET},
		{"SMC", unix.AF_SMC, unix.SOCK_STREAM, 0},
		{"CAN", unix.AF_CAN, unix.SOCK_RAW, 1},
		{"PPPoX", unix.AF_PPPOX, unix.SOCK_STREAM, 0},
		{"QIPCRTR", unix.AF_QIPCRTR, unix.SOCK_DGRAM, 0},
	} {
		list = append(list, attempt{s.what, func() error {
			_, err := unix.Socket(s.family, s.kind, s.protocol)
			return err
		}})
	}
	return list
}

// spin uses a processor for a second, and prints for how long it had it.
func spin(string) int {
	for began := time.Now(); time.Since(began) < time.Second; {
	}
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 1
	}
	fmt.Println(time.Duration(u.Utime.Nano() + u.Stime.Nano()))
	return 0
}
