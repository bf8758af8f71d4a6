package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lamgate/lamgate/api/lambda"
	"github.com/lamgate/lamgate/wire"
)

// unprivileged is a user of the host who owns nothing.
const unprivileged = 54321

// neighbourAccount is the account of those who mean harm.
const neighbourAccount = "222222222222"

// treasure has what a function can have that is not for others, and tells where.
const treasure = `
import ctypes, os, socket, uuid

libc = ctypes.CDLL(None, use_errno=True)
own = str(uuid.uuid4())
key = 0x1a96a7e
open("/tmp/treasure", "w").write("treasure")
tcp = socket.create_server(("0.0.0.0", 0))
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\0treasure-" + own)
abstract.listen()
memory = libc.shmget(key, 4096, 0o1666)
semaphores = libc.semget(key, 1, 0o1666)
messages = libc.msgget(key, 0o1666)

def handler(event, context):
    return {
        "own": own, "key": key, "port": tcp.getsockname()[1], "abstract": "treasure-" + own, "messages": messages,
        "api": os.environ["AWS_LAMBDA_RUNTIME_API"], "request": context.aws_request_id,
    }
`

// neighbour tries to reach all of that from another function, and answers with
// what it could.
const neighbour = `
import ctypes, glob, os, signal, socket

libc = ctypes.CDLL(None, use_errno=True)

def said(address, request):
    with socket.create_connection(address, timeout=2) as s:
        s.settimeout(2)
        s.sendall(request.encode())
        return s.recv(1000)

def handler(event, context):
    got = []
    def attempt(what, deed):
        try:
            if deed() not in (None, False, -1, b"", "", []):
                got.append(what)
        except OSError:
            pass
    attempt("nothing fails", lambda: os.stat("/proc/self"))
    for pid in event["pids"]:
        attempt("send a signal to %d" % pid, lambda: os.kill(pid, 0) is None)
        attempt("hold on to %d" % pid, lambda: os.pidfd_open(pid))
        for name in ["", "/root", "/cwd", "/fd", "/environ", "/mem", "/maps", "/ns/net", "/cmdline"]:
            attempt("find /proc/%d%s" % (pid, name), lambda: os.lstat("/proc/%d%s" % (pid, name)))
    for path in event["paths"]:
        attempt("find " + path, lambda: os.lstat(path))
        attempt("find /proc/1/root" + path, lambda: os.lstat("/proc/1/root" + path))
    for port in event["ports"]:
        attempt("connect to port %d" % port, lambda: socket.create_connection(("127.0.0.1", port), timeout=2))
    host, port = event["api"].split(":")
    if event["api"] != os.environ["AWS_LAMBDA_RUNTIME_API"]:
        for request in [
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /2018-06-01/runtime/invocation/" + event["request"] + "/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
            "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
            "POST /2020-01-01/extension/register HTTP/1.1\r\nHost: x\r\nLambda-Extension-Name: x\r\nContent-Length: 2\r\n\r\n{}",
        ]:
            attempt("speak with its Runtime API", lambda: said((host, int(port)), request))
    if event["abstract"]:
        attempt("connect to its abstract socket", lambda: socket.socket(socket.AF_UNIX).connect("\0" + event["abstract"]) is None)
    attempt("share its memory", lambda: libc.shmget(event["key"], 0, 0))
    attempt("share its semaphores", lambda: libc.semget(event["key"], 0, 0))
    attempt("read its messages", lambda: libc.msgget(event["key"], 0))
    attempt("find its files", lambda: glob.glob("/tmp/treasure") + glob.glob("/proc/*/root/tmp/treasure") + glob.glob("/proc/*/cwd/app.py.treasure"))
    world = open("/proc/self/environ").read() + repr(os.environ) + open("/proc/self/mountinfo").read() + open("/proc/self/cgroup").read()
    attempt("find its name in what was there before it", lambda: event["name"] in world)
    attempt("find another's key", lambda: any(k in world for k in event["secrets"]))
    attempt("see more processes than its own", lambda: len(glob.glob("/proc/[0-9]*")) > 3)
    attempt("see control groups", lambda: glob.glob("/sys/fs/cgroup/*"))
    attempt("end everybody", lambda: os.kill(-1, signal.SIGKILL))
    return got
`

