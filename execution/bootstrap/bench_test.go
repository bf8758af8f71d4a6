package bootstrap

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How long a first answer takes: from the start of a process, and from the
// assignment of a stem cell. What a process keeps to itself while it is idle
// comes with it.
func BenchmarkStart(b *testing.B) {
	dir := installed(b)
	var commands = map[string][]string{}
	for name, path := range installedPythons() {
		if bytecode, err := Bytecode(dir, path); err == nil {
			commands[name] = []string{path, "-B", "-S", bytecode}
		}
	}
	for name, path := range nodes(b) {
		commands[name] = []string{path, "--expose-gc", "--max-http-header-size=81920", "--max-semi-space-size=6", "--max-old-space-size=116", filepath.Join(dir, Node)}
	}
	functions := map[bool]function{
		false: {map[string]string{"app.py": "def handler(e, c): return 1\n"}, "app.handler", nil},
		true:  {map[string]string{"index.js": "exports.handler = async () => 1\n"}, "index.handler", nil},
	}
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		for _, stem := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/stem=%v", name, stem), func(b *testing.B) {
				var private, idle int64
				var times []time.Duration
				for b.Loop() {
					b.StopTimer()
					p := newPlatform(b)
					env := functions[strings.HasPrefix(name, "node")].environment(b, p, name)
					var c *client
					var began time.Time
					if stem {
						c = p.start(commands[name], map[string]string{"AWS_LAMBDA_RUNTIME_API": env["AWS_LAMBDA_RUNTIME_API"], "LAMGATE_STEM": "/lamgate/assignment/x", "LANG": env["LANG"]})
						<-p.asked
						time.Sleep(20 * time.Millisecond)
						idle += privateMemory(b, c.cmd.Process.Pid)
						b.StartTimer()
						began = time.Now()
						p.become <- env
					} else {
						b.StartTimer()
						began = time.Now()
						c = p.start(commands[name], env)
					}
					c.send("{}", nil)
					if s := c.hear(); s.body != "1" {
						b.Fatalf("%+v\n%s", s, c.log.String())
					}
					times = append(times, time.Since(began))
					b.StopTimer()
					private += privateMemory(b, c.cmd.Process.Pid)
					c.cmd.Process.Kill()
					<-c.exited
					b.StartTimer()
				}
				// Others of this machine are in the mean.
				slices.Sort(times)
				b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-median")
				b.ReportMetric(float64(private)/float64(b.N)/1e6, "MB-private")
				if stem {
					b.ReportMetric(float64(idle)/float64(b.N)/1e6, "MB-stem")
				}
			})
		}
	}
}

// privateMemory returns how much memory is dirty and a process's own.
func privateMemory(t testing.TB, pid int) (n int64) {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "Private_Dirty:"); ok {
			n, _ = strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		}
	}
	return n << 10
}
