package state

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// writeOnce writes one thing of each kind and says when each is acknowledged.
func writeOnce(s *Store) error {
	ctx := context.Background()
	q, err := s.Queue("q")
	if err != nil {
		return err
	}
	say("begin")
	for i := range 2 {
		revision, err := s.Documents().Put(ctx, fmt.Sprint("a", i), []byte("value"), 0)
		if err != nil {
			return err
		}
		say("ack documents")
		if _, err = s.Documents().Put(ctx, fmt.Sprint("a", i), []byte("again"), revision); err != nil {
			return err
		}
		say("ack documents")
		if err := q.Push(ctx, "", []byte("message")); err != nil {
			return err
		}
		say("ack queues")
		// At a key of its own: to remove what was replaced is no part of it.
		if _, err := s.Blobs().Put(ctx, fmt.Sprint(i), bytes.NewReader(noise(5*partSize, 0))); err != nil {
			return err
		}
		say("ack chunks documents")
	}
	return nil
}

// A kill loses nothing that the kernel has; a power cut loses what was not
// synced. So the system calls are watched: what was written for an
// acknowledgement must have been synced before it.
func TestWhatIsAcknowledgedIsSynced(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed, which shows the system calls")
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	cmd := exec.Command(strace, "-f", "-y", "-s", "64", "-e", "trace=write,pwrite64,writev,fsync,fdatasync,openat", "-o", trace, os.Args[0])
	cmd.Env = append(os.Environ(), sceneVariable+"=once", dirVariable+"="+filepath.Join(dir, "state"))
	if out, err := cmd.CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("ptrace")) {
			t.Skipf("strace may not watch: %s", out)
		}
		t.Fatalf("%v: %s", err, out)
	}

	// A thread's call that another's interrupts is shown in two parts.
	call := regexp.MustCompile(`^(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)(?:\d+<([^>]*)>)?(.*)$`)
	message := regexp.MustCompile(`/streams/(\w+)/msgs/\d+\.blk$`)
	begun := map[string]string{}    // files of calls in two parts, by thread
	written := map[string]bool{}    // files written since the last acknowledgement
	unsynced := map[string]string{} // streams by files that were written and not synced
	acknowledged := 0
	for line := range strings.Lines(string(must(os.ReadFile(trace))(t))) {
		m := call.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		thread, name, file, rest := m[1], m[2]+m[3], m[4], m[5]
		if strings.HasSuffix(rest, "<unfinished ...>") {
			begun[thread] = file
			if name != "write" && name != "pwrite64" {
				continue
			}
		} else if m[3] != "" {
			file = begun[thread]
		}
		stream := message.FindStringSubmatch(file)
		switch {
		case stream != nil && (name == "fsync" || name == "fdatasync"):
			delete(unsynced, file)
		case stream != nil && m[3] == "":
			written[stream[1]] = true
			unsynced[file] = stream[1]
		case strings.Contains(rest, `"begin\n"`):
			clear(written)
		case strings.Contains(rest, `"ack `) && m[3] == "":
			acknowledged++
			for _, stream := range strings.Fields(strings.Split(rest, `\n`)[0])[2:] {
				if !written[stream] {
					t.Errorf("acknowledgement %d: nothing was written to %s", acknowledged, stream)
				}
			}
			for file, stream := range unsynced {
				if stream != logsStream {
					t.Errorf("acknowledgement %d: %s is not synced", acknowledged, file)
				}
			}
			clear(written)
		}
	}
	if acknowledged != 8 {
		t.Errorf("%d acknowledgements were seen, want 8", acknowledged)
	}
}