// TestHostileNeighbours has a function of one account that others mean harm: of
// another account on the same server, and on another server of the same user.
func TestHostileNeighbours(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no isolation")
	}
	users := []int{os.Geteuid()}
	if users[0] == 0 {
		users = append(users, unprivileged)
		if err := os.Chmod(filepath.Dir(command), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, user := range users {
		for _, network := range []string{"private", "egress", "host"} {
			t.Run(fmt.Sprintf("user %d, %s", user, network), func(t *testing.T) {
				beset(t, user, network)
			})
		}
	}
}

func beset(t *testing.T, user int, network string) {
	one, two := startAs(t, user, network), startAs(t, user, network)
	one.createTestRole(t)
	secret := map[string]string{"TREASURE": "a secret of the owner's"}
	must(createFunction(t.Context(), one, functionSpec{name: "treasure", code: python(t, treasure), runtime: "python3.11", variables: secret}))(t)
	var owner struct {
		Own, Abstract, API, Request string
		Key, Port                   int
	}
	ask := func() string {
		r := must(invoke(t.Context(), one, "treasure", "RequestResponse", "{}"))(t)
		if err := json.Unmarshal(r.Payload, &owner); err != nil || owner.Own == "" {
			t.Fatalf("%s (%v)", r.Payload, err)
		}
		return owner.Own
	}
	before := ask()

	pids := []int{one.pid, two.pid}
	for _, d := range descendants(t, one.pid) {
		pids = append(pids, d.pid)
	}
	event := map[string]any{
		"pids": pids, "key": owner.Key, "api": owner.API, "request": owner.Request,
		"paths":   append(hidden(t, one, two), one.temp, two.temp, command),
		"name":    "treasure",
		"secrets": []string{secret["TREASURE"]},
	}
	event["ports"], event["abstract"] = []int{}, ""
	if network != "host" { // which is the host's, with all that listens on it
		_, port, _ := strings.Cut(one.address, ":")
		event["ports"] = []int{owner.Port, must(strconv.Atoi(port))(t)}
		event["abstract"] = owner.Abstract
	}
	payload := must(json.Marshal(event))(t)
	for _, p := range []*process{one, two} {
		theirs := *p
		theirs.client = wire.NewClient("http://"+p.address, testRegion, neighbourAccount, "secret")
		theirs.createTestRole(t)
		request := functionSpec{name: "neighbour", code: python(t, neighbour), runtime: "python3.11", timeout: 30}.request()
		request.Role = new(strings.Replace(testRole, testAccount, neighbourAccount, 1))
		mustCall[lambda.FunctionConfiguration](t, &theirs, &lambda.Service, "CreateFunction", request)
		r := must(invoke(t.Context(), &theirs, "neighbour", "RequestResponse", string(payload)))(t)
		if got := string(r.Payload); got != `["nothing fails"]` {
			t.Errorf("a neighbour could %s", got)
		}
	}
	if after := ask(); after != before {
		t.Errorf("what %s began, %s goes on with", before, after)
	}
}

// hidden lists what servers keep, but for the clients of runtimes, which functions
// find where they are.
func hidden(t *testing.T, servers ...*process) []string {
	t.Helper()
	var list []string
	for _, p := range servers {
		for _, e := range must(os.ReadDir(p.data))(t) {
			if e.Name() != "bootstrap" {
				list = append(list, filepath.Join(p.data, e.Name()))
			}
		}
	}
	if len(list) < 4 {
		t.Fatalf("the servers keep %v", list)
	}
	return list
}

// startAs starts a server that is a user's.
func startAs(t testing.TB, user int, network string) *process {
	t.Helper()
	dir, err := os.MkdirTemp("", "neighbour-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &site{dir: dir, data: filepath.Join(dir, "data"), temp: filepath.Join(dir, "temp"), address: freeAddress(t), flags: []string{"--network", network}}
	for _, err := range []error{os.Mkdir(s.temp, 0o700), os.Chown(s.temp, user, user), os.Chown(dir, user, user)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if user != os.Geteuid() {
		s.user = &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}
		s.env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin"}
	}
	return s.start(t)
}
