//go:build amd64 || arm64

package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// serveUntilKilled is a server with one sandbox that runs, one that is frozen,
// one that waits for its code and one with a frozen extension. It prints the
// process IDs of all.
func serveUntilKilled(task string) int {
	driver, err := Open(NamespaceLevel, Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	hang := []string{"SANDBOX_TEST_PROGRAM=hang"}
	for _, kind := range []struct {
		freeze bool
		change func(*Spec)
	}{
		{false, func(*Spec) {}},
		{true, func(*Spec) {}},
		{false, func(s *Spec) { s.Late, s.LateFrom, s.Task, s.Command = true, task, "", []string{"/bin/sleep", "1000"} }},
		{true, func(s *Spec) { s.Extensions = []Extension{{"one", "/var/task/program", hang}} }},
	} {
		spec := Spec{
			Name: "orphan", Task: task, Command: []string{"/var/task/program"}, Env: hang,
			MemoryMB: 64, TmpMB: 16, Network: HostNetwork,
		}
		kind.change(&spec)
		s, err := driver.Start(context.Background(), spec)
		if err == nil && kind.freeze {
			err = s.Freeze()
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
		n := s.(*namespace)
		fmt.Println(n.initial, n.command)
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
	return 0
}

// TestDeathWithTheServer kills a server as nothing can be prepared for, and
// looks for what is left: at once no process, and after the next start of a
// server no control group.
func TestDeathWithTheServer(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	cmd := exec.Command(filepath.Join(f.spec.Task, "program"))
	cmd.Env = append(os.Environ(), "SANDBOX_TEST_PROGRAM=serve "+f.spec.Task)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []string
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != "ready"; {
		pids = append(pids, strings.Fields(lines.Text())...)
	}
	left := cgroupPrefix + identifyProcess(cmd.Process.Pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if len(pids) != 8 {
		t.Fatalf("the server started %q", pids)
	}
	deadline := time.Now().Add(testTime)
	for _, pid := range pids {
		for alive(pid) {
			if time.Now().After(deadline) {
				t.Fatalf("process %s outlives its server", pid)
			}
			time.Sleep(time.Millisecond)
		}
	}
	if err := openCgroups().close(); err != nil {
		t.Error(err)
	}
	for _, h := range f.Driver.(*namespaces).cgroups.hierarchies(true) {
		if remaining, _ := filepath.Glob(filepath.Join(h.dir, left+"-*")); len(remaining) > 0 {
			t.Errorf("there remains %s", remaining)
		}
	}
}

// startUntilKilled is a server that does nothing but start and end sandboxes. They
// all hold its output.
func startUntilKilled(task string) int {
	driver, err := Open(NamespaceLevel, Options{})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("ready")
	var starts sync.WaitGroup
	for _, change := range []func(*Spec){
		func(*Spec) {},
		func(s *Spec) { s.Network = PrivateNetwork },
		func(s *Spec) { s.Late, s.LateFrom, s.Task = true, task, "" },
		func(s *Spec) { s.Extensions = []Extension{{"one", "/bin/sh", nil}} },
	} {
		starts.Go(func() {
			for {
				spec := Spec{
					Name: "orphan of " + filepath.Base(task), Task: task, Command: []string{"/bin/sleep", "1000"},
					MemoryMB: 64, TmpMB: 16, Network: HostNetwork, Output: os.Stdout,
				}
				change(&spec)
				if s, err := driver.Start(context.Background(), spec); err == nil {
					s.Kill()
					<-s.Done()
				} else {
					fmt.Println(err)
				}
			}
		})
	}
	starts.Wait()
	return 0
}

// TestDeathOfTheServerDuringStarts kills servers at any moment of the starts of
// sandboxes, when the stub, init and the command do not watch the server yet.
func TestDeathOfTheServerDuringStarts(t *testing.T) {
	f := newFixture(t, NamespaceLevel)
	for round := range 30 {
		task := filepath.Join(f.spec.Task, fmt.Sprintf("%d-%d", os.Getpid(), round))
		if err := os.Mkdir(task, 0o755); err != nil {
			t.Fatal(err)
		}
		held, holding, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(f.spec.Task, "program"))
		cmd.Env = append(os.Environ(), "SANDBOX_TEST_PROGRAM=start "+task)
		cmd.Stdout = holding
		err = cmd.Start()
		holding.Close()
		if err != nil {
			t.Fatal(err)
		}
		output := bufio.NewReader(held)
		if line, err := output.ReadString('\n'); line != "ready\n" {
			t.Fatal(line, err)
		}
		time.Sleep(20*time.Millisecond + rand.N(10*time.Millisecond)) // any moment will do
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = held.SetReadDeadline(time.Now().Add(testTime))
		if said, err := io.ReadAll(output); err != nil || len(said) > 0 {
			t.Errorf("of a killed server there remains somebody who holds its output (%v), which is %q", err, said)
		}
		held.Close()
		for deadline := time.Now().Add(testTime); named(task) != ""; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("of a killed server there remains process %s", named(task))
			}
		}
	}
	if err := openCgroups().close(); err != nil {
		t.Error(err)
	}
}

// named returns the ID of a process whose sandbox is named for a directory: of a
// stub or an init.
func named(task string) string {
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range names {
		if b, _ := os.ReadFile(name); strings.Contains(string(b), "lamgate: orphan of "+filepath.Base(task)) {
			return strings.Split(name, "/")[2]
		}
	}
	return ""
}

// alive reports whether a process runs; one that waits to be reaped does not.
func alive(pid string) bool {
	b, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(b), ") Z ")
}
